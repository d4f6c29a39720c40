#include "exchange/limits.h"

#include "identity/claim.h"

const char rate_limit_expected[] =
    "N/second, N/minute or N/hour, with N from 1 to 1000000, and `by address`, `by key` or "
    "`by claim PATH` behind it";

static bool read_count(struct text digits, unsigned *count)
{
	unsigned value = 0;

	if (digits.length == 0 || digits.length > 7)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return false;
		value = 10 * value + (unsigned)(digits.at[i] - '0');
	}
	*count = value;
	return value >= 1 && value <= RATE_COUNT_MAX;
}

static bool read_period(struct text word, unsigned *period_s)
{
	static const struct {
		const char *word;
		unsigned period_s;
	} periods[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}};

	for (unsigned i = 0; i < ARRAY_LENGTH(periods); i++)
		if (text_equal(word, text_of(periods[i].word))) {
			*period_s = periods[i].period_s;
			return true;
		}
	return false;
}

static bool read_key(struct text words, struct arena *arena, struct rate_limit *rate)
{
	struct text word = text_cut_at(&words, ' ');

	words = text_trimmed(words);
	if (text_equal(word, TEXT("claim"))) {
		rate->by = LIMIT_BY_CLAIM;
		rate->claim = arena_copy(arena, words);
		return claim_path_is_valid(words);
	}
	rate->by = text_equal(word, TEXT("key")) ? LIMIT_BY_IDENTITY : LIMIT_BY_ADDRESS;
	return words.length == 0 && (rate->by == LIMIT_BY_IDENTITY || text_equal(word, TEXT("address")));
}

bool rate_limit_read(struct text text, struct arena *arena, struct rate_limit *rate)
{
	struct text rest = text_trimmed(text), digits = text_cut_at(&rest, '/'), period = text_cut_at(&rest, ' '), by;

	*rate = (struct rate_limit){.by = LIMIT_BY_ADDRESS};
	if (!read_count(digits, &rate->count) || !read_period(period, &rate->period_s))
		return false;
	rest = text_trimmed(rest);
	if (rest.length == 0)
		return true;
	by = text_cut_at(&rest, ' ');
	return text_equal(by, TEXT("by")) && read_key(text_trimmed(rest), arena, rate);
}
