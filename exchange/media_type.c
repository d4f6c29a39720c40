#include "exchange/media_type.h"

#include <string.h>
#include <strings.h>

/* How closely a range describes the type: 0: not at all. */
static unsigned specificity(struct text range, struct text type)
{
	size_t major = (size_t)((const char *)memchr(type.at, '/', type.length) - type.at) + 1;

	if (text_equal_nocase(range, type))
		return 3;
	if (range.length == major + 1 && range.at[major] == '*' && strncasecmp(range.at, type.at, major) == 0)
		return 2;
	return text_equal_nocase(range, TEXT("*/*")) ? 1 : 0;
}

/* "0.25" as 250; what is no quality counts as 1, as if it were not there. */
static unsigned read_quality(struct text value)
{
	unsigned quality = 0, digit = ACCEPT_QUALITY_MAX / 10;

	/* nothing is above 1 */
	if (value.length == 0 || value.at[0] != '0')
		return ACCEPT_QUALITY_MAX;
	for (size_t i = 2; i < value.length && i < 5 && value.at[1] == '.'; i++, digit /= 10) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return ACCEPT_QUALITY_MAX;
		quality += digit * (unsigned)(value.at[i] - '0');
	}
	return quality;
}

static unsigned quality_of(struct text parameters)
{
	while (parameters.length > 0) {
		struct text parameter = text_trimmed(text_cut_at(&parameters, ';'));

		if (parameter.length >= 2 && (parameter.at[0] == 'q' || parameter.at[0] == 'Q') &&
		    parameter.at[1] == '=')
			return read_quality((struct text){parameter.at + 2, parameter.length - 2});
	}
	return ACCEPT_QUALITY_MAX;
}

struct accept_verdict accept_quality(struct text header, struct text type)
{
	unsigned closest = 0, quality = text_trimmed(header).length == 0 ? ACCEPT_QUALITY_MAX : 0;

	while (header.length > 0) {
		struct text element = text_trimmed(text_cut_at(&header, ','));
		unsigned how_close = specificity(text_trimmed(text_cut_at(&element, ';')), type);

		if (how_close <= closest)
			continue;
		closest = how_close;
		quality = quality_of(element);
	}
	return (struct accept_verdict){.quality = quality, .is_named = closest == 3};
}
