/* Our titles against those of gumbo, which builds the tree: the first <title> of HTML's namespace.
 *
 * The pages are those whose title does not depend on the tree. Left out are:
 * - select, frameset, table: a title there is dropped, or moved before what it stands in;
 * - svg and math that are not closed, or hold HTML that closes them (<p>) or is HTML again (foreignObject, mi, and more
 *   than text in an svg's title): the tokenizer counts svg and math, and nothing within;
 * - </svg > with anything behind the name: gumbo does not see that it is the end tag;
 * - "</>" right before a tag: gumbo takes it for a part of that, and does not find the end of an svg that begins so;
 * - an end tag alone within svg: gumbo takes all elements that it does not know for the same one;
 * - tags within noscript: gumbo reads them as a browser without scripts does;
 * - a title that is never closed: for gumbo it is one;
 * - control characters and malformed UTF-8: ours become U+FFFD, byte by byte.
 */
#include "fetch/values/title.h"

#include <gumbo.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/require.h"

enum { PAGES = 6000, PAGE_BYTES_MAX = 64 * 1024, TITLE_PAGES_MIN = PAGES / 2 };

#define ADD_ANY(page, strings) add_string(page, (strings)[below(page, ARRAY_LENGTH(strings))])

struct page {
	uint32_t random;
	size_t length;
	char bytes[PAGE_BYTES_MAX];
};

/* xorshift32 */
static size_t below(struct page *page, size_t limit)
{
	page->random ^= page->random << 13;
	page->random ^= page->random >> 17;
	page->random ^= page->random << 5;
	return page->random % limit;
}

static void add_string(struct page *page, const char *string)
{
	size_t length = strlen(string);

	REQUIRE(length < PAGE_BYTES_MAX - page->length);
	memcpy(page->bytes + page->length, string, length);
	page->length += length;
}

static void add_soup(struct page *page, const char *const *pieces, size_t count, size_t length_max)
{
	for (size_t length = below(page, length_max + 1); length > 0; length--)
		add_string(page, pieces[below(page, count)]);
}

static void add_plain(struct page *page)
{
	static const char *const pieces[] = {"text ",         "\n", "a > b ",   "< a ", "<5>", "</> ",
					     "&lt;title&gt;", "<<", "\xc3\xa4", "'\""};

	add_soup(page, pieces, ARRAY_LENGTH(pieces), 4);
}

static void add_comment(struct page *page)
{
	static const char *const pieces[] = {"-",   "--", "!", ">", "<!--", "<!-", "<", "x", " ", "<title>c</title>",
					     "--!", "-->"};

	add_string(page, "<!--");
	add_soup(page, pieces, ARRAY_LENGTH(pieces), 6);
	add_string(page, "-->");
}

static void add_bogus_comment(struct page *page)
{
	static const char *const starts[] = {
	    "<!x",     "<?x", "</ x",      "<!-x",           "<!",
	    "<?",      "</5", "<![CDATA[", "<!DOCTYPE html", "<!doctype html PUBLIC \"",
	    "<!DOCTYP"};
	static const char *const pieces[] = {"-", "--", "!", "\"", "'", "x", " ", "]]", "/", "<title", "=\""};

	ADD_ANY(page, starts);
	add_soup(page, pieces, ARRAY_LENGTH(pieces), 4);
	add_string(page, ">");
}

static void add_tag(struct page *page)
{
	static const char *const starts[] = {"<div",  "<span",      "<P",    "<a",     "<meta",   "<link",
					     "</div", "</span",     "</p",   "<h1",    "<titles", "</title",
					     "</svg", "</template", "<head", "</head", "<body"};
	static const char *const attributes[] = {
	    " a=b",   " a='>'",   " b=\"><title>x</title>\"",
	    "/",      " c",       " = ",
	    " d = e", " f=\"'\"", " g='\"'h=i",
	    "\n",     " =j",      " k=/",
	    " l=\"",  " m=",      "=",
	    "'",      "/>",       " n=o\"p'",
	    "\t/\f",  " \"q\"",   "<r",
	    " s==t",
	};

	ADD_ANY(page, starts);
	add_string(page, " ");
	add_soup(page, attributes, ARRAY_LENGTH(attributes), 3);
	add_string(page, ">");
}

static void add_text_element(struct page *page)
{
	static const char *const names[] = {"script",  "style",    "xmp",      "iframe",
					    "noembed", "noframes", "textarea", "script"};
	static const char *const pieces[] = {"<!--",     "-->",       "-",        "--",         ">",
					     "<script>", "<script",   "</script", "</SCRIPT >", "/",
					     "<",        "</",        "x",        " ",          "<title>t</title>",
					     "<!-",      "<scripts ", "</style",  "'\"",        "&lt;"};
	const char *name = names[below(page, ARRAY_LENGTH(names))];

	add_string(page, "<");
	add_string(page, name);
	add_string(page, below(page, 4) == 0 ? " a='>'>" : ">");
	add_soup(page, pieces, ARRAY_LENGTH(pieces), 8);
	add_string(page, "</");
	add_string(page, name);
	add_string(page, below(page, 4) == 0 ? "\n/ b='>'>" : ">");
}

