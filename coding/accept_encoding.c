#include "coding/accept_encoding.h"

#include "base/http_token.h"

enum { NOT_LISTED = -1, QUALITY_MAX = 1000 };

void accept_encoding_init(struct accept_encoding *accepted)
{
	accepted->any = NOT_LISTED;
	for (enum coding coding = 0; coding < CODING_COUNT; coding++)
		accepted->qualities[coding] = NOT_LISTED;
}

/* Reads a qvalue: "0", "0.25" or "1.000". */
static bool read_quality(struct text value, int *quality)
{
	int digit = QUALITY_MAX / 10;

	if (value.length == 0 || value.length > 5 || (value.at[0] != '0' && value.at[0] != '1'))
		return false;
	*quality = value.at[0] == '1' ? QUALITY_MAX : 0;
	if (value.length > 1 && value.at[1] != '.')
		return false;
	for (size_t i = 2; i < value.length; i++, digit /= 10) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		*quality += digit * (value.at[i] - '0');
	}
	return *quality <= QUALITY_MAX;
}

/* Reads what stands behind a coding: nothing, or its weight. */
static bool read_weight(struct text weight, bool is_there, int *quality)
{
	*quality = QUALITY_MAX;
	if (!is_there)
		return true;
	weight = text_trimmed(weight);
	if (weight.length < 2 || (weight.at[0] != 'q' && weight.at[0] != 'Q') || weight.at[1] != '=')
		return false;
	return read_quality((struct text){weight.at + 2, weight.length - 2}, quality);
}

static bool is_token(struct text text)
{
	for (size_t i = 0; i < text.length; i++)
		if (http_token_char(text.at[i]) == ' ')
			return false;
	return text.length > 0;
}

/* Returns NULL for one that is not known. */
static int *quality_of(struct accept_encoding *accepted, struct text name)
{
	if (text_equal(name, TEXT("*")))
		return &accepted->any;
	/* RFC 9110, section 8.4.1.3 */
	if (text_equal_nocase(name, TEXT("x-gzip")))
		return &accepted->qualities[CODING_GZIP];
	for (enum coding coding = 0; coding < CODING_COUNT; coding++)
		if (text_equal_nocase(name, text_of(coding_name(coding))))
			return &accepted->qualities[coding];
	return NULL;
}

static void add_element(struct accept_encoding *accepted, struct text element)
{
	size_t length = element.length;
	struct text name = text_cut_at(&element, ';');
	bool has_weight = name.length < length;
	int quality, *known;

	name = text_trimmed(name);
	if (!is_token(name) || !read_weight(element, has_weight, &quality))
		return;
	known = quality_of(accepted, name);
	if (known != NULL && (*known == NOT_LISTED || quality < *known))
		*known = quality;
}

void accept_encoding_add(struct accept_encoding *accepted, struct text line)
{
	while (line.length > 0)
		add_element(accepted, text_cut_at(&line, ','));
}

/* Identity that is not listed is accepted, but comes after all that is. */
static int effective(const struct accept_encoding *accepted, enum coding coding)
{
	if (accepted->qualities[coding] != NOT_LISTED)
		return accepted->qualities[coding];
	if (accepted->any != NOT_LISTED)
		return accepted->any;
	return coding == CODING_IDENTITY ? 1 : 0;
}

bool accept_encoding_takes(const struct accept_encoding *accepted, enum coding coding)
{
	return effective(accepted, coding) > 0;
}

enum coding accept_encoding_best(const struct accept_encoding *accepted)
{
	enum coding best = CODING_IDENTITY;

	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++)
		if (effective(accepted, coding) > 0 && effective(accepted, coding) >= effective(accepted, best))
			best = coding;
	return best;
}
