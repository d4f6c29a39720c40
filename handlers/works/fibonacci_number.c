/* GET /fibonacci/{n}: one Fibonacci number, of up to two million digits.
 *
 * Fast doubling: F(2k) = F(k) (2 F(k+1) - F(k)), F(2k+1) = F(k)^2 + F(k+1)^2; from E. W. Dijkstra, "In honour of
 * Fibonacci", EWD654, 1978. The digits are cut in halves by powers of ten, so that both may be given up in the middle;
 * GMP's own mpz_fib_ui and mpz_get_str, which cannot, are what the tests compare with.
 */
#include <gmp.h>
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "handlers/sql/work.h"
#include "exchange/exchange.h"

enum {
	N_MAX = 10000000,
	LEAF_DIGITS = 8192, /* cut no further: a tenth of a millisecond */
	LEVELS_MAX = 10,    /* LEAF_DIGITS << 9 are more than F(N_MAX) has: 2,089,877 */
};

struct fibonacci {
	struct computation computation;
	struct exchange *x;
	unsigned n;
	struct buffer json;
	unsigned long long digits;
};

/* The digits in the making. */
struct writer {
	struct computation *computation;
	mpz_t powers[LEVELS_MAX]; /* 10 ^ (LEAF_DIGITS << level) */
	unsigned levels;
	char *out;
};

/* False: given up. */
static bool find_number(struct computation *computation, unsigned n, mpz_t number)
{
	mpz_t next, doubled, square;

	mpz_inits(next, doubled, square, NULL);
	mpz_set_ui(number, 0);
	mpz_set_ui(next, 1);
	for (unsigned bit = n > 0 ? 1U << (31 - __builtin_clz(n)) : 0; bit > 0; bit >>= 1) {
		if (computation_is_over(computation))
			break;
		mpz_mul_2exp(doubled, next, 1);
		mpz_sub(doubled, doubled, number);
		mpz_mul(doubled, doubled, number);
		mpz_mul(square, number, number);
		mpz_mul(next, next, next);
		mpz_add(next, next, square);
		mpz_swap(number, doubled);
		if (n & bit) {
			mpz_add(number, number, next);
			mpz_swap(number, next);
		}
	}
	mpz_clears(next, doubled, square, NULL);
	return !atomic_load(&computation->was_cut);
}

/* Writes exactly `digits` of them, with zeros in front. */
static void write_leaf(struct writer *writer, const mpz_t number, size_t digits)
{
	char text[LEAF_DIGITS + 2];
	size_t length;

	mpz_get_str(text, 10, number);
	length = mpz_sgn(number) == 0 ? 0 : strlen(text);
	memset(writer->out, '0', digits - length);
	memcpy(writer->out + digits - length, text, length);
	writer->out += digits;
}

/* `number` has at most LEAF_DIGITS << level digits, and exactly so many are written. */
static void write_digits(struct writer *writer, const mpz_t number, unsigned level)
{
	mpz_t high, low;

	if (computation_is_over(writer->computation))
		return;
	if (level == 0) {
		write_leaf(writer, number, LEAF_DIGITS);
		return;
	}
	mpz_inits(high, low, NULL);
	mpz_tdiv_qr(high, low, number, writer->powers[level - 1]);
	write_digits(writer, high, level - 1);
	write_digits(writer, low, level - 1);
	mpz_clears(high, low, NULL);
}

/* The powers it takes; each is the square of the one before. */
static void find_powers(struct writer *writer, const mpz_t number)
{
	mpz_init(writer->powers[0]);
	mpz_ui_pow_ui(writer->powers[0], 10, LEAF_DIGITS);
	writer->levels = 1;
	while (writer->levels < LEVELS_MAX && mpz_cmp(number, writer->powers[writer->levels - 1]) >= 0 &&
	       !computation_is_over(writer->computation)) {
		mpz_init(writer->powers[writer->levels]);
		mpz_mul(writer->powers[writer->levels], writer->powers[writer->levels - 1],
			writer->powers[writer->levels - 1]);
		writer->levels++;
	}
}

static void write_number(struct fibonacci *fibonacci, const mpz_t number)
{
	struct writer writer = {.computation = &fibonacci->computation};
	struct arena *arena = &fibonacci->x->arena;
	size_t room;
	char *text, *first;

	find_powers(&writer, number);
	room = (size_t)LEAF_DIGITS << (writer.levels - 1);
	text = writer.out = arena_alloc(arena, room);
	write_digits(&writer, number, writer.levels - 1);
	for (unsigned i = 0; i < writer.levels; i++)
		mpz_clear(writer.powers[i]);
	if (atomic_load(&fibonacci->computation.was_cut))
		return;
	for (first = text; first < text + room - 1 && *first == '0'; first++)
		;
	fibonacci->digits = (unsigned long long)(text + room - first);
	buffer_printf(&fibonacci->json, "{\"n\":%u,\"digits\":%llu,\"value\":", fibonacci->n, fibonacci->digits);
	buffer_add(&fibonacci->json, (struct text){first, (size_t)fibonacci->digits});
	buffer_add_char(&fibonacci->json, '}');
}

static void run(struct computation *computation, unsigned part)
{
	struct fibonacci *fibonacci = CONTAINER_OF(computation, struct fibonacci, computation);
	mpz_t number;

	(void)part;
	mpz_init(number);
	if (find_number(computation, fibonacci->n, number))
		write_number(fibonacci, number);
	mpz_clear(number);
}

static enum step found(struct exchange *x)
{
	const struct fibonacci *fibonacci = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 200, buffer_text(&fibonacci->json));
}

static enum step begin(struct exchange *x, const char *const *values)
{
	long n = strtol(values[0], NULL, 10);
	struct fibonacci *fibonacci;

	if (n < 0 || n > N_MAX)
		return respond_problem(x, ERROR_BAD_INPUT, "parameter \"n\" must be an integer from 0 to %d, got %ld",
				       N_MAX, n);
	fibonacci = arena_alloc_zeroed(&x->arena, sizeof(*fibonacci));
	fibonacci->computation = (struct computation){.parts = 1, .run = run};
	fibonacci->x = x;
	fibonacci->n = (unsigned)n;
	fibonacci->json = buffer_in(&x->arena);
	x->state = fibonacci;
	return await_compute(x, &fibonacci->computation, found);
}

const struct work work_fibonacci_number = {
    .name = "fibonacci_number",
    .method = HTTP_GET,
    .shape = ENDPOINT_ONE,
    .takes = {{"n", DB_TYPE_INT4}},
    .gives = {{"n", DB_TYPE_INT4}, {"digits", DB_TYPE_INT4}, {"value", DB_TYPE_NUMERIC}},
    .begin = begin,
};
