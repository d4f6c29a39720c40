#include "db/datetime.h"

enum {
	FRACTION_DIGITS_MAX = 9,
	OFFSET_HOURS_MAX = 15, /* PostgreSQL's MAX_TZDISP_HOUR */
};

/* Each take_ function reads one thing at the beginning of the rest and moves behind it. */
static bool take(struct text *rest, char c)
{
	if (rest->length == 0 || *rest->at != c)
		return false;
	rest->at++;
	rest->length--;
	return true;
}

/* Exactly `count` digits, a number from `min` to `max`. */
static bool take_number(struct text *rest, unsigned count, unsigned min, unsigned max, unsigned *number)
{
	*number = 0;
	for (unsigned i = 0; i < count; i++) {
		if (rest->length == 0 || *rest->at < '0' || *rest->at > '9')
			return false;
		*number = *number * 10 + (unsigned)(*rest->at - '0');
		rest->at++;
		rest->length--;
	}
	return *number >= min && *number <= max;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static bool take_date(struct text *rest)
{
	unsigned year, month, day;

	return take_number(rest, 4, 1, 9999, &year) && take(rest, '-') && take_number(rest, 2, 1, 12, &month) &&
	       take(rest, '-') && take_number(rest, 2, 1, days_in_month(year, month), &day);
}

static bool take_fraction(struct text *rest)
{
	unsigned digits = 0, digit;

	while (take_number(rest, 1, 0, 9, &digit))
		digits++;
	return digits > 0 && digits <= FRACTION_DIGITS_MAX;
}

static bool take_time(struct text *rest)
{
	unsigned number;

	if (!take_number(rest, 2, 0, 23, &number) || !take(rest, ':') || !take_number(rest, 2, 0, 59, &number))
		return false;
	if (!take(rest, ':'))
		return true;
	return take_number(rest, 2, 0, 59, &number) && (!take(rest, '.') || take_fraction(rest));
}

static bool take_timestamp(struct text *rest)
{
	return take_date(rest) && (take(rest, 'T') || take(rest, ' ')) && take_time(rest);
}

static bool take_offset(struct text *rest)
{
	unsigned number;

	if (take(rest, 'Z'))
		return true;
	if ((!take(rest, '+') && !take(rest, '-')) || !take_number(rest, 2, 0, OFFSET_HOURS_MAX, &number))
		return false;
	if (rest->length == 0)
		return true;
	take(rest, ':');
	return take_number(rest, 2, 0, 59, &number);
}

bool datetime_is_date(struct text text)
{
	return take_date(&text) && text.length == 0;
}

bool datetime_is_time(struct text text)
{
	return take_time(&text) && text.length == 0;
}

bool datetime_is_timestamp(struct text text)
{
	return take_timestamp(&text) && text.length == 0;
}

bool datetime_is_timestamptz(struct text text)
{
	return take_timestamp(&text) && take_offset(&text) && text.length == 0;
}
