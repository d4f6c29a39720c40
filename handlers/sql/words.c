/* The words of annotations: names, numbers, and what of them a message shows. */
#include "handlers/sql/draft.h"

struct text sql_trim(struct text text)
{
	while (text.length > 0 && sql_is_space(text.at[0]))
		text = (struct text){text.at + 1, text.length - 1};
	while (text.length > 0 && sql_is_space(text.at[text.length - 1]))
		text.length--;
	return text;
}

struct text sql_take_word(struct text *rest)
{
	struct text word = {rest->at, 0};

	while (word.length < rest->length && !sql_is_space(rest->at[word.length]))
		word.length++;
	*rest = sql_trim((struct text){rest->at + word.length, rest->length - word.length});
	return word;
}

struct text sql_shown(struct text text)
{
	return text_cut_to(text, SHOWN_BYTES_MAX);
}

bool sql_read_number(struct text digits, unsigned least, unsigned most, unsigned *number)
{
	unsigned value = 0;

	if (digits.length == 0 || digits.length > 9)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (!sql_is_digit(digits.at[i]))
			return false;
		value = value * 10 + (unsigned)(digits.at[i] - '0');
	}
	*number = value;
	return value >= least && value <= most;
}

bool sql_is_parameter_name(struct text name)
{
	if (name.length == 0 || name.length > NAME_BYTES_MAX || !sql_begins_name(name.at[0]))
		return false;
	for (size_t i = 1; i < name.length; i++)
		if (!sql_continues_name(name.at[i]))
			return false;
	return true;
}

bool sql_is_endpoint_name(struct text name)
{
	for (size_t i = 0; i < name.length; i++)
		if (name.at[i] >= 'A' && name.at[i] <= 'Z')
			return false;
	return sql_is_parameter_name(name) && name.at[0] != '_';
}

bool sql_take_column(struct text *rest, struct text *name)
{
	const char *end;

	if (rest->length == 0 || rest->at[0] != '"') {
		*name = sql_take_word(rest);
	} else {
		end = memchr(rest->at + 1, '"', rest->length - 1);
		if (end == NULL)
			return false;
		*name = (struct text){rest->at + 1, (size_t)(end - rest->at - 1)};
		*rest = sql_trim((struct text){end + 1, rest->length - name->length - 2});
	}
	return name->length > 0 && name->length <= NAME_BYTES_MAX;
}
