#include "db/values/datetime.h"

enum {
	YEAR_MAX = 5874897, /* of PostgreSQL's date; what is too late for a timestamp, PostgreSQL refuses */
	YEAR_DIGITS_MAX = 7,
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

/* A year 1 BC is the year 0 of the calendar, and so on: 1, 5, 9 ... BC are leap years. */
static unsigned days_in_month(unsigned year, bool is_before_christ, unsigned month)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned of_rule = is_before_christ ? year - 1 : year;
	bool is_leap = (of_rule % 4 == 0 && of_rule % 100 != 0) || of_rule % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Four digits; more only for a year that needs them. */
static bool take_year(struct text *rest, unsigned *year)
{
	unsigned digits = 0;

	while (digits < rest->length && rest->at[digits] >= '0' && rest->at[digits] <= '9')
		digits++;
	if (digits > YEAR_DIGITS_MAX || (digits > 4 && *rest->at == '0'))
		return false;
	return take_number(rest, digits < 4 ? 4 : digits, 1, YEAR_MAX, year);
}

static bool take_date(struct text *rest, bool is_before_christ)
{
	unsigned year, month, day;

	return take_year(rest, &year) && take(rest, '-') && take_number(rest, 2, 1, 12, &month) && take(rest, '-') &&
	       take_number(rest, 2, 1, days_in_month(year, is_before_christ, month), &day);
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

static bool take_timestamp(struct text *rest, bool is_before_christ)
{
	return take_date(rest, is_before_christ) && (take(rest, 'T') || take(rest, ' ')) && take_time(rest);
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
	if (!take(rest, ':'))
		return take_number(rest, 2, 0, 59, &number);
	return take_number(rest, 2, 0, 59, &number) && (!take(rest, ':') || take_number(rest, 2, 0, 59, &number));
}

static bool is_infinity(struct text text)
{
	return text_equal(text, TEXT("infinity")) || text_equal(text, TEXT("-infinity"));
}

/* Takes " BC" off the end. */
static bool take_before_christ(struct text *text)
{
	static const char mark[] = " BC";
	size_t length = strlen(mark);

	if (text->length < length || memcmp(text->at + text->length - length, mark, length) != 0)
		return false;
	text->length -= length;
	return true;
}

bool datetime_is_date(struct text text)
{
	bool is_before_christ = take_before_christ(&text);

	if (!is_before_christ && is_infinity(text))
		return true;
	return take_date(&text, is_before_christ) && text.length == 0;
}

bool datetime_is_time(struct text text)
{
	return text_equal(text, TEXT("24:00:00")) || (take_time(&text) && text.length == 0);
}

bool datetime_is_timestamp(struct text text)
{
	bool is_before_christ = take_before_christ(&text);

	if (!is_before_christ && is_infinity(text))
		return true;
	return take_timestamp(&text, is_before_christ) && text.length == 0;
}

bool datetime_is_timestamptz(struct text text)
{
	bool is_before_christ = take_before_christ(&text);

	if (!is_before_christ && is_infinity(text))
		return true;
	return take_timestamp(&text, is_before_christ) && take_offset(&text) && text.length == 0;
}

static int64_t two_digits(const char *at)
{
	return (at[0] - '0') * 10 + (at[1] - '0');
}

/* Days since 1970 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil). */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "+02", "-05:30", "+00:19:32"; Z is none. */
static int64_t offset_seconds(struct text offset)
{
	int64_t seconds = 0, unit = 3600;

	for (size_t at = 1; at + 2 <= offset.length; at += offset.length > at + 2 && offset.at[at + 2] == ':' ? 3 : 2) {
		seconds += two_digits(offset.at + at) * unit;
		unit /= 60;
	}
	return offset.at[0] == '-' ? -seconds : seconds;
}

bool datetime_seconds(struct text text, int64_t *seconds)
{
	enum { DATE_BYTES = sizeof("2026-11-28") - 1, TIME_BYTES = sizeof("T10:00:00") - 1 };
	struct text rest = {text.at, text.length};
	const char *at = text.at;

	if (text.length < DATE_BYTES + TIME_BYTES + 1 || at[4] != '-' || !datetime_is_timestamptz(text) ||
	    at[DATE_BYTES + 6] != ':' || take_before_christ(&rest))
		return false;
	rest = (struct text){at + DATE_BYTES + TIME_BYTES, text.length - DATE_BYTES - TIME_BYTES};
	while (rest.length > 0 && (rest.at[0] == '.' || (rest.at[0] >= '0' && rest.at[0] <= '9')))
		rest = (struct text){rest.at + 1, rest.length - 1};
	*seconds =
	    days_since_1970(two_digits(at) * 100 + two_digits(at + 2), two_digits(at + 5), two_digits(at + 8)) * 86400 +
	    two_digits(at + 11) * 3600 + two_digits(at + 14) * 60 + two_digits(at + 17) - offset_seconds(rest);
	return *seconds >= 0;
}
