#include "handlers/queue/claim_query.h"

#include "base/clock.h"
#include "base/percent.h"
#include "handlers/queue/duration.h"
#include "handlers/queue/fields.h"

#define LEASE_DEFAULT_NS  (30 * NS_PER_S)
#define LEASE_SHORTEST_NS NS_PER_S
#define LEASE_LONGEST_NS  (12 * 3600 * NS_PER_S)

static bool read_max(struct text value, struct queue_order *claim)
{
	int64_t number;
	bool is_read = value.length > 0 && field_read_integer(value, 1, CLAIM_MAX, &number);

	if (is_read)
		claim->want = (unsigned)number;
	return is_read;
}

static bool read_wait(struct text value, struct queue_order *claim)
{
	return duration_read(value, &claim->wait_ns) && claim->wait_ns <= CLAIM_WAIT_MS_MAX * NS_PER_MS;
}

static bool read_lease(struct text value, struct queue_order *claim)
{
	return duration_read(value, &claim->lease_ns) && claim->lease_ns >= LEASE_SHORTEST_NS &&
	       claim->lease_ns <= LEASE_LONGEST_NS;
}

static const struct {
	const char *name, *expected;
	bool (*read)(struct text value, struct queue_order *claim);
} parameters[] = {
    {"max", "an integer from 1 to 1000", read_max},
    {"wait", "a duration of at most \"60s\"", read_wait},
    {"lease", "a duration from \"1s\" to \"12h\"", read_lease},
};

static const char *read_parameter(struct text name, struct text value, struct arena *arena, struct queue_order *claim,
				  unsigned *seen)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(parameters); i++) {
		if (!text_equal(name, text_of(parameters[i].name)))
			continue;
		if ((*seen >> i & 1) != 0)
			return arena_printf(arena, "parameter \"%s\" is given twice", parameters[i].name);
		*seen |= 1U << i;
		if (parameters[i].read(value, claim))
			return NULL;
		return arena_printf(arena, "parameter \"%s\" must be %s", parameters[i].name, parameters[i].expected);
	}
	return "a claim has the parameters max, wait and lease, and no others";
}

const char *claim_query_read(struct text query, struct arena *arena, struct queue_order *claim)
{
	const char *problem = NULL;
	unsigned seen = 0;

	claim->want = 1;
	claim->lease_ns = LEASE_DEFAULT_NS;
	while (problem == NULL && query.length > 0) {
		struct text value = text_cut_at(&query, '&'), name = text_cut_at(&value, '='), decoded;

		problem = percent_decode(value, true, arena, &decoded);
		if (problem != NULL)
			return arena_printf(arena, "the query string holds %s", problem);
		problem = read_parameter(name, decoded, arena, claim, &seen);
	}
	return problem;
}
