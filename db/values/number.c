#include "db/values/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
	NUMERIC_DIGITS_BEFORE_MAX = 131072,
	NUMERIC_DIGITS_AFTER_MAX = 16383,
	/* far above what a numeric holds, far below what overflows the sums here */
	EXPONENT_MAX = 1000000,
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns the first place at or after `at` that is no digit. */
static size_t skip_digits(struct text text, size_t at)
{
	while (at < text.length && is_digit(text.at[at]))
		at++;
	return at;
}

static size_t skip_sign(struct text text, size_t at)
{
	return at < text.length && (text.at[at] == '+' || text.at[at] == '-') ? at + 1 : at;
}

bool number_is_integer(struct text text, int64_t min, int64_t max)
{
	size_t at = skip_sign(text, 0);
	bool is_negative = at > 0 && text.at[0] == '-';
	int64_t number = 0;

	if (at == text.length)
		return false;
	/* counted downwards, because the smallest number has no positive twin */
	for (; at < text.length; at++) {
		if (!is_digit(text.at[at]) || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_sub_overflow(number, text.at[at] - '0', &number))
			return false;
	}
	if (is_negative)
		return number >= min;
	return number >= -INT64_MAX && -number <= max;
}

/* digits [ . digits ] [ e digits ], as places in the text */
struct decimal {
	size_t first, point, end; /* of the digits; `point` is their end when there is no fraction */
	size_t exponent;          /* of the exponent with its sign; the text's end when there is none */
};

static bool decimal_parse(struct text text, struct decimal *decimal)
{
	size_t at = skip_sign(text, 0), digits;

	decimal->first = at;
	decimal->point = decimal->end = skip_digits(text, at);
	if (decimal->point == decimal->first)
		return false;
	if (decimal->end < text.length && text.at[decimal->end] == '.') {
		decimal->end = skip_digits(text, decimal->point + 1);
		if (decimal->end == decimal->point + 1)
			return false;
	}
	decimal->exponent = text.length;
	if (decimal->end == text.length)
		return true;
	if ((text.at[decimal->end] | 0x20) != 'e')
		return false;
	decimal->exponent = decimal->end + 1;
	digits = skip_sign(text, decimal->exponent);
	at = skip_digits(text, digits);
	return at > digits && at == text.length;
}

/* The number after the e; EXPONENT_MAX + 1 of either sign when it is larger. */
static long decimal_exponent(struct text text, const struct decimal *decimal)
{
	size_t at = skip_sign(text, decimal->exponent);
	bool is_negative = at > decimal->exponent && text.at[decimal->exponent] == '-';
	long exponent = 0;

	for (; at < text.length && exponent <= EXPONENT_MAX; at++)
		exponent = exponent * 10 + (text.at[at] - '0');
	if (exponent > EXPONENT_MAX)
		exponent = EXPONENT_MAX + 1;
	return is_negative ? -exponent : exponent;
}

/* How many digits stand before the point, from the first that is not 0: 3 for 0100.5, -2 for 0.001. */
static long digits_before_point(struct text text, const struct decimal *decimal)
{
	for (size_t at = decimal->first; at < decimal->end; at++) {
		if (text.at[at] == '0' || text.at[at] == '.')
			continue;
		return at < decimal->point ? (long)(decimal->point - at) : -(long)(at - decimal->point - 1);
	}
	/* however large its exponent: 0e200000 is 0 */
	return -2L * EXPONENT_MAX;
}

/* Of a numeric: digits before the point, less than 0 for 0.001, and after it. False: it is none. */
static bool numeric_digits(struct text text, struct decimal *decimal, long *before, long *after)
{
	long exponent;

	if (!decimal_parse(text, decimal))
		return false;
	exponent = decimal_exponent(text, decimal);
	if (labs(exponent) > EXPONENT_MAX)
		return false;
	*before = digits_before_point(text, decimal) + exponent;
	*after = (decimal->end > decimal->point ? (long)(decimal->end - decimal->point - 1) : 0) - exponent;
	return *before <= NUMERIC_DIGITS_BEFORE_MAX && *after <= NUMERIC_DIGITS_AFTER_MAX;
}

bool number_is_numeric(struct text text)
{
	struct decimal decimal;
	long before, after;

	return numeric_digits(text, &decimal, &before, &after);
}

unsigned long number_digits_written(struct text text)
{
	struct decimal decimal;
	long before, after;

	if (!numeric_digits(text, &decimal, &before, &after) || decimal.exponent == text.length)
		return 0;
	/* PostgreSQL writes a 0 before the point where there is no other digit */
	return (unsigned long)((before > 1 ? before : 1) + (after > 0 ? after : 0));
}

bool number_is_float8(struct text number)
{
	struct decimal decimal;
	double value;

	if (!decimal_parse(number, &decimal))
		return false;
	errno = 0;
	value = strtod(number.at, NULL);
	/* as float8in() does: a result that is merely denormal is ERANGE as well, and good */
	return errno != ERANGE || (value != 0.0 && fabs(value) != HUGE_VAL);
}

bool number_is_float4(struct text number)
{
	struct decimal decimal;
	float value;

	if (!decimal_parse(number, &decimal))
		return false;
	errno = 0;
	value = strtof(number.at, NULL);
	return errno != ERANGE || (value != 0.0F && fabsf(value) != HUGE_VALF);
}

bool number_is_special(struct text text)
{
	return text_equal(text, TEXT("NaN")) || text_equal(text, TEXT("Infinity")) ||
	       text_equal(text, TEXT("-Infinity"));
}
