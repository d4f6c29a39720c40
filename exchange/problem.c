/* What has gone wrong becomes a response: application/problem+json, RFC 9457. */
#include "exchange/exchange.h"

#include "base/json_out.h"
#include "base/log.h"

#include <ctype.h>

struct problem {
	enum error error;
	unsigned status;
	struct text detail;
	const char *sqlstate, *hint; /* "" when there is none */
};

static void add_type(struct json_out *json, enum error error)
{
	json_out_begin(json, "type");
	buffer_add(json->out, TEXT("\"urn:meantime:problem:"));
	for (const char *c = error_word(error); *c != '\0'; c++)
		buffer_add_char(json->out, *c == '_' ? '-' : (char)tolower((unsigned char)*c));
	buffer_add_char(json->out, '"');
}

/* At least a second: the next try finds a new connection, or a shorter queue. */
static void add_retry_after(struct exchange *x)
{
	unsigned seconds = x->retry_s > 0 ? x->retry_s : 1;

	response_add_header(x, "retry-after", text_of(arena_printf(&x->arena, "%u", seconds)));
}

/* What RFC 9110 wants beside the status. */
static void add_headers(struct exchange *x, const struct problem *problem)
{
	if (problem->status == 503 || problem->status == 429)
		add_retry_after(x);
	if (problem->status == 401 && !response_has_header(x, "www-authenticate"))
		response_add_header(x, "www-authenticate", TEXT("Bearer"));
}

static enum step respond_with(struct exchange *x, const struct problem *problem)
{
	struct buffer out = buffer_in(&x->arena);
	struct json_out json = {.out = &out};

	json_out_open(&json, NULL, '{');
	add_type(&json, problem->error);
	json_out_text(&json, "title", text_of(error_title(problem->error)));
	json_out_count(&json, "status", problem->status);
	json_out_text(&json, "detail", problem->detail);
	if (problem->hint[0] != '\0')
		json_out_text(&json, "hint", text_of(problem->hint));
	if (problem->sqlstate[0] != '\0')
		json_out_text(&json, "sqlstate", text_of(problem->sqlstate));
	json_out_close(&json);
	add_headers(x, problem);
	return respond_text(x, problem->status, "application/problem+json", buffer_text(&out));
}

enum step respond_problem(struct exchange *x, enum error error, const char *detail, ...)
{
	va_list values;
	char *written;

	va_start(values, detail);
	written = arena_vprintf(&x->arena, detail, values);
	va_end(values);
	return respond_with(x, &(struct problem){error, error_status(error), text_of(written), "", ""});
}

enum step respond_await_problem(struct exchange *x)
{
	return respond_problem(x, x->awaited.error, "%s", x->awaited.why);
}

static unsigned status_of(const struct db_batch *batch)
{
	return batch->status > 0 ? batch->status : error_status(batch->error);
}

/* Of several statements the one that was at work. */
static const char *name_of(const struct db_batch *batch, const struct route *route)
{
	if (batch->query_count > 1 && batch->arrived < batch->query_count &&
	    batch->queries[batch->arrived].statement->name != NULL)
		return batch->queries[batch->arrived].statement->name;
	return route != NULL ? route->name : "a request";
}

void exchange_log_batch_error(const struct exchange *x, const struct db_batch *batch, const char *what)
{
	const struct route *route = x->request.match.route;
	const char *name = name_of(batch, route);
	const char *role = x->context != NULL && x->context->role != NULL ? x->context->role : "";
	enum log_level level = status_of(batch) < 500 ? LOG_INFO : LOG_ERROR;

	log_line(level, "db", "%s %s: %s%s%s%s%s", name, what, batch->said[0] != '\0' ? batch->said : batch->message,
		 batch->sqlstate[0] != '\0' ? " | SQLSTATE " : "", batch->sqlstate, role[0] != '\0' ? " | role " : "",
		 role);
}

void exchange_log_db_error(const struct exchange *x, const char *what)
{
	exchange_log_batch_error(x, &x->batch, what);
}

/* The methods of the path but the one that was refused. */
static void add_allow_header(struct exchange *x)
{
	const unsigned reading = 1U << HTTP_GET | 1U << HTTP_HEAD, own = 1U << x->request.method;
	unsigned allowed = route_match_allowed(&x->request.match, x->request.path, &x->arena);

	response_add_header(x, "allow", route_allow_header(allowed & ~(own & reading ? reading : own), &x->arena));
}

enum step respond_batch_problem(struct exchange *x, const struct db_batch *batch)
{
	unsigned status = status_of(batch);
	const char *written = batch->message;

	if (batch->detail[0] != '\0')
		written = arena_printf(&x->arena, "%s (%s)", batch->message, batch->detail);
	/* PostgreSQL's words, where the client does not read them; and a write that is refused to a GET */
	if (batch->said[0] != '\0' || batch->error == ERROR_READ_ONLY)
		exchange_log_batch_error(x, batch, "fails");
	if (status == 405)
		add_allow_header(x);
	return respond_with(x, &(struct problem){batch->error, status, text_of(written), batch->sqlstate, batch->hint});
}

enum step respond_db_problem(struct exchange *x)
{
	return respond_batch_problem(x, &x->batch);
}
