/* GET /delay/{ms}: waits, and nothing waits with it. */
#include "handlers/sql/work.h"
#include "exchange/exchange.h"

#include <stdlib.h>

enum { DELAY_MS_MAX = 60000 };

static enum step over(struct exchange *x)
{
	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 200, text_of(x->state));
}

static enum step begin(struct exchange *x, const char *const *values)
{
	long ms = strtol(values[0], NULL, 10);

	if (ms < 0 || ms > DELAY_MS_MAX)
		return respond_problem(x, ERROR_BAD_INPUT, "parameter \"ms\" must be an integer from 0 to %d, got %ld",
				       DELAY_MS_MAX, ms);
	x->state = arena_printf(&x->arena, "{\"ms\":%ld}", ms);
	return await_timer(x, (uint64_t)ms, over);
}

const struct work work_delay = {
    .name = "delay",
    .method = HTTP_GET,
    .shape = ENDPOINT_ONE,
    .takes = {{"ms", DB_TYPE_INT4}},
    .gives = {{"ms", DB_TYPE_INT4}},
    .begin = begin,
};