static void add_noscript(struct page *page)
{
	add_string(page, "<noscript>text &lt;title></noscript>");
}

static void add_drawing(struct page *page, unsigned depth)
{
	static const char *const pieces[] = {"<g>",
					     "<g></g>",
					     "<title>s</title>",
					     "<path d='>'/>",
					     "<style>a</style>",
					     "text",
					     "<script>a</script>",
					     "<!-- <title> </svg> -->",
					     "<![CDATA[</svg><title>]] >]]>",
					     "<![CDATA[]]]>",
					     "<title/>",
					     "<svg/>",
					     "<math />",
					     "<textarea>",
					     "<![CDAT[>"};
	static const char *const starts[] = {" a='/>'>", " b=/>", " / >", "/ c>"};
	const char *name = below(page, 2) == 0 ? "svg" : "math";

	add_string(page, "<");
	add_string(page, name);
	if (below(page, 4) == 0) {
		add_string(page, "/>");
		return;
	}
	ADD_ANY(page, starts);
	add_soup(page, pieces, ARRAY_LENGTH(pieces), 4);
	if (depth > 0 && below(page, 3) == 0)
		add_drawing(page, depth - 1);
	add_soup(page, pieces, ARRAY_LENGTH(pieces), 2);
	add_string(page, "</");
	add_string(page, name);
	add_string(page, ">");
}

static void add_title(struct page *page)
{
	static const char *const starts[] = {"<title>", "<TITLE >", "<title a='>'>", "<title/>", "<title\n>"};
	static const char *const pieces[] = {
	    " ",       "\n",          "\t\r\n",    "a",        "G",          "\xc3\xa4", "\xf0\x9f\x98\x80",
	    "<b>",     "<",           "</",        "</titl",   "</title-",   "<!--",     "-->",
	    "&amp;",   "&lt;/title>", "&auml",     "&notit;",  "&notin;",    "&#146;",   "&#x20ac",
	    "&hellip", "&hellip;",    "&",         "&#",       "&#x",        "&#xg;",    "&#32;",
	    "&nbsp;",  "&ampx",       "&#0;",      "&#xd800;", "&#x110000;", "&bogus;",  "&lang;",
	    ";",       "<title>",     "</ title>", "<script>", "&#9;&#10;",  "\f",       "&apos;",
	    "&COPY",   "&Copy",       "=",
	};
	static const char *const ends[] = {"</title>", "</TITLE >", "</title\n>", "</title/>", "</tiTle a='>'>"};

	ADD_ANY(page, starts);
	add_soup(page, pieces, ARRAY_LENGTH(pieces), 8);
	ADD_ANY(page, ends);
}

static void add_template(struct page *page)
{
	add_string(page, "<template>");
	for (size_t count = below(page, 3); count > 0; count--) {
		switch (below(page, 4)) {
		case 0:
			add_title(page);
			break;
		case 1:
			add_drawing(page, 1);
			break;
		case 2:
			add_string(page, "<template><div><title>t</title></template>");
			break;
		default:
			add_string(page, "<div>text</div>");
		}
	}
	add_string(page, "</template>");
}

static void add_fragment(struct page *page)
{
	static void (*const adders[])(struct page * page) = {add_plain,        add_comment,  add_bogus_comment, add_tag,
							     add_text_element, add_noscript, add_template};
	size_t which = below(page, ARRAY_LENGTH(adders) + 1);

	if (which < ARRAY_LENGTH(adders))
		adders[which](page);
	else
		add_drawing(page, 2);
}

static void make_page(struct page *page, uint32_t seed)
{
	page->random = seed;
	page->length = 0;
	for (unsigned i = 0; i < 3; i++) {
		for (size_t count = below(page, 6); count > 0; count--)
			add_fragment(page);
		if (below(page, 4) != 0)
			add_title(page);
	}
	add_string(page, "</title>"); /* whatever title is still open */
}

/* Its first child that is another node; templates have no part in the document. */
static const GumboNode *find_title(const GumboNode *node)
{
	const GumboVector *children;

	if (node->type == GUMBO_NODE_DOCUMENT)
		children = &node->v.document.children;
	else if (node->type == GUMBO_NODE_ELEMENT)
		children = &node->v.element.children;
	else
		return NULL;
	if (node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == GUMBO_TAG_TITLE &&
	    node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML)
		return node;
	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *title = find_title(children->data[i]);

		if (title != NULL)
			return title;
	}
	return NULL;
}

static void add_collapsed(struct buffer *out, const char *text)
{
	bool has_space = false;

	for (; *text != '\0'; text++) {
		if (strchr(" \t\n\f\r", *text) != NULL) {
			has_space = true;
			continue;
		}
		if (has_space && out->length > 0)
			buffer_add_char(out, ' ');
		has_space = false;
		buffer_add_char(out, *text);
	}
}

