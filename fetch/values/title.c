#include "fetch/values/title.h"

#include "fetch/values/entity.h"

/* The states of https://html.spec.whatwg.org/multipage/parsing.html#tokenization, as far as they differ in what they
 * skip. A DOCTYPE ends as a bogus comment does, at the first '>', and "<!--" within a comment changes nothing. */
enum state {
	DATA,
	PLAINTEXT,
	TAG_OPEN,
	END_TAG_OPEN,
	TAG_NAME,
	BEFORE_ATTRIBUTE,
	ATTRIBUTE_NAME,
	AFTER_ATTRIBUTE_NAME,
	BEFORE_VALUE,
	QUOTED_VALUE,
	UNQUOTED_VALUE,
	AFTER_QUOTED_VALUE,
	SELF_CLOSING,
	DECLARATION,
	BOGUS_COMMENT,
	COMMENT_START,
	COMMENT_START_DASH,
	COMMENT,
	COMMENT_DASH,
	COMMENT_END,
	COMMENT_END_BANG,
	CDATA,
	CDATA_BRACKET,
	CDATA_END,
	/* the elements that have text only */
	TEXT_ONLY,
	TEXT_LESS_THAN,
	TEXT_END_TAG_OPEN,
	TEXT_END_TAG_NAME,
	ESCAPE_START,
	ESCAPE_START_DASH,
	DOUBLE_ESCAPE_START,
	DOUBLE_ESCAPE_END,
};

/* Of struct title's `escape`: within "<!--", and there within "<script". */
enum { NOT_ESCAPED, ESCAPED, DOUBLE_ESCAPED };

