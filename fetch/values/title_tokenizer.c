#include "fetch/values/title_tokenizer.h"

#include "base/compiler.h"

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
	TEXT_ONLY, /* the content of an element that has text only */
};

/* noscript among them: as where scripts run, which is what an author looks at. */
static const struct text text_elements[] = {
    TEXT_INIT("title"),  TEXT_INIT("script"), TEXT_INIT("style"),   TEXT_INIT("textarea"), TEXT_INIT("noscript"),
    TEXT_INIT("iframe"), TEXT_INIT("xmp"),    TEXT_INIT("noembed"), TEXT_INIT("noframes"),
};

/* Keeps a byte of the title. White space waits for what follows it, so that a title's indentation needs no room. */
static void keep(struct title_tokenizer *tokenizer, char c)
{
	struct title_raw *raw = &tokenizer->raw;

	if (raw->is_cut)
		return;
	if (html_is_space(c)) {
		raw->has_space = raw->length > 0;
		return;
	}
	if (raw->length + raw->has_space >= TITLE_BYTES_MAX) {
		raw->is_cut = true;
		return;
	}
	if (raw->has_space)
		tokenizer->bytes[raw->length++] = ' ';
	raw->has_space = false;
	tokenizer->bytes[raw->length++] = c;
	/* an escape sequence of ISO-2022-JP is no ASCII either */
	tokenizer->is_ascii = tokenizer->is_ascii && (unsigned char)c < 0x80 && c != '\x1b';
}

static void start_foreign(struct title_tokenizer *tokenizer, bool is_math)
{
	if (tokenizer->is_self_closing || tokenizer->foreign_depth == TITLE_FOREIGN_MAX)
		return;
	tokenizer->foreign_is_math[tokenizer->foreign_depth++] = is_math;
}

/* Closes the innermost of its kind, with all that is open within. */
static void end_foreign(struct title_tokenizer *tokenizer, bool is_math)
{
	for (unsigned depth = tokenizer->foreign_depth; depth-- > 0;) {
		if (tokenizer->foreign_is_math[depth] == is_math) {
			tokenizer->foreign_depth = depth;
			return;
		}
	}
}

static void start_text(struct title_tokenizer *tokenizer, struct text name)
{
	tokenizer->state = TEXT_ONLY;
	text_only_start(&tokenizer->text, name);
	tokenizer->is_reading = name.at == text_elements[0].at && tokenizer->template_depth == 0;
}

static void start_element(struct title_tokenizer *tokenizer)
{
	if (html_name_is(&tokenizer->name, TEXT("svg")) || html_name_is(&tokenizer->name, TEXT("math"))) {
		start_foreign(tokenizer, tokenizer->name.bytes[0] == 'm');
		return;
	}
	if (tokenizer->foreign_depth > 0) /* there, a <style> or a <title> is an element like any other */
		return;
	if (html_name_is(&tokenizer->name, TEXT("template")))
		tokenizer->template_depth++;
	if (html_name_is(&tokenizer->name, TEXT("plaintext")))
		tokenizer->state = PLAINTEXT;
	for (size_t i = 0; i < ARRAY_LENGTH(text_elements); i++)
		if (html_name_is(&tokenizer->name, text_elements[i]))
			start_text(tokenizer, text_elements[i]);
}

static void end_element(struct title_tokenizer *tokenizer)
{
	if (html_name_is(&tokenizer->name, TEXT("svg")) || html_name_is(&tokenizer->name, TEXT("math")))
		end_foreign(tokenizer, tokenizer->name.bytes[0] == 'm');
	if (html_name_is(&tokenizer->name, TEXT("template")) && tokenizer->template_depth > 0) {
		tokenizer->template_depth--;
		tokenizer->foreign_depth = 0; /* whatever is open was opened within */
	}
}

static void end_tag(struct title_tokenizer *tokenizer)
{
	tokenizer->state = DATA;
	if (tokenizer->is_end_tag)
		end_element(tokenizer);
	else
		start_element(tokenizer);
}

static void start_tag(struct title_tokenizer *tokenizer, bool is_end_tag)
{
	tokenizer->state = TAG_NAME;
	tokenizer->name.length = 0;
	tokenizer->is_end_tag = is_end_tag;
	tokenizer->is_self_closing = false;
}

