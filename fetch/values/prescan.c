#include "fetch/values/prescan.h"

#include <string.h>
#include <strings.h>

#include "fetch/values/html.h"

enum { META_CHARSET_BYTES = sizeof("charset") - 1 };

static bool begins_with(struct text text, struct text word)
{
	return text.length >= word.length && strncasecmp(text.at, word.at, word.length) == 0;
}

/* Reading what may end anywhere. */
struct scan {
	const char *at, *end;
};

static struct scan scan_of(struct text text)
{
	const char *at = text.length > 0 ? text.at : "";

	return (struct scan){at, at + text.length};
}

static struct text rest(const struct scan *scan)
{
	return (struct text){scan->at, (size_t)(scan->end - scan->at)};
}

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && html_is_space(*scan->at))
		scan->at++;
}

/* Up to `c`. False: there is none, and the scan is at its end. */
static bool take_until(struct scan *scan, char c, struct text *taken)
{
	const char *found = memchr(scan->at, c, (size_t)(scan->end - scan->at));

	*taken = (struct text){scan->at, (size_t)((found != NULL ? found : scan->end) - scan->at)};
	scan->at = found != NULL ? found + 1 : scan->end;
	return found != NULL;
}

/* The label behind "charset=", which is anywhere: the standard reads <meta content> so, and a Content-Type that is well
 * formed means the same by it. */
static struct text label_in(struct text value)
{
	struct scan scan = scan_of(value);
	struct text label = {NULL, 0};

	for (;;) {
		while (scan.at < scan.end && !begins_with(rest(&scan), TEXT("charset")))
			scan.at++;
		if (scan.at == scan.end)
			return label;
		scan.at += META_CHARSET_BYTES;
		skip_space(&scan);
		if (scan.at < scan.end && *scan.at == '=')
			break;
	}
	scan.at++;
	skip_space(&scan);
	if (scan.at < scan.end && (*scan.at == '"' || *scan.at == '\'')) {
		char quote = *scan.at++;

		return take_until(&scan, quote, &label) ? label : (struct text){NULL, 0};
	}
	label.at = scan.at;
	while (scan.at < scan.end && !html_is_space(*scan.at) && *scan.at != ';')
		scan.at++;
	label.length = (size_t)(scan.at - label.at);
	return label;
}

const struct charset *prescan_content_type(struct text value)
{
	return charset_of_label(label_in(value));
}

struct attribute {
	struct text name, value;
};

/* False: the text ends before the value does. */
static bool take_value(struct scan *scan, struct text *value)
{
	skip_space(scan);
	if (scan->at < scan->end && (*scan->at == '"' || *scan->at == '\'')) {
		char quote = *scan->at++;

		return take_until(scan, quote, value);
	}
	value->at = scan->at;
	while (scan->at < scan->end && !html_is_space(*scan->at) && *scan->at != '>')
		scan->at++;
	value->length = (size_t)(scan->at - value->at);
	return scan->at < scan->end;
}

/* "get an attribute" of the standard. False: the tag has no more, or the text ends within this one. */
static bool take_attribute(struct scan *scan, struct attribute *attribute)
{
	const char *first;

	while (scan->at < scan->end && (html_is_space(*scan->at) || *scan->at == '/'))
		scan->at++;
	if (scan->at == scan->end || *scan->at == '>')
		return false;
	first = scan->at++; /* a name may begin with '=' */
	while (scan->at < scan->end && !html_is_space(*scan->at) && memchr("/>=", *scan->at, 3) == NULL)
		scan->at++;
	*attribute = (struct attribute){{first, (size_t)(scan->at - first)}, {scan->at, 0}};
	skip_space(scan);
	if (scan->at == scan->end)
		return false;
	if (*scan->at != '=')
		return true;
	scan->at++;
	return take_value(scan, &attribute->value);
}

struct meta {
	bool has_pragma, has_content, has_charset, needs_pragma, has_http_equiv;
	const struct charset *charset;
};

