#include "fetch/values/text_only.h"

/* States of https://html.spec.whatwg.org/multipage/parsing.html#tokenization: those of RCDATA, RAWTEXT and script data, as
 * far as they differ in where the end tag is. */
enum state {
	PLAIN,
	LESS_THAN,
	END_TAG_OPEN,
	END_TAG_NAME,
	ESCAPE_START,
	ESCAPE_START_DASH,
	DOUBLE_ESCAPE_START,
	DOUBLE_ESCAPE_END,
	OVER,
};

/* Of `escape`: within "<!--", and there within "<script". */
enum { NOT_ESCAPED, ESCAPED, DOUBLE_ESCAPED };

/* The step functions take one byte. False: not taken, it belongs to the state that is now. */

static bool go(struct text_only *text, enum state state)
{
	text->state = state;
	return true;
}

static bool go_with(struct text_only *text, enum state state)
{
	text->state = state;
	return false;
}

static bool step_plain(struct text_only *text, char c)
{
	if (c == '<') {
		text->dashes = 0;
		return go(text, LESS_THAN);
	}
	if (text->escape != NOT_ESCAPED) {
		if (c == '>' && text->dashes >= 2)
			text->escape = NOT_ESCAPED;
		text->dashes = c == '-' ? text->dashes + 1 : 0;
	}
	return true;
}

static bool step_less_than(struct text_only *text, char c)
{
	bool is_script = text_equal(text->element, TEXT("script"));

	text->name.length = 0;
	if (c == '/')
		return go(text, text->escape == DOUBLE_ESCAPED ? DOUBLE_ESCAPE_END : END_TAG_OPEN);
	if (c == '!' && is_script && text->escape == NOT_ESCAPED)
		return go(text, ESCAPE_START);
	if (html_is_letter(c) && text->escape == ESCAPED)
		return go_with(text, DOUBLE_ESCAPE_START);
	return go_with(text, PLAIN);
}

static bool step_end_tag(struct text_only *text, char c)
{
	if (html_is_letter(c)) {
		html_name_add(&text->name, c);
		return go(text, END_TAG_NAME);
	}
	if (text->state == END_TAG_OPEN || !html_ends_name(c) || !html_name_is(&text->name, text->element))
		return go_with(text, PLAIN);
	return go(text, OVER);
}

/* Behind "<!" in a script. */
static bool step_escape_start(struct text_only *text, char c)
{
	if (c != '-')
		return go_with(text, PLAIN);
	if (text->state == ESCAPE_START)
		return go(text, ESCAPE_START_DASH);
	text->escape = ESCAPED;
	text->dashes = 2;
	return go(text, PLAIN);
}

static bool step_double_escape(struct text_only *text, char c)
{
	if (html_is_letter(c)) {
		html_name_add(&text->name, c);
		return true;
	}
	if (!html_ends_name(c))
		return go_with(text, PLAIN);
	if (html_name_is(&text->name, TEXT("script")))
		text->escape = text->state == DOUBLE_ESCAPE_START ? DOUBLE_ESCAPED : ESCAPED;
	return go(text, PLAIN);
}

static bool (*const steps[])(struct text_only *text, char c) = {
    [PLAIN] = step_plain,
    [LESS_THAN] = step_less_than,
    [END_TAG_OPEN] = step_end_tag,
    [END_TAG_NAME] = step_end_tag,
    [ESCAPE_START] = step_escape_start,
    [ESCAPE_START_DASH] = step_escape_start,
    [DOUBLE_ESCAPE_START] = step_double_escape,
    [DOUBLE_ESCAPE_END] = step_double_escape,
};

void text_only_start(struct text_only *text, struct text element)
{
	*text = (struct text_only){.element = element, .state = PLAIN, .escape = NOT_ESCAPED};
}

bool text_only_take(struct text_only *text, char c)
{
	while (!steps[text->state](text, c))
		;
	return text->state == OVER;
}

bool text_only_may_end(const struct text_only *text)
{
	return text->state == LESS_THAN;
}

bool text_only_is_plain(const struct text_only *text)
{
	return text->state == PLAIN && text->escape == NOT_ESCAPED;
}