/* The step functions take one byte. False: not taken, it belongs to the state that is now. */

static bool go(struct title_tokenizer *tokenizer, enum state state)
{
	tokenizer->state = state;
	return true;
}

static bool go_with(struct title_tokenizer *tokenizer, enum state state)
{
	tokenizer->state = state;
	return false;
}

static bool step_open(struct title_tokenizer *tokenizer, char c)
{
	switch (tokenizer->state) {
	case DATA:
		return c == '<' ? go(tokenizer, TAG_OPEN) : true;
	case TAG_OPEN:
		if (html_is_letter(c)) {
			start_tag(tokenizer, false);
			return false;
		}
		tokenizer->name.length = 0;
		if (c == '!')
			return go(tokenizer, DECLARATION);
		if (c == '/')
			return go(tokenizer, END_TAG_OPEN);
		return go_with(tokenizer, c == '?' ? BOGUS_COMMENT : DATA);
	case END_TAG_OPEN:
		if (html_is_letter(c)) {
			start_tag(tokenizer, true);
			return false;
		}
		return c == '>' ? go(tokenizer, DATA) : go_with(tokenizer, BOGUS_COMMENT);
	default: /* PLAINTEXT: there is no way out */
		return true;
	}
}

/* Where a tag may end, or go on with an attribute. */
static bool step_tag(struct title_tokenizer *tokenizer, char c)
{
	if (c == '>') {
		tokenizer->is_self_closing = tokenizer->state == SELF_CLOSING;
		end_tag(tokenizer);
		return true;
	}
	switch (tokenizer->state) {
	case TAG_NAME:
		if (html_is_space(c))
			return go(tokenizer, BEFORE_ATTRIBUTE);
		if (c == '/')
			return go(tokenizer, SELF_CLOSING);
		html_name_add(&tokenizer->name, c);
		return true;
	case BEFORE_ATTRIBUTE:
		if (html_is_space(c))
			return true;
		/* a name may begin with '=' */
		return go(tokenizer, c == '/' ? SELF_CLOSING : ATTRIBUTE_NAME);
	case AFTER_QUOTED_VALUE:
		return c == '/' ? go(tokenizer, SELF_CLOSING) : go_with(tokenizer, BEFORE_ATTRIBUTE);
	default: /* SELF_CLOSING */
		return go_with(tokenizer, BEFORE_ATTRIBUTE);
	}
}

static bool step_attribute_name(struct title_tokenizer *tokenizer, char c)
{
	if (c == '=')
		return go(tokenizer, BEFORE_VALUE);
	if (c == '/')
		return go(tokenizer, SELF_CLOSING);
	if (html_is_space(c))
		return go(tokenizer, AFTER_ATTRIBUTE_NAME);
	if (c == '>')
		return go_with(tokenizer, BEFORE_ATTRIBUTE);
	return go(tokenizer, ATTRIBUTE_NAME);
}

static bool step_value(struct title_tokenizer *tokenizer, char c)
{
	switch (tokenizer->state) {
	case BEFORE_VALUE:
		if (html_is_space(c))
			return true;
		if (c != '"' && c != '\'')
			return go_with(tokenizer, UNQUOTED_VALUE);
		tokenizer->quote = c;
		return go(tokenizer, QUOTED_VALUE);
	case QUOTED_VALUE:
		return c == tokenizer->quote ? go(tokenizer, AFTER_QUOTED_VALUE) : true;
	default: /* UNQUOTED_VALUE */
		return html_is_space(c) || c == '>' ? go_with(tokenizer, BEFORE_ATTRIBUTE) : true;
	}
}

/* Behind "<!": what it is takes up to seven bytes to tell. */
static bool step_declaration(struct title_tokenizer *tokenizer, char c)
{
	static const struct text comment = TEXT_INIT("--"), cdata = TEXT_INIT("[CDATA[");
	const struct text *word = tokenizer->name.length == 0 ? (c == '-' ? &comment : &cdata)
							      : (tokenizer->name.bytes[0] == '-' ? &comment : &cdata);

	if (c != word->at[tokenizer->name.length] || (word == &cdata && tokenizer->foreign_depth == 0))
		return go_with(tokenizer, BOGUS_COMMENT);
	tokenizer->name.bytes[tokenizer->name.length++] = c;
	if (tokenizer->name.length < word->length)
		return true;
	return go(tokenizer, word == &comment ? COMMENT_START : CDATA);
}

