#include "title_fixture.h"

#define MANY(string) string string string string string string string string string string
#define UTF_8        "text/html; charset=utf-8"
#define CASE(page, expected)                                                                                           \
	{                                                                                                              \
		UTF_8, BYTES(page), expected                                                                           \
	}
#define NONE(page)                                                                                                     \
	{                                                                                                              \
		UTF_8, BYTES(page), NULL                                                                               \
	}

static void the_first_title_is_found(void **state)
{
	static const struct page pages[] = {
	    CASE("<!DOCTYPE html><html><head><title>One</title><title>Two</title>", "One"),
	    CASE("<TITLE lang=en data-a='>' b=\">\">One</TiTlE>", "One"),
	    CASE("<title/>One</title>", "One"),
	    CASE("<title>One</title ", "One"),
	    CASE("<title>One</title/", "One"),
	    CASE("<title></title><title>Two</title>", ""),
	    CASE("<title> \n </title>", ""),
	    CASE("<titles>x</titles><title>One</title>", "One"),
	    CASE("<titl>x</titl><title>One</title>", "One"),
	    CASE("<title-title-title-title-title>x<title>One</title>", "One"),
	    CASE("<titlexxxxxxxxxxx>x<title>One</title>", "One"),
	    CASE("</title><title>One</title>", "One"),
	    CASE("<body><p>text<div><title>One</title>", "One"),
	    CASE("<title>a <b>c</b> <!-- d --> </titles> </ title> <</title>",
		 "a <b>c</b> <!-- d --> </titles> </ title> <"),
	    CASE("<title>a</tit</title>", "a</tit"),
	    CASE("<title>a<</title>", "a<"),
	    CASE("<title>a</</title>", "a</"),
	    CASE("<title>a</title-x></title>", "a</title-x>"),
	    NONE(""),
	    NONE("a"),
	    NONE("<p>nothing"),
	    NONE("<title>One"),
	    NONE("<title>One</title"),
	    NONE("<title"),
	    NONE("&lt;title>One</title>"),
	    NONE("< title>One</title>"),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void comments_and_declarations_are_skipped(void **state)
{
	static const struct page pages[] = {
	    CASE("<!-- <title>x</title> --><title>One</title>", "One"),
	    CASE("<!-- <title>x</title> --!><title>One</title>", "One"),
	    CASE("<!--><title>One</title>-->", "One"),
	    CASE("<!---><title>One</title>-->", "One"),
	    CASE("<!----><title>One</title>-->", "One"),
	    CASE("<!-- a -- > <title>x</title> - -> ---><title>One</title>", "One"),
	    CASE("<!-- a --!-> <title>x</title> --!- --!a> <title>x</title> --><title>One</title>", "One"),
	    CASE("<!-- <!-- --><title>One</title>-->", "One"),
	    CASE("<!-- <!--><title>One</title>", "One"),
	    CASE("<!-- a --!--><title>One</title>-->", "One"),
	    CASE("<?<title>><title>One</title>", "One"),
	    CASE("<!-x><title>One</title>", "One"),
	    CASE("<!-><title>One</title>", "One"),
	    CASE("<!><title>One</title>", "One"),
	    CASE("<!d '><title>One</title>", "One"),
	    CASE("<?xml a='><title>One</title>", "One"),
	    CASE("</><title>One</title>", "One"),
	    CASE("</ <title>><title>One</title>", "One"),
	    CASE("</5><title>One</title>", "One"),
	    CASE("<![CDATA[><title>One</title>]]>", "One"),
	    CASE("<!DOCTYPE html PUBLIC \"a><title>One</title>", "One"),
	    CASE("<5<title>One</title>", "One"),
	    CASE("<<title>One</title>", "One"),
	    NONE("<!-- <title>x</title>"),
	    NONE("<!-- -- ><title>x</title>"),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void attributes_are_skipped(void **state)
{
	static const struct page pages[] = {
	    CASE("<a b=\"<title>x</title>\"><title>One</title>", "One"),
	    CASE("<a b = '<title>x</title>' c><title>One</title>", "One"),
	    CASE("<a b=c\"><title>One</title>\">", "One"),
	    CASE("<a b\"=><title>One</title>\">", "One"),
	    CASE("<a =\"><title>One</title>\">", "One"),
	    CASE("<a ='x'><title>One</title>", "One"),
	    CASE("<a b=''c=\">\"/d = '>'><title>One</title>", "One"),
	    CASE("<a/b/=/c='>'/><title>One</title>", "One"),
	    CASE("<a b=/><title>One</title>", "One"),
	    CASE("<a b  c  =  \">\"><title>One</title>", "One"),
	    CASE("<a b=><title>One</title>", "One"),
	    CASE("<a\tb='\"'\fc=\"'\"\r><title>One</title>", "One"),
	    CASE("</a b='>'><title>One</title>", "One"),
	    CASE("<a<title>x</title><title>One</title>", "One"),
	    NONE("<a b=\"><title>x</title>"),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void elements_of_text_are_skipped(void **state)
{
	static const struct page pages[] = {
	    CASE("<script>'<title>x</title>'</script><title>One</title>", "One"),
	    CASE("<STYLE a='>'><title>x</title></scripT></styl></style\n><title>One</title>", "One"),
	    CASE("<textarea><title>x</title></textarea><title>One</title>", "One"),
	    CASE("<noscript><title>x</title></noscript><title>One</title>", "One"),
	    CASE("<iframe><title>x</title></iframe/><title>One</title>", "One"),
	    CASE("<xmp><title>x</title></xmp a='>'><title>One</title>", "One"),
	    CASE("<noembed><title>x</title></noembed><title>One</title>", "One"),
	    CASE("<noframes><title>x</title></noframes><title>One</title>", "One"),
	    CASE("<style><!-- <title>x</title></style><title>One</title>", "One"),
	    CASE("<style/><title>x</title></style><title>One</title>", "One"),
	    CASE("<style><!--<script></style><title>One</title>", "One"),
	    CASE("<style></style<title>x</title></style><title>One</title>", "One"),
	    CASE("<template><title>x</title></template><title>One</title>", "One"),
	    CASE("<template><template></template><title>x</title></template><title>One</title>", "One"),
	    CASE("<template><svg></template><title>One</title>", "One"),
	    CASE("</template><title>One</title>", "One"),
	    NONE("<plaintext></plaintext><title>x</title>"),
	    NONE("<script><title>x</title>"),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void scripts_escape_scripts(void **state)
{
	static const struct page pages[] = {
	    CASE("<script><!--<script></script><title>x</title>--></script><title>One</title>", "One"),
	    CASE("<script><!--<script></script></script><title>One</title>", "One"),
	    CASE("<script><!--<script>--></script><title>One</title>", "One"),
	    CASE("<script><!-- </script><title>One</title>", "One"),
	    CASE("<script><!--><script></script><title>One</title>", "One"),
	    CASE("<script><!---><script></script><title>One</title>", "One"),
	    CASE("<script><!-<script></script><title>One</title>", "One"),
	    CASE("<script><!- -<script></script><title>One</title>", "One"),
	    CASE("<script>!--<script></script><title>One</title>", "One"),
	    CASE("<script><!--<scripts></script><title>One</title>", "One"),
	    CASE("<script><!--<5script></script><title>One</title>", "One"),
	    CASE("<script><!--<script-></script><title>One</title>", "One"),
	    CASE("<script><!--<SCRIPT/</scripts></script ></script><title>One</title>", "One"),
	    CASE("<script><!--<script></ script></script></script><title>One</title>", "One"),
	    CASE("<script><!--<script>-<->--</script></script><title>One</title>", "One"),
	    CASE("<script><!-- - -> --<> <script </script></script><title>One</title>", "One"),
	    CASE("<script><!-- a --> <script></script><title>One</title>", "One"),
	    CASE("<script><!-- a ----> <script></script><title>One</title>", "One"),
	    CASE("<script><!--</script><script><script></script><title>One</title>", "One"),
	    NONE("<script><!--<script></script><title>x</title>"),
	    NONE("<script><!-- a -- > <script></script><title>x</title>"),
	    NONE("<script><!-- a -> <script></script><title>x</title>"),
	    NONE("<script><!--<><script></script><title>x</title>"),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void titles_of_drawings_are_skipped(void **state)
{
	static const struct page pages[] = {
	    CASE("<svg><title>x</title></svg><title>One</title>", "One"),
	    CASE("<math><title>x</title></math><title>One</title>", "One"),
	    CASE("<SVG a='/>'><g><title>x</title></g></svG ><title>One</title>", "One"),
	    CASE("<svg/><title>One</title>", "One"),
	    CASE("<svg a=b /><title>One</title>", "One"),
	    CASE("<svg a='/'/><title>One</title>", "One"),
	    CASE("<svg a=/><title>x</title></svg><title>One</title>", "One"),
	    CASE("<svg / a><title>x</title></svg><title>One</title>", "One"),
	    CASE("<svg><svg></svg><title>x</title></svg><title>One</title>", "One"),
	    CASE("<svg><math></svg><title>One</title>", "One"),
	    CASE("<svg></math><title>x</title></svg><title>One</title>", "One"),
	    CASE("</svg><title>One</title>", "One"),
	    CASE("<svg><style><a></style></svg><title>One</title>", "One"),
	    CASE("<svg><style></svg><title>One</title>", "One"),
	    CASE("<svg><![CDATA[</svg><title>x</title>]]></svg><title>One</title>", "One"),
	    CASE("<svg><![CDATA[>]>]] ></svg><title>x</title>]]]></svg><title>One</title>", "One"),
	    CASE("<svg><![CDAT[></svg><title>One</title>", "One"),
	    CASE(MANY("<svg>") MANY("<svg>") MANY("<svg>") MANY("<svg>") MANY("</svg>") MANY("</svg>") MANY("</svg>")
		     MANY("</svg>") "<title>One</title>",
		 "One"),
	    NONE("<svg><title>x</title>"),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void white_space_is_collapsed(void **state)
{
	static const struct page pages[] = {
	    CASE("<title> \t\r\n\fOne \n\n two\n</title>", "One two"),
	    CASE("<title>&#32; &#9;One&#10;&#13; &#xC;two&#32;</title>", "One two"),
	    CASE("<title>&nbsp;One\v</title>", "\xc2\xa0One" REPLACEMENT),
	    CASE("<title>a\0b\x01\x7f&#128;&#129;\xc2\x85</title>",
		 "a" REPLACEMENT "b" REPLACEMENT REPLACEMENT "\xe2\x82\xac" REPLACEMENT REPLACEMENT),
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void references_are_decoded(void **state)
{
	static const struct page pages[] = {
	    CASE("<title>&lt;b&gt; &amp;amp; &quot;&apos;&AMP;</title>", "<b> &amp; \"'&"),
	    CASE("<title>&auml;&Auml;&hellip;&rarr;&thetasym;&euro;</title>",
		 "\xc3\xa4\xc3\x84\xe2\x80\xa6\xe2\x86\x92\xcf\x91\xe2\x82\xac"),
	    CASE("<title>&lang;&rang;&AElig;&zwnj;</title>", "\xe2\x9f\xa8\xe2\x9f\xa9\xc3\x86\xe2\x80\x8c"),
	    CASE("<title>&copy 2026 &ampx &notit; &notin; &notin &auml=</title>",
		 "\xc2\xa9 2026 &x \xc2\xacit; \xe2\x88\x89 \xc2\xacin \xc3\xa4="),
	    CASE("<title>&hellip &euro &apos &nosuchthing; & &; &a &</title>",
		 "&hellip &euro &apos &nosuchthing; & &; &a &"),
	    CASE("<title>&#228;&#xe4;&#XE4;&#228&#xe4 &#0000000000228;x</title>",
		 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4x"),
	    CASE("<title>&#146;&#x80;&#x1F600;</title>", "\xe2\x80\x99\xe2\x82\xac\xf0\x9f\x98\x80"),
	    CASE("<title>&#0;&#xd800;&#x110000;&#4294967361;&#x10ffff;</title>",
		 REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT "\xf4\x8f\xbf\xbf"),
	    CASE("<title>&#;&#x;&#xg;&#a;&#</title>", "&#;&#x;&#xg;&#a;&#"),
	    CASE("<title>&lt;/title></title>", "</title>"),
	    {"", BYTES("<title>\xe4&auml;</title>"), "\xc3\xa4\xc3\xa4"},
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

/* bsearch finds nothing in a table that is not sorted. */
static void every_entity_is_found(void **state)
{
	static const char *const some[] = {"&AElig;",  "&AMP;", "&Aacute;", "&Zeta;",
					   "&aacute;", "&zwj;", "&zwnj;",   "&yuml;"};
	uint32_t point;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(some); i++)
		assert_int_equal(entity_read(text_of(some[i]), &point), strlen(some[i]));
	assert_int_equal(entity_read(TEXT("&#0;"), &point), 4);
	assert_int_equal(point, ENTITY_REPLACEMENT);
	assert_int_equal(entity_read(TEXT("&zzz;"), &point), 0);
	assert_int_equal(entity_read(TEXT("&"), &point), 0);
	assert_int_equal(entity_read(TEXT("&;"), &point), 0);
	assert_int_equal(entity_read(TEXT("&alefsymx;"), &point), 0);
}

static void it_ends_as_soon_as_it_can(void **state)
{
	static const struct {
		const char *content_type, *page;
	} cases[] = {
	    {UTF_8, "<title>\xc3\xa4</title>"},
	    {"", "<title>a</title>"},
	    {"", "\xef\xbb\xbf<title>\xc3\xa4</title>"},
	    {"", "<meta charset=utf-8><title>\xc3\xa4</title>"},
	    {"", "<title>\xc3\xa4</title><meta charset=utf-8>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		size_t length = strlen(cases[i].page);
		struct title title;

		title_init(&title, text_of(cases[i].content_type));
		assert_true(title_add(&title, NULL, 0));
		assert_true(title_add(&title, cases[i].page, length - 1));
		assert_false(title_add(&title, cases[i].page + length - 1, 1));
	}
}

static char *put_run(char *at, const char *what, size_t count)
{
	size_t length = strlen(what);

	for (; count > 0; count--, at += length)
		memcpy(at, what, length);
	return at;
}

/* `count` times `what` in a title, `lead` before it: `kept_count` times `kept` is the title. */
static void check_cut_in(const char *content_type, const char *lead, const char *what, size_t count, const char *kept,
			 size_t kept_count)
{
	static char bytes[64 * 1024], expected[TITLE_BYTES_MAX + 1];
	struct page page = {content_type, {bytes, 0}, expected};
	char *at = put_run(bytes, "<title>", 1);

	at = put_run(at, lead, 1);
	at = put_run(put_run(at, what, count), "</title>", 1);
	page.bytes.length = (size_t)(at - bytes);
	*put_run(put_run(expected, lead, 1), kept, kept_count) = '\0';
	check(&page);
}

static void check_cut(const char *lead, const char *what, size_t count, const char *kept, size_t kept_count)
{
	check_cut_in(UTF_8, lead, what, count, kept, kept_count);
}

static void what_is_long_is_cut(void **state)
{
	(void)state;
	check_cut("", "a", TITLE_BYTES_MAX, "a", TITLE_BYTES_MAX);
	check_cut("", "a", TITLE_BYTES_MAX + 1, "a", TITLE_BYTES_MAX);
	check_cut("", "a", 60000, "a", TITLE_BYTES_MAX);
	check_cut("a", "\xe2\x82\xac", 3000, "\xe2\x82\xac", (TITLE_BYTES_MAX - 1) / 3);
	check_cut("ab", "\xe2\x82\xac", 3000, "\xe2\x82\xac", (TITLE_BYTES_MAX - 2) / 3);
	check_cut("", "&#x20ac;", 2000, "\xe2\x82\xac", TITLE_BYTES_MAX / 8);
	check_cut("a", "&#x20ac;", 2000, "\xe2\x82\xac", (TITLE_BYTES_MAX - 1) / 8);
	check_cut("abcdef", "&#x20ac;", 2000, "\xe2\x82\xac", (TITLE_BYTES_MAX - 6) / 8);
	check_cut("abc", "&amp;", 2000, "&", (TITLE_BYTES_MAX - 3) / 5);
	check_cut("abcdefg", "\xe2\x82\xac&amp;", 2000, "\xe2\x82\xac&", (TITLE_BYTES_MAX - 7) / 8);
	check_cut_in("text/html; charset=gbk", "abc", "\xd6\xd0&amp;", 2000, "\xe4\xb8\xad&",
		     (TITLE_BYTES_MAX - 3) / 7);
	/* it grows as it is converted */
	check_cut_in("", "", "\x80", 2000, "\xe2\x82\xac", TITLE_BYTES_MAX / 3);
	check_cut("a", " a", 2000, " a", (TITLE_BYTES_MAX - 1) / 2);
	check_cut("", "&auml", (TITLE_BYTES_MAX) / 5, "\xc3\xa4", TITLE_BYTES_MAX / 5);
}

/* The space before what no longer fits, and one at the beginning. */
static void space_is_cut(void **state)
{
	char bytes[TITLE_BYTES_MAX + 64], expected[TITLE_BYTES_MAX + 1];
	struct page page = {UTF_8, {bytes, 0}, expected};
	char *at;

	(void)state;
	at = put_run(put_run(put_run(bytes, "<title>", 1), "a", TITLE_BYTES_MAX - 1), " b</title>", 1);
	page.bytes.length = (size_t)(at - bytes);
	*put_run(expected, "a", TITLE_BYTES_MAX - 1) = '\0';
	check(&page);
	at = put_run(put_run(put_run(bytes, "<title> ", 1), "a", TITLE_BYTES_MAX), "</title>", 1);
	page.bytes.length = (size_t)(at - bytes);
	*put_run(expected, "a", TITLE_BYTES_MAX) = '\0';
	check(&page);
}

/* White space takes no room, and neither does what turns out to be the end tag. */
static void what_is_before_may_be_long(void **state)
{
	static char bytes[800 * 1024];
	struct page page = {UTF_8, {bytes, 0}, "One two"};
	char *at = put_run(bytes, "<style>a>b{}</style><!-- <title> -->", 20000);

	(void)state;
	at = put_run(put_run(at, "<title>", 1), " \n", 2000);
	at = put_run(put_run(put_run(at, "One", 1), "\t ", 2000), "two</title>", 1);
	page.bytes.length = (size_t)(at - bytes);
	check(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_title_is_found),   cmocka_unit_test(comments_and_declarations_are_skipped),
	    cmocka_unit_test(attributes_are_skipped),     cmocka_unit_test(elements_of_text_are_skipped),
	    cmocka_unit_test(scripts_escape_scripts),     cmocka_unit_test(titles_of_drawings_are_skipped),
	    cmocka_unit_test(white_space_is_collapsed),   cmocka_unit_test(references_are_decoded),
	    cmocka_unit_test(every_entity_is_found),      cmocka_unit_test(it_ends_as_soon_as_it_can),
	    cmocka_unit_test(what_is_long_is_cut),        cmocka_unit_test(space_is_cut),
	    cmocka_unit_test(what_is_before_may_be_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
