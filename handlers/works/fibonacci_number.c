/* GET /fibonacci/{n}: one Fibonacci number, of up to two million digits.
 *
 * Fast doubling: F(2k) = F(k) (2 F(k+1) - F(k)), F(2k+1) = F(k)^2 + F(k+1)^2. From E. W. Dijkstra, "In honour of
 * Fibonacci", EWD654, 1978. The digits are cut in halves by powers of ten, so that both may be given up in the middle.
 * GMP's own mpz_fib_ui and mpz_get_str, which cannot, are what the tests compare with.
 */
#include <gmp.h>
#include <math.h>
#include <stdlib.h>

#include "handlers/sql/work_row.h"

enum {
	N_MAX = 10000000,
	LEAF_DIGITS = 8192, /* cut no further: a tenth of a millisecond */
	LEVELS_MAX = 10,    /* LEAF_DIGITS << 9 are more than F(N_MAX) has: 2,089,877 */
};

/* The digits in the making. */
struct writer {
	struct work_row *row;
	mpz_t powers[LEVELS_MAX]; /* 10 ^ (LEAF_DIGITS << level) */
	unsigned levels;
	char *out;
};

/* False: given up. */
static bool find_number(struct work_row *row, unsigned n, mpz_t number)
{
	mpz_t next, doubled, square;

	mpz_inits(next, doubled, square, NULL);
	mpz_set_ui(number, 0);
	mpz_set_ui(next, 1);
	for (unsigned bit = n > 0 ? 1U << (31 - __builtin_clz(n)) : 0; bit > 0; bit >>= 1) {
		if (work_row_is_over(row))
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
	return !work_row_is_over(row);
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

	if (work_row_is_over(writer->row))
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
	       !work_row_is_over(writer->row)) {
		mpz_init(writer->powers[writer->levels]);
		mpz_mul(writer->powers[writer->levels], writer->powers[writer->levels - 1],
			writer->powers[writer->levels - 1]);
		writer->levels++;
	}
}

static struct text write_number(struct work_row *row, const mpz_t number)
{
	struct writer writer = {.row = row};
	size_t room;
	char *text, *first;

	find_powers(&writer, number);
	room = (size_t)LEAF_DIGITS << (writer.levels - 1);
	text = writer.out = arena_alloc(row->arena, room);
	write_digits(&writer, number, writer.levels - 1);
	for (unsigned i = 0; i < writer.levels; i++)
		mpz_clear(writer.powers[i]);
	if (work_row_is_over(row))
		return TEXT("");
	for (first = text; first < text + room - 1 && *first == '0'; first++)
		;
	return (struct text){first, (size_t)(text + room - first)};
}

static void compute(struct work_row *row)
{
	long n = strtol(row->values[0], NULL, 10);
	mpz_t number;

	if (n < 0 || n > N_MAX) {
		row->problem =
		    arena_printf(row->arena, "parameter \"n\" must be an integer from 0 to %d, got %ld", N_MAX, n);
		return;
	}
	mpz_init(number);
	if (find_number(row, (unsigned)n, number)) {
		row->gives[2] = write_number(row, number);
		row->gives[1] = text_of(arena_printf(row->arena, "%zu", row->gives[2].length));
		row->gives[0] = text_of(arena_printf(row->arena, "%ld", n));
	}
	mpz_clear(number);
}

const struct work work_fibonacci_number = {
    .name = "fibonacci_number",
    .method = HTTP_GET,
    .shape = ENDPOINT_ONE,
    .takes = {{"n", DB_TYPE_INT4}},
    .gives = {{"n", DB_TYPE_INT4}, {"digits", DB_TYPE_INT4}, {"value", DB_TYPE_NUMERIC}},
    .compute = compute,
};
