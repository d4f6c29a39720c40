/* POST /titles: fetches pages of other hosts and tells their titles as they arrive. Many fetches start at once, within
 * limits, and are handled in the order in which they end. */
#include <stdlib.h>

#include "base/json_out.h"
#include "fetch/values/url.h"
#include "handlers/sql/row_stream.h"
#include "handlers/sql/input.h"
#include "handlers/sql/work.h"

/* What it takes, in this order. */
enum { URLS, CONCURRENCY, RATE, SEQUENTIAL };

enum { URLS_MAX = 1000, CONCURRENCY_MAX = 100 };

static const double RATE_MIN = 0.1, RATE_MAX = 1000;

struct titles {
	struct fetch_order order;
	struct row_stream rows;
};

/* Rows */

static void add_ms(struct json_out *row, const char *name, uint64_t us)
{
	json_out_begin(row, name);
	buffer_printf(row->out, "%llu.%03u", (unsigned long long)(us / 1000), (unsigned)(us % 1000));
}

static void add_page(struct row_stream *rows, const struct fetch_page *page)
{
	struct json_out row = {.out = &rows->part};

	row_stream_begin_row(rows);
	json_out_open(&row, NULL, '{');
	json_out_string(&row, "url", page->url);
	json_out_string(&row, "final_url", page->final_url);
	if (page->status > 0)
		json_out_count(&row, "status", page->status);
	else
		json_out_null(&row, "status");
	json_out_string(&row, "title", page->title);
	json_out_count(&row, "bytes", page->bytes);
	add_ms(&row, "dns_ms", page->dns_us);
	add_ms(&row, "connect_ms", page->connect_us);
	add_ms(&row, "wait_ms", page->wait_us);
	add_ms(&row, "transfer_ms", page->transfer_us);
	json_out_string(&row, "error", page->error);
	json_out_close(&row);
	row_stream_end_row(rows);
}

/* Steps */

static step_fn pages_arrived;

static enum step await_more(struct exchange *x)
{
	const struct titles *titles = x->state;

	return await_pages(x, &titles->order, pages_arrived);
}

static enum step pages_arrived(struct exchange *x)
{
	struct titles *titles = x->state;
	const struct fetch_page *page;
	bool is_last;

	if (exchange_await_error(x) != ERROR_NONE)
		return x->response.part_count > 0 ? respond_broken_off(x) : respond_await_problem(x);
	while ((page = exchange_next_page(x)) != NULL)
		add_page(&titles->rows, page);
	is_last = exchange_pages_left(x) == 0;
	if (is_last)
		row_stream_close(&titles->rows);
	return row_stream_respond(&titles->rows, x, 200, is_last ? NULL : await_more);
}

/* What was asked for */

/* Takes one quoted element off PostgreSQL's array literal, as db/values/parameter.c writes it. NULL: an array, or a null. */
static const char *take_element(struct arena *arena, const char **literal)
{
	const char *in = *literal, *end;
	char *start, *out;

	if (*in != '"')
		return NULL;
	for (end = ++in; *end != '"'; end++)
		if (*end == '\\')
			end++;
	start = out = arena_alloc(arena, (size_t)(end - in) + 1);
	for (; in < end; in++) {
		if (*in == '\\')
			in++;
		*out++ = *in;
	}
	*out = '\0';
	*literal = end + 1;
	return start;
}

/* Each returns NULL, or a sentence for the client. */

static const char *read_url(struct arena *arena, const char **literal, struct fetch_order *order, const char **url)
{
	const char *problem;

	if (order->count == URLS_MAX)
		return arena_printf(arena, "parameter \"urls\" has more than %d elements", URLS_MAX);
	*url = take_element(arena, literal);
	if (*url == NULL)
		return arena_printf(arena, "parameter \"urls\", element %u: a string with a URL was expected",
				    order->count + 1);
	problem = url_check(*url);
	if (problem != NULL)
		return arena_printf(arena, "parameter \"urls\", element %u (\"%s\"): %s", order->count + 1,
				    sql_input_shown(arena, text_of(*url)), problem);
	order->count++;
	return NULL;
}

static const char *read_urls(struct arena *arena, const char *literal, struct fetch_order *order)
{
	const char **urls = arena_alloc(arena, (URLS_MAX + 1) * sizeof(*urls)), *problem;

	order->urls = urls;
	for (literal++; *literal != '}' && *literal != '\0'; literal += *literal == ',') {
		problem = read_url(arena, &literal, order, &urls[order->count]);
		if (problem != NULL)
			return problem;
	}
	if (order->count == 0)
		return arena_printf(arena, "parameter \"urls\" is empty; it must have 1 to %d elements", URLS_MAX);
	return NULL;
}

static const char *read_limits(struct arena *arena, const char *concurrency, const char *rate,
			       struct fetch_order *order)
{
	long at_once = strtol(concurrency, NULL, 10);
	double per_second = rate != NULL ? strtod(rate, NULL) : 0;

	if (at_once < 1 || at_once > CONCURRENCY_MAX)
		return arena_printf(arena, "parameter \"concurrency\" must be an integer from 1 to %d, got %ld",
				    CONCURRENCY_MAX, at_once);
	if (rate != NULL && !(per_second >= RATE_MIN && per_second <= RATE_MAX))
		return arena_printf(
		    arena,
		    "parameter \"rate\" must be null or a number from %g to %g, of requests a second to "
		    "one host, got %s",
		    RATE_MIN, RATE_MAX, rate);
	order->concurrency = (unsigned)at_once;
	order->interval_ns = rate != NULL ? (uint64_t)(1e9 / per_second) : 0;
	return NULL;
}

static const char *read_order(struct arena *arena, const char *const *values, struct fetch_order *order)
{
	const char *problem;

	order->is_sequential = strcmp(values[SEQUENTIAL], "true") == 0;
	problem = read_urls(arena, values[URLS], order);
	return problem != NULL ? problem : read_limits(arena, values[CONCURRENCY], values[RATE], order);
}

static enum step begin(struct exchange *x, const char *const *values)
{
	struct titles *titles = arena_alloc_zeroed(&x->arena, sizeof(*titles));
	const char *problem = read_order(&x->arena, values, &titles->order);

	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	row_stream_init(&titles->rows, x);
	x->state = titles;
	return await_more(x);
}

const struct work work_titles = {
    .name = "titles",
    .method = HTTP_POST,
    .shape = ENDPOINT_MANY,
    .is_stream = true,
    .prefers_lines = true,
    .fetches = true,
    .takes_array = true,
    .may_be_null = 1U << RATE,
    .takes = {{"urls", DB_TYPE_OTHER},
	      {"concurrency", DB_TYPE_INT4},
	      {"rate", DB_TYPE_FLOAT8},
	      {"sequential", DB_TYPE_BOOL}},
    .gives = {{"url", DB_TYPE_OTHER},
	      {"final_url", DB_TYPE_OTHER},
	      {"status", DB_TYPE_INT4},
	      {"title", DB_TYPE_OTHER},
	      {"bytes", DB_TYPE_INT8},
	      {"dns_ms", DB_TYPE_NUMERIC},
	      {"connect_ms", DB_TYPE_NUMERIC},
	      {"wait_ms", DB_TYPE_NUMERIC},
	      {"transfer_ms", DB_TYPE_NUMERIC},
	      {"error", DB_TYPE_OTHER}},
    .begin = begin,
};
