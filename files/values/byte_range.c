#include "files/values/byte_range.h"

/* Reads digits; a number that is too large is as good as the largest. False: none, or something else. */
static bool read_number(struct text digits, uint64_t *number)
{
	*number = 0;
	if (digits.length == 0)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return false;
		if (*number > (UINT64_MAX - 9) / 10)
			*number = UINT64_MAX;
		else
			*number = *number * 10 + (uint64_t)(digits.at[i] - '0');
	}
	return true;
}

static enum byte_range_verdict read_suffix(struct text digits, uint64_t bytes, struct byte_range *range)
{
	uint64_t count;

	if (!read_number(digits, &count))
		return BYTE_RANGE_WHOLE;
	if (count == 0 || bytes == 0)
		return BYTE_RANGE_NONE;
	*range = (struct byte_range){count < bytes ? bytes - count : 0, bytes};
	return BYTE_RANGE_PART;
}

enum byte_range_verdict byte_range_read(struct text line, uint64_t bytes, struct byte_range *range)
{
	struct text rest = text_trimmed(line), unit = text_cut_at(&rest, '='), first;
	uint64_t last = UINT64_MAX;

	rest = text_trimmed(rest);
	if (!text_equal_nocase(unit, TEXT("bytes")) || rest.length == 0 || memchr(rest.at, '-', rest.length) == NULL)
		return BYTE_RANGE_WHOLE;
	first = text_cut_at(&rest, '-');
	if (first.length == 0)
		return read_suffix(rest, bytes, range);
	if (!read_number(first, &range->first) || (rest.length > 0 && !read_number(rest, &last)) || last < range->first)
		return BYTE_RANGE_WHOLE;
	if (range->first >= bytes)
		return BYTE_RANGE_NONE;
	range->end = last < bytes ? last + 1 : bytes;
	return BYTE_RANGE_PART;
}