/* noscript among them: as where scripts run, which is what an author looks at. */
static const struct text text_elements[] = {
    TEXT_INIT("title"),  TEXT_INIT("script"), TEXT_INIT("style"),   TEXT_INIT("textarea"), TEXT_INIT("noscript"),
    TEXT_INIT("iframe"), TEXT_INIT("xmp"),    TEXT_INIT("noembed"), TEXT_INIT("noframes"),
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool ends_name(char c)
{
	return is_space(c) || c == '/' || c == '>';
}

static void add_to_name(struct title *title, char c)
{
	if (title->name_length < TITLE_NAME_BYTES_MAX)
		title->name[title->name_length++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	else
		title->name_length = TITLE_NAME_BYTES_MAX + 1;
}

static bool name_is(const struct title *title, struct text name)
{
	return text_equal((struct text){title->name, title->name_length}, name);
}

/* Keeps a byte of the title. White space waits for what follows it, so that a title's indentation needs no room. */
static void keep(struct title *title, char c)
{
	struct title_raw *raw = &title->raw;

	if (raw->is_cut)
		return;
	if (is_space(c)) {
		raw->has_space = raw->length > 0;
		return;
	}
	if (raw->length + raw->has_space >= TITLE_BYTES_MAX) {
		raw->is_cut = true;
		return;
	}
	if (raw->has_space)
		title->bytes[raw->length++] = ' ';
	raw->has_space = false;
	title->bytes[raw->length++] = c;
	/* an escape sequence of ISO-2022-JP is no ASCII either */
	title->is_ascii = title->is_ascii && (unsigned char)c < 0x80 && c != '\x1b';
}

static void start_foreign(struct title *title, bool is_math)
{
	if (title->is_self_closing || title->foreign_depth == TITLE_FOREIGN_MAX)
		return;
	title->foreign_is_math[title->foreign_depth++] = is_math;
}

/* Closes the innermost of its kind, with all that is open within. */
static void end_foreign(struct title *title, bool is_math)
{
	for (unsigned depth = title->foreign_depth; depth-- > 0;) {
		if (title->foreign_is_math[depth] == is_math) {
			title->foreign_depth = depth;
			return;
		}
	}
}

static void start_text(struct title *title, struct text name)
{
	title->state = TEXT_ONLY;
	title->text_element = name;
	title->escape = NOT_ESCAPED;
	title->dashes = 0;
	title->is_reading = name.at == text_elements[0].at && title->template_depth == 0;
}

static void start_element(struct title *title)
{
	if (name_is(title, TEXT("svg")) || name_is(title, TEXT("math"))) {
		start_foreign(title, title->name[0] == 'm');
		return;
	}
	if (title->foreign_depth > 0) /* there, a <style> or a <title> is an element like any other */
		return;
	if (name_is(title, TEXT("template")))
		title->template_depth++;
	if (name_is(title, TEXT("plaintext")))
		title->state = PLAINTEXT;
	for (size_t i = 0; i < ARRAY_LENGTH(text_elements); i++)
		if (name_is(title, text_elements[i]))
			start_text(title, text_elements[i]);
}

static void end_element(struct title *title)
{
	if (name_is(title, TEXT("svg")) || name_is(title, TEXT("math")))
		end_foreign(title, title->name[0] == 'm');
	if (name_is(title, TEXT("template")) && title->template_depth > 0) {
		title->template_depth--;
		title->foreign_depth = 0; /* whatever is open was opened within */
	}
}

static void end_tag(struct title *title)
{
	title->state = DATA;
	if (title->is_end_tag)
		end_element(title);
	else
		start_element(title);
}

static void start_tag(struct title *title, bool is_end_tag)
{
	title->state = TAG_NAME;
	title->name_length = 0;
	title->is_end_tag = is_end_tag;
	title->is_self_closing = false;
}

/* The step functions take one byte. False: not taken, it belongs to the state that is now. */

static bool go(struct title *title, enum state state)
{
	title->state = state;
	return true;
}

static bool go_with(struct title *title, enum state state)
{
	title->state = state;
	return false;
}

static bool step_open(struct title *title, char c)
{
	switch (title->state) {
	case DATA:
		return c == '<' ? go(title, TAG_OPEN) : true;
	case TAG_OPEN:
		if (is_letter(c)) {
			start_tag(title, false);
			return false;
		}
		title->name_length = 0;
		if (c == '!')
			return go(title, DECLARATION);
		if (c == '/')
			return go(title, END_TAG_OPEN);
		return go_with(title, c == '?' ? BOGUS_COMMENT : DATA);
	case END_TAG_OPEN:
		if (is_letter(c)) {
			start_tag(title, true);
			return false;
		}
		return c == '>' ? go(title, DATA) : go_with(title, BOGUS_COMMENT);
	default: /* PLAINTEXT: there is no way out */
		return true;
	}
}

/* Where a tag may end, or go on with an attribute. */
static bool step_tag(struct title *title, char c)
{
	if (c == '>') {
		title->is_self_closing = title->state == SELF_CLOSING;
		end_tag(title);
		return true;
	}
	switch (title->state) {
	case TAG_NAME:
		if (is_space(c))
			return go(title, BEFORE_ATTRIBUTE);
		if (c == '/')
			return go(title, SELF_CLOSING);
		add_to_name(title, c);
		return true;
	case BEFORE_ATTRIBUTE:
		if (is_space(c))
			return true;
		/* a name may begin with '=' */
		return go(title, c == '/' ? SELF_CLOSING : ATTRIBUTE_NAME);
	case AFTER_QUOTED_VALUE:
		return c == '/' ? go(title, SELF_CLOSING) : go_with(title, BEFORE_ATTRIBUTE);
	default: /* SELF_CLOSING */
		return go_with(title, BEFORE_ATTRIBUTE);
	}
}

static bool step_attribute_name(struct title *title, char c)
{
	if (c == '=')
		return go(title, BEFORE_VALUE);
	if (c == '/')
		return go(title, SELF_CLOSING);
	if (is_space(c))
		return go(title, AFTER_ATTRIBUTE_NAME);
	if (c == '>')
		return go_with(title, BEFORE_ATTRIBUTE);
	return go(title, ATTRIBUTE_NAME);
}

static bool step_value(struct title *title, char c)
{
	switch (title->state) {
	case BEFORE_VALUE:
		if (is_space(c))
			return true;
		if (c != '"' && c != '\'')
			return go_with(title, UNQUOTED_VALUE);
		title->quote = c;
		return go(title, QUOTED_VALUE);
	case QUOTED_VALUE:
		return c == title->quote ? go(title, AFTER_QUOTED_VALUE) : true;
	default: /* UNQUOTED_VALUE */
		return is_space(c) || c == '>' ? go_with(title, BEFORE_ATTRIBUTE) : true;
	}
}

/* Behind "<!": what it is takes up to seven bytes to tell. */
static bool step_declaration(struct title *title, char c)
{
	static const struct text comment = TEXT_INIT("--"), cdata = TEXT_INIT("[CDATA[");
	const struct text *word =
	    title->name_length == 0 ? (c == '-' ? &comment : &cdata) : (title->name[0] == '-' ? &comment : &cdata);

	if (c != word->at[title->name_length] || (word == &cdata && title->foreign_depth == 0))
		return go_with(title, BOGUS_COMMENT);
	title->name[title->name_length++] = c;
	if (title->name_length < word->length)
		return true;
	return go(title, word == &comment ? COMMENT_START : CDATA);
}

static bool step_comment_start(struct title *title, char c)
{
	if (c == '>')
		return go(title, DATA);
	if (c != '-')
		return go_with(title, COMMENT);
	return go(title, title->state == COMMENT_START ? COMMENT_START_DASH : COMMENT_END);
}

static bool step_comment(struct title *title, char c)
{
	switch (title->state) {
	case COMMENT:
		return c == '-' ? go(title, COMMENT_DASH) : true;
	case COMMENT_DASH:
		return c == '-' ? go(title, COMMENT_END) : go(title, COMMENT);
	case COMMENT_END:
		if (c == '>')
			return go(title, DATA);
		if (c == '-')
			return true;
		return go(title, c == '!' ? COMMENT_END_BANG : COMMENT);
	case COMMENT_END_BANG:
		if (c == '>')
			return go(title, DATA);
		return go(title, c == '-' ? COMMENT_DASH : COMMENT);
	default: /* BOGUS_COMMENT */
		return c == '>' ? go(title, DATA) : true;
	}
}

static bool step_cdata(struct title *title, char c)
{
	if (c == ']')
		return go(title, title->state == CDATA ? CDATA_BRACKET : CDATA_END);
	return go(title, c == '>' && title->state == CDATA_END ? DATA : CDATA);
}

static bool step_text(struct title *title, char c)
{
	if (c == '<') {
		title->before_end_tag = title->raw;
		title->dashes = 0;
		return go(title, TEXT_LESS_THAN);
	}
	if (title->escape != NOT_ESCAPED) {
		if (c == '>' && title->dashes >= 2)
			title->escape = NOT_ESCAPED;
		title->dashes = c == '-' ? title->dashes + 1 : 0;
	}
	return true;
}

static bool step_text_less_than(struct title *title, char c)
{
	bool is_script = text_equal(title->text_element, TEXT("script"));

	title->name_length = 0;
	if (c == '/')
		return go(title, title->escape == DOUBLE_ESCAPED ? DOUBLE_ESCAPE_END : TEXT_END_TAG_OPEN);
	if (c == '!' && is_script && title->escape == NOT_ESCAPED)
		return go(title, ESCAPE_START);
	if (is_letter(c) && title->escape == ESCAPED)
		return go_with(title, DOUBLE_ESCAPE_START);
	return go_with(title, TEXT_ONLY);
}

static bool step_text_end_tag(struct title *title, char c)
{
	if (is_letter(c)) {
		add_to_name(title, c);
		return go(title, TEXT_END_TAG_NAME);
	}
	if (title->state == TEXT_END_TAG_OPEN || !ends_name(c) || !name_is(title, title->text_element))
		return go_with(title, TEXT_ONLY);
	if (title->is_reading) {
		title->is_found = true;
		title->raw = title->before_end_tag;
		return true;
	}
	title->is_end_tag = true;
	return go_with(title, AFTER_QUOTED_VALUE);
}

/* Behind "<!" in a script. */
static bool step_escape_start(struct title *title, char c)
{
	if (c != '-')
		return go_with(title, TEXT_ONLY);
	if (title->state == ESCAPE_START)
		return go(title, ESCAPE_START_DASH);
	title->escape = ESCAPED;
	title->dashes = 2;
	return go(title, TEXT_ONLY);
}

static bool step_double_escape(struct title *title, char c)
{
	if (is_letter(c)) {
		add_to_name(title, c);
		return true;
	}
	if (!ends_name(c))
		return go_with(title, TEXT_ONLY);
	if (name_is(title, TEXT("script")))
		title->escape = title->state == DOUBLE_ESCAPE_START ? DOUBLE_ESCAPED : ESCAPED;
	return go(title, TEXT_ONLY);
}

static bool (*const steps[])(struct title *title, char c) = {
    [DATA] = step_open,
    [PLAINTEXT] = step_open,
    [TAG_OPEN] = step_open,
    [END_TAG_OPEN] = step_open,
    [TAG_NAME] = step_tag,
    [BEFORE_ATTRIBUTE] = step_tag,
    [ATTRIBUTE_NAME] = step_attribute_name,
    [AFTER_ATTRIBUTE_NAME] = step_attribute_name,
    [BEFORE_VALUE] = step_value,
    [QUOTED_VALUE] = step_value,
    [UNQUOTED_VALUE] = step_value,
    [AFTER_QUOTED_VALUE] = step_tag,
    [SELF_CLOSING] = step_tag,
    [DECLARATION] = step_declaration,
    [BOGUS_COMMENT] = step_comment,
    [COMMENT_START] = step_comment_start,
    [COMMENT_START_DASH] = step_comment_start,
    [COMMENT] = step_comment,
    [COMMENT_DASH] = step_comment,
    [COMMENT_END] = step_comment,
    [COMMENT_END_BANG] = step_comment,
    [CDATA] = step_cdata,
    [CDATA_BRACKET] = step_cdata,
    [CDATA_END] = step_cdata,
    [TEXT_ONLY] = step_text,
    [TEXT_LESS_THAN] = step_text_less_than,
    [TEXT_END_TAG_OPEN] = step_text_end_tag,
    [TEXT_END_TAG_NAME] = step_text_end_tag,
    [ESCAPE_START] = step_escape_start,
    [ESCAPE_START_DASH] = step_escape_start,
    [DOUBLE_ESCAPE_START] = step_double_escape,
    [DOUBLE_ESCAPE_END] = step_double_escape,
};

/* The bytes that change nothing, skipped at once. */
static size_t dull_run(const struct title *title, struct text bytes)
{
	const char *found;

	if (title->state == PLAINTEXT)
		return bytes.length;
	if (title->state == DATA || (title->state == TEXT_ONLY && !title->is_reading && title->escape == NOT_ESCAPED))
		found = memchr(bytes.at, '<', bytes.length);
	else if (title->state == BOGUS_COMMENT)
		found = memchr(bytes.at, '>', bytes.length);
	else if (title->state == COMMENT)
		found = memchr(bytes.at, '-', bytes.length);
	else
		return 0;
	return found != NULL ? (size_t)(found - bytes.at) : bytes.length;
}

static void tokenize(struct title *title, struct text bytes)
{
	for (size_t at = 0; !title->is_found;) {
		bool was_reading = title->is_reading;

		at += dull_run(title, (struct text){bytes.at + at, bytes.length - at});
		if (at == bytes.length)
			return;
		while (!steps[title->state](title, bytes.at[at]))
			;
		/* what may turn out to be the end tag is kept too, until it has */
		if (was_reading && !title->is_found)
			keep(title, bytes.at[at]);
		at++;
	}
}

static void decode(struct title *title, struct text bytes)
{
	char utf8[2 * CHARSET_POINT_BYTES_MAX];

	if (!title->is_utf16) {
		tokenize(title, bytes);
		return;
	}
	for (size_t i = 0; i < bytes.length && !title->is_found; i++) {
		size_t length = charset_add_utf16(&title->utf16, (uint8_t)bytes.at[i], utf8);

		if (length > 0)
			tokenize(title, (struct text){utf8, length});
	}
}

/* A byte order mark goes before what the header says. */
static void start(struct title *title)
{
	const struct charset *charset = charset_of_bom((struct text){title->prefix, title->prefix_length});

	title->has_started = true;
	if (charset != NULL)
		title->charset = charset;
	if (title->charset == NULL)
		return;
	title->is_utf16 = title->charset->kind == CHARSET_UTF_16LE || title->charset->kind == CHARSET_UTF_16BE;
	if (title->is_utf16) {
		title->utf16.is_big_endian = title->charset->kind == CHARSET_UTF_16BE;
		title->charset = charset_of_kind(CHARSET_UTF_8); /* what the tokenizer gets */
	}
}

static struct text add_to_prefix(struct title *title, struct text bytes, size_t length_max)
{
	size_t room = length_max - title->prefix_length, length = bytes.length < room ? bytes.length : room;

	memcpy(title->prefix + title->prefix_length, bytes.at, length);
	title->prefix_length += length;
	return (struct text){bytes.at + length, bytes.length - length};
}

/* Whether the title is there, and its encoding. ASCII is the same in all of them but UTF-16, which is told by now. */
static bool is_done(const struct title *title)
{
	if (!title->is_found)
		return false;
	return title->charset != NULL || title->is_ascii || title->prefix_length == CHARSET_PREFIX_BYTES ||
	       charset_of_prefix((struct text){title->prefix, title->prefix_length}, false) != NULL;
}

void title_init(struct title *title, struct text content_type)
{
	*title = (struct title){.charset = charset_of_content_type(content_type), .state = DATA, .is_ascii = true};
}

bool title_add(struct title *title, const char *bytes, size_t length)
{
	struct text text = {bytes, length};

	if (length == 0)
		return !is_done(title);
	if (!title->has_started) {
		text = add_to_prefix(title, text, CHARSET_BOM_BYTES);
		if (title->prefix_length < CHARSET_BOM_BYTES)
			return true;
		start(title);
		decode(title, (struct text){title->prefix, title->prefix_length});
	}
	if (text.length > 0 && title->charset == NULL)
		add_to_prefix(title, text, CHARSET_PREFIX_BYTES);
	if (text.length > 0)
		decode(title, text);
	return !is_done(title);
}

/* What is written of a title. */
struct output {
	char *at;
	size_t length;
	bool has_space, is_full;
};

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

static void put(struct output *output, uint32_t point)
{
	char utf8[CHARSET_POINT_BYTES_MAX];
	size_t length;

	if (point < 0x80 && is_space((char)point)) {
		output->has_space = output->length > 0;
		return;
	}
	length = charset_put_utf8(is_control(point) ? ENTITY_REPLACEMENT : point, utf8);
	output->is_full = output->length + output->has_space + length > TITLE_BYTES_MAX;
	if (output->is_full)
		return;
	if (output->has_space)
		output->at[output->length++] = ' ';
	output->has_space = false;
	memcpy(output->at + output->length, utf8, length);
	output->length += length;
}

/* The code point at `at`, of text known to be UTF-8. */
static size_t read_point(const char *at, uint32_t *point)
{
	const unsigned char *bytes = (const unsigned char *)at;
	size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;

	*point = length == 1 ? bytes[0] : bytes[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++)
		*point = *point << 6 | (bytes[i] & 0x3f);
	return length;
}

static void put_all(struct output *output, struct text text)
{
	while (text.length > 0 && !output->is_full) {
		uint32_t point;
		size_t length = *text.at == '&' ? entity_read(text, &point) : 0;

		if (length == 0)
			length = read_point(text.at, &point);
		put(output, point);
		text = (struct text){text.at + length, text.length - length};
	}
}

/* Of a text that has been cut: the reference it was cut within would be read as something else. */
static struct text without_unfinished_reference(struct text text)
{
	size_t at = text.length;

	while (at > 0 && (is_letter(text.at[at - 1]) || (text.at[at - 1] >= '0' && text.at[at - 1] <= '9')))
		at--;
	if (at > 0 && text.at[at - 1] == '#')
		at--;
	if (at > 0 && text.at[at - 1] == '&')
		text.length = at - 1;
	return text;
}

bool title_write(struct title *title, struct buffer *out)
{
	char bytes[TITLE_BYTES_MAX * CHARSET_GROWTH_MAX];
	const struct charset *charset = title->charset;
	struct text raw = {title->bytes, title->raw.length}, utf8 = {bytes, 0};
	struct output output = {.length = 0};

	if (!title->is_found)
		return false;
	if (charset == NULL)
		charset = charset_of_prefix((struct text){title->prefix, title->prefix_length}, true);
	if (charset == NULL)
		charset = charset_of_kind(CHARSET_WINDOWS_1252);
	utf8.length = charset_to_utf8(charset, raw, title->raw.is_cut, bytes);
	output.at = buffer_reserve(out, TITLE_BYTES_MAX);
	put_all(&output, title->raw.is_cut ? without_unfinished_reference(utf8) : utf8);
	out->length += output.length;
	return true;
}

void title_cleanup(struct title *title)
{
	(void)title; /* nothing is held: iconv is open while it converts */
}
