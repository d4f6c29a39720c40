/* GET /primes/{below}: counts primes with a segmented sieve whose segments are spread over the compute threads.
 *
 * Two computations, one after the other. The first, of one part, finds the primes below the square root, which all
 * segments need: the serial share. The second has many parts, each a run of segments.
 *
 * Sieve of Eratosthenes, odd numbers only, a bit each, by segments that stay in the first cache: C. Bays and R. H.
 * Hudson, "The segmented sieve of Eratosthenes and primes in arithmetic progressions to 10^12", BIT 17, 1977.
 */
#include <math.h>
#include <stdlib.h>

#include "handlers/sql/work.h"
#include "exchange/exchange.h"

enum {
	SEGMENT_BYTES = 16 * 1024, /* half of a first cache of 32 KiB */
	SEGMENT_NUMBERS = SEGMENT_BYTES * 8 * 2,
	PARTS_MAX = 256,
	BASE_MAX = 100001,      /* the square root of BELOW_MAX, and a little */
	BASE_PRIMES_MAX = 9600, /* pi(100001) is 9592 */
};

#define BELOW_MAX INT64_C(10000000000)

struct primes {
	struct computation computation;
	uint64_t below, segments;
	unsigned parts;
	unsigned base_count;
	unsigned base[BASE_PRIMES_MAX]; /* the odd primes up to the square root of `below` */
	_Atomic uint64_t count;
};

static struct primes *primes_of(struct computation *computation)
{
	return CONTAINER_OF(computation, struct primes, computation);
}

/* The serial share: at most a hundred thousand numbers. */
static void find_base(struct computation *computation, unsigned part)
{
	struct primes *primes = primes_of(computation);
	static _Thread_local bool is_composite[BASE_MAX + 1];
	unsigned root = (unsigned)sqrt((double)primes->below) + 1;

	(void)part;
	memset(is_composite, 0, sizeof(is_composite));
	for (unsigned i = 3; i <= root; i += 2) {
		if (is_composite[i])
			continue;
		primes->base[primes->base_count++] = i;
		for (uint64_t j = (uint64_t)i * i; j <= root; j += 2 * i)
			is_composite[j] = true;
	}
}

/* How many odd numbers of [from, from + SEGMENT_NUMBERS) and below `below` are prime; `from` is even. */
static uint64_t count_segment(const struct primes *primes, uint64_t from, uint64_t *bits)
{
	uint64_t end = from + SEGMENT_NUMBERS < primes->below ? from + SEGMENT_NUMBERS : primes->below;
	uint64_t numbers = (end - from) / 2, count = 0; /* odd ones: from + 1, from + 3, ... below end */

	memset(bits, 0, SEGMENT_BYTES);
	for (unsigned i = 0; i < primes->base_count; i++) {
		uint64_t prime = primes->base[i], first = prime * prime;

		if (first >= end)
			break;
		if (first < from)
			first = (from + prime - 1) / prime * prime;
		if (first % 2 == 0)
			first += prime;
		for (uint64_t at = (first - from) / 2; at < numbers; at += prime)
			bits[at / 64] |= UINT64_C(1) << at % 64;
	}
	for (uint64_t at = 0; at < numbers / 64; at++)
		count += 64 - (unsigned)__builtin_popcountll(bits[at]);
	if (numbers % 64 > 0)
		count += numbers % 64 -
			 (unsigned)__builtin_popcountll(bits[numbers / 64] & ((UINT64_C(1) << numbers % 64) - 1));
	return count;
}

static void count_part(struct computation *computation, unsigned part)
{
	struct primes *primes = primes_of(computation);
	uint64_t bits[SEGMENT_BYTES / sizeof(uint64_t)], count = 0;
	uint64_t first = primes->segments * part / primes->parts, last = primes->segments * (part + 1) / primes->parts;

	for (uint64_t i = first; i < last && !computation_is_over(computation); i++)
		count += count_segment(primes, i * SEGMENT_NUMBERS, bits);
	atomic_fetch_add(&primes->count, count);
}

static enum step counted(struct exchange *x)
{
	const struct primes *primes = x->state;
	/* 1 is odd and no prime, 2 is a prime and even: one for the other, from 3 on */
	uint64_t count = primes->below > 2 ? primes->count : 0;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 200,
			    text_of(arena_printf(&x->arena, "{\"below\":%llu,\"count\":%llu}",
						 (unsigned long long)primes->below, (unsigned long long)count)));
}

static enum step base_found(struct exchange *x)
{
	struct primes *primes = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	primes->segments = (primes->below + SEGMENT_NUMBERS - 1) / SEGMENT_NUMBERS;
	primes->parts = primes->segments < PARTS_MAX ? (unsigned)primes->segments : PARTS_MAX;
	primes->computation = (struct computation){.parts = primes->parts, .run = count_part};
	return await_compute(x, &primes->computation, counted);
}

static enum step begin(struct exchange *x, const char *const *values)
{
	long long below = strtoll(values[0], NULL, 10);
	struct primes *primes;

	if (below < 1 || below > BELOW_MAX)
		return respond_problem(x, ERROR_BAD_INPUT,
				       "parameter \"below\" must be an integer from 1 to %lld, got %lld",
				       (long long)BELOW_MAX, below);
	primes = arena_alloc_zeroed(&x->arena, sizeof(*primes));
	primes->below = (uint64_t)below;
	primes->computation = (struct computation){.parts = 1, .run = find_base};
	x->state = primes;
	return await_compute(x, &primes->computation, base_found);
}

const struct work work_primes = {
    .name = "primes",
    .method = HTTP_GET,
    .shape = ENDPOINT_ONE,
    .takes = {{"below", DB_TYPE_INT8}},
    .gives = {{"below", DB_TYPE_INT8}, {"count", DB_TYPE_INT8}},
    .begin = begin,
};