/* The first of a name counts. */
static void look_at_attribute(struct meta *meta, const struct attribute *attribute)
{
	if (text_equal_nocase(attribute->name, TEXT("http-equiv")) && !meta->has_http_equiv) {
		meta->has_http_equiv = true;
		meta->has_pragma = text_equal_nocase(attribute->value, TEXT("content-type"));
	} else if (text_equal_nocase(attribute->name, TEXT("content")) && !meta->has_content) {
		const struct charset *charset = charset_of_label(label_in(attribute->value));

		meta->has_content = true;
		if (charset != NULL && meta->charset == NULL && !meta->has_charset) {
			meta->charset = charset;
			meta->needs_pragma = true;
		}
	} else if (text_equal_nocase(attribute->name, TEXT("charset")) && !meta->has_charset) {
		meta->has_charset = true;
		meta->needs_pragma = false;
		meta->charset = charset_of_label(attribute->value);
	}
}

/* Behind "<meta". UTF-16 cannot be: the tag has just been read without it. What the text ends within is not counted. */
static const struct charset *take_meta(struct scan *scan)
{
	struct meta meta = {.charset = NULL};
	struct attribute attribute;

	while (take_attribute(scan, &attribute))
		look_at_attribute(&meta, &attribute);
	if (scan->at == scan->end || meta.charset == NULL || (meta.needs_pragma && !meta.has_pragma))
		return NULL;
	if (meta.charset->kind == CHARSET_UTF_16LE || meta.charset->kind == CHARSET_UTF_16BE)
		return charset_of_kind(CHARSET_UTF_8);
	return meta.charset;
}

static void skip_comment(struct scan *scan)
{
	const char *end;

	scan->at += 2; /* the dashes of <!--> may be its end as well */
	end = memmem(scan->at, (size_t)(scan->end - scan->at), "-->", 3);
	scan->at = end != NULL ? end + 3 : scan->end;
}

static void skip_tag(struct scan *scan)
{
	struct attribute attribute;

	while (scan->at < scan->end && !html_is_space(*scan->at) && *scan->at != '>')
		scan->at++;
	while (take_attribute(scan, &attribute))
		;
}

/* At a '<'. */
static const struct charset *take_markup(struct scan *scan)
{
	struct text here = rest(scan), ignored;

	if (begins_with(here, TEXT("<!--"))) {
		skip_comment(scan);
	} else if (begins_with(here, TEXT("<meta")) && here.length > 5 &&
		   (html_is_space(here.at[5]) || here.at[5] == '/')) {
		scan->at += 5;
		return take_meta(scan);
	} else if (here.length > 1 && (html_is_letter(here.at[1]) ||
				       (here.at[1] == '/' && here.length > 2 && html_is_letter(here.at[2])))) {
		skip_tag(scan);
	} else if (here.length > 1 && memchr("!/?", here.at[1], 3) != NULL) {
		take_until(scan, '>', &ignored);
	} else {
		scan->at++;
	}
	return NULL;
}

/* <?xml version="1.0" encoding="utf-8"?> at the very beginning. */
static const struct charset *charset_of_declaration(struct text prefix)
{
	struct scan scan = scan_of(prefix);
	const struct charset *charset;
	struct text declaration, label;
	const char *encoding;

	if (prefix.length < 5 || memcmp(prefix.at, "<?xml", 5) != 0 || !take_until(&scan, '>', &declaration))
		return NULL;
	encoding = memmem(declaration.at, declaration.length, "encoding", 8);
	if (encoding == NULL)
		return NULL;
	scan = (struct scan){encoding + 8, declaration.at + declaration.length};
	skip_space(&scan);
	if (scan.at == scan.end || *scan.at++ != '=')
		return NULL;
	skip_space(&scan);
	if (scan.at == scan.end || (*scan.at != '"' && *scan.at != '\''))
		return NULL;
	scan.at++;
	if (!take_until(&scan, scan.at[-1], &label))
		return NULL;
	charset = charset_of_label(label);
	if (charset != NULL && (charset->kind == CHARSET_UTF_16LE || charset->kind == CHARSET_UTF_16BE))
		return charset_of_kind(CHARSET_UTF_8);
	return charset;
}

/* What <meta> says goes before the declaration, which is XML's. */
static const struct charset *charset_of_meta(struct text prefix)
{
	struct scan scan = scan_of(prefix);
	const struct charset *charset = NULL;
	struct text ignored;

	while (charset == NULL && take_until(&scan, '<', &ignored)) {
		scan.at--;
		charset = take_markup(&scan);
	}
	return charset;
}

const struct charset *prescan_prefix(struct text prefix, bool is_whole)
{
	const struct charset *charset = charset_of_meta(prefix);

	if (charset == NULL && is_whole)
		charset = charset_of_declaration(prefix);
	return charset;
}