static bool step_comment_start(struct title_tokenizer *tokenizer, char c)
{
	if (c == '>')
		return go(tokenizer, DATA);
	if (c != '-')
		return go_with(tokenizer, COMMENT);
	return go(tokenizer, tokenizer->state == COMMENT_START ? COMMENT_START_DASH : COMMENT_END);
}

static bool step_comment(struct title_tokenizer *tokenizer, char c)
{
	switch (tokenizer->state) {
	case COMMENT:
		return c == '-' ? go(tokenizer, COMMENT_DASH) : true;
	case COMMENT_DASH:
		return c == '-' ? go(tokenizer, COMMENT_END) : go(tokenizer, COMMENT);
	case COMMENT_END:
		if (c == '>')
			return go(tokenizer, DATA);
		if (c == '-')
			return true;
		return go(tokenizer, c == '!' ? COMMENT_END_BANG : COMMENT);
	case COMMENT_END_BANG:
		if (c == '>')
			return go(tokenizer, DATA);
		return go(tokenizer, c == '-' ? COMMENT_DASH : COMMENT);
	default: /* BOGUS_COMMENT */
		return c == '>' ? go(tokenizer, DATA) : true;
	}
}

static bool step_cdata(struct title_tokenizer *tokenizer, char c)
{
	if (c == ']')
		return go(tokenizer, tokenizer->state == CDATA ? CDATA_BRACKET : CDATA_END);
	return go(tokenizer, c == '>' && tokenizer->state == CDATA_END ? DATA : CDATA);
}

static bool step_text(struct title_tokenizer *tokenizer, char c)
{
	bool is_over = text_only_take(&tokenizer->text, c);

	if (text_only_may_end(&tokenizer->text))
		tokenizer->before_end_tag = tokenizer->raw;
	if (!is_over)
		return true;
	if (tokenizer->is_reading) {
		tokenizer->is_found = true;
		tokenizer->raw = tokenizer->before_end_tag;
		return true;
	}
	tokenizer->is_end_tag = true;
	return go_with(tokenizer, AFTER_QUOTED_VALUE);
}

static bool (*const steps[])(struct title_tokenizer *tokenizer, char c) = {
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
};

/* The bytes that change nothing, skipped at once. */
static size_t dull_run(const struct title_tokenizer *tokenizer, struct text bytes)
{
	const char *found;

	if (tokenizer->state == PLAINTEXT)
		return bytes.length;
	if (tokenizer->state == DATA ||
	    (tokenizer->state == TEXT_ONLY && !tokenizer->is_reading && text_only_is_plain(&tokenizer->text)))
		found = memchr(bytes.at, '<', bytes.length);
	else if (tokenizer->state == BOGUS_COMMENT)
		found = memchr(bytes.at, '>', bytes.length);
	else if (tokenizer->state == COMMENT)
		found = memchr(bytes.at, '-', bytes.length);
	else
		return 0;
	return found != NULL ? (size_t)(found - bytes.at) : bytes.length;
}

void title_tokenizer_init(struct title_tokenizer *tokenizer)
{
	*tokenizer = (struct title_tokenizer){.state = DATA, .is_ascii = true};
}

void title_tokenizer_add(struct title_tokenizer *tokenizer, struct text bytes)
{
	for (size_t at = 0; !tokenizer->is_found;) {
		bool was_reading = tokenizer->is_reading;

		at += dull_run(tokenizer, (struct text){bytes.at + at, bytes.length - at});
		if (at == bytes.length)
			return;
		while (!steps[tokenizer->state](tokenizer, bytes.at[at]))
			;
		/* what may turn out to be the end tag is kept too, until it has */
		if (was_reading && !tokenizer->is_found)
			keep(tokenizer, bytes.at[at]);
		at++;
	}
}