static bool gumbo_title(struct text page, struct buffer *out)
{
	GumboOutput *parsed = gumbo_parse_with_options(&kGumboDefaultOptions, page.at, page.length);
	const GumboNode *title = find_title(parsed->document);

	for (unsigned i = 0; title != NULL && i < title->v.element.children.length; i++) {
		const GumboNode *child = title->v.element.children.data[i];

		/* gumbo makes one text of all */
		assert_true(child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE);
		add_collapsed(out, child->v.text.text);
	}
	gumbo_destroy_output(&kGumboDefaultOptions, parsed);
	return title != NULL;
}

static bool our_title(struct text page, size_t step, struct buffer *out)
{
	struct title title;
	bool is_found;

	title_init(&title, TEXT("text/html; charset=utf-8"));
	for (size_t at = 0; at < page.length; at += step)
		title_add(&title, page.at + at, page.length - at < step ? page.length - at : step);
	is_found = title_write(&title, out);
	return is_found;
}

/* Returns whether there is a title. */
static bool compare(struct text page, size_t step)
{
	struct buffer ours, theirs;
	struct arena arena;
	bool is_ours, is_theirs;

	arena_init(&arena, NULL, 0);
	ours = theirs = buffer_in(&arena);
	is_ours = our_title(page, step, &ours);
	is_theirs = gumbo_title(page, &theirs);
	if (is_ours != is_theirs || !text_equal(buffer_text(&ours), buffer_text(&theirs)))
		fail_msg("%.*s\nours (%d): \"%.*s\"\ngumbo's (%d): \"%.*s\"", TEXT_ARGS(page), is_ours,
			 TEXT_ARGS(buffer_text(&ours)), is_theirs, TEXT_ARGS(buffer_text(&theirs)));
	arena_cleanup(&arena);
	return is_ours;
}

static void titles_are_those_of_gumbo(void **state)
{
	static struct page page;
	unsigned found = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= PAGES; seed++) {
		make_page(&page, seed * 2654435761U);
		found += compare((struct text){page.bytes, page.length}, 1 + seed % 100);
	}
	/* the pages are worth something: most have a title, some have none */
	assert_in_range(found, TITLE_PAGES_MIN, PAGES - 10);
}

static const char entity_names[] =
    /* clang-format off */
    "AElig AMP Aacute Acirc Agrave Alpha Aring Atilde Auml Beta COPY Ccedil Chi Dagger Delta ETH Eacute "
    "Ecirc Egrave Epsilon Eta Euml GT Gamma Iacute Icirc Igrave Iota Iuml Kappa LT Lambda Mu Ntilde Nu "
    "OElig Oacute Ocirc Ograve Omega Omicron Oslash Otilde Ouml Phi Pi Prime Psi QUOT REG Rho Scaron "
    "Sigma THORN Tau Theta Uacute Ucirc Ugrave Upsilon Uuml Xi Yacute Yuml Zeta aacute acirc acute aelig "
    "agrave alefsym alpha amp and ang apos aring asymp atilde auml bdquo beta brvbar bull cap ccedil "
    "cedil cent chi circ clubs cong copy crarr cup curren dArr dagger darr deg delta diams divide eacute "
    "ecirc egrave empty emsp ensp epsilon equiv eta eth euml euro exist fnof forall frac12 frac14 frac34 "
    "frasl gamma ge gt hArr harr hearts hellip iacute icirc iexcl igrave image infin int iota iquest isin "
    "iuml kappa lArr lambda lang laquo larr lceil ldquo le lfloor lowast loz lrm lsaquo lsquo lt macr "
    "mdash micro middot minus mu nabla nbsp ndash ne ni not notin nsub ntilde nu oacute ocirc oelig "
    "ograve oline omega omicron oplus or ordf ordm oslash otilde otimes ouml para part permil perp phi pi "
    "piv plusmn pound prime prod prop psi quot rArr radic rang raquo rarr rceil rdquo real reg rfloor rho "
    "rlm rsaquo rsquo sbquo scaron sdot sect shy sigma sigmaf sim spades sub sube sum sup sup1 sup2 sup3 "
    "supe szlig tau there4 theta thetasym thinsp thorn tilde times trade uArr uacute uarr ucirc ugrave "
    "uml upsih upsilon uuml weierp xi yacute yen yuml zeta zwj zwnj";
/* clang-format on */

/* With a semicolon, and without it before several characters. */
static void references_are_those_of_gumbo(void **state)
{
	static const char *const after[] = {";", "", " ", "=", "x;", "x ", "1"};
	unsigned count = 0;

	(void)state;
	for (const char *at = entity_names; *at != '\0'; at += strspn(at, " ")) {
		int length = (int)strcspn(at, " ");

		for (size_t i = 0; i < ARRAY_LENGTH(after); i++) {
			char page[64];

			snprintf(page, sizeof(page), "<title>a&%.*s%s</title>", length, at, after[i]);
			assert_true(compare(text_of(page), sizeof(page)));
		}
		at += length;
		count++;
	}
	assert_int_equal(count, 259);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(titles_are_those_of_gumbo),
	    cmocka_unit_test(references_are_those_of_gumbo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
