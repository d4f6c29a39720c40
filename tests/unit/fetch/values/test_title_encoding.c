#include "title_fixture.h"

#define UMLAUT(head) BYTES(head "<title>\xc3\xa4</title>")
#define AS_UTF_8     "\xc3\xa4"
#define AS_1252      "\xc3\x83\xc2\xa4"

static void the_encoding_is_found(void **state)
{
	static const struct page pages[] = {
	    /* the byte order mark, before all */
	    {"text/html; charset=latin1", UMLAUT("\xef\xbb\xbf"), AS_UTF_8},
	    {"text/html; charset=utf-8",
	     BYTES("\xff\xfe<\0t\0i\0t\0l\0e\0>\0\xe4\0=\xd8\0\xde<\0/\0t\0i\0t\0l\0e\0>\0"),
	     "\xc3\xa4\xf0\x9f\x98\x80"},
	    {"", BYTES("\xfe\xff\0<\0t\0i\0t\0l\0e\0>\0\xe4\xd8=\xde\0\0<\0/\0t\0i\0t\0l\0e\0>"),
	     "\xc3\xa4\xf0\x9f\x98\x80"},
	    {"", BYTES("\xfe\xff\0<\0t\0i\0t\0l\0e\0>\xd8=\0a\xdc\1\xd8=\xd8=\0<\0/\0t\0i\0t\0l\0e\0>"),
	     REPLACEMENT "a" REPLACEMENT REPLACEMENT REPLACEMENT},
	    /* the header */
	    {"text/html;charset=UTF-8", UMLAUT("<meta charset=latin1>"), AS_UTF_8},
	    {"text/html; Charset = \"utf-8\"; a=b", UMLAUT(""), AS_UTF_8},
	    {"text/html; charset='utf8'", UMLAUT(""), AS_UTF_8},
	    {"text/html; charset=utf-8;a=b", UMLAUT(""), AS_UTF_8},
	    {"text/html; charset charset=utf-8", UMLAUT(""), AS_UTF_8},
	    {"text/html; charset=iso-8859-1", UMLAUT("<meta charset=utf-8>"), AS_1252},
	    {"text/html; charset=nosuch", UMLAUT("<meta charset=utf-8>"), AS_UTF_8},
	    {"text/html; charset=\"utf-8", UMLAUT(""), AS_1252},
	    {"text/html; charset=", UMLAUT(""), AS_1252},
	    {"text/html; charset", UMLAUT(""), AS_1252},
	    {"text/html; charset=utf-16", BYTES("<\0t\0i\0t\0l\0e\0>\0\xe4\0<\0/\0t\0i\0t\0l\0e\0>\0"), AS_UTF_8},
	    {"text/html; charset=utf-16be", BYTES("\0<\0t\0i\0t\0l\0e\0>\0\xe4\0<\0/\0t\0i\0t\0l\0e\0>"), AS_UTF_8},
	    /* nothing */
	    {"", UMLAUT(""), AS_1252},
	    {"", BYTES("<title>\x80\x9f\x93\xff\x81</title>"), "\xe2\x82\xac\xc5\xb8\xe2\x80\x9c\xc3\xbf" REPLACEMENT},
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

static void meta_tells_the_encoding(void **state)
{
	static const struct page pages[] = {
	    {"", UMLAUT("<meta charset=utf-8>"), AS_UTF_8},
	    {"", BYTES("<title>\xc3\xa4</title><meta charset=utf-8>"), AS_UTF_8},
	    {"", BYTES("<title>\xc3\xa4</title><META/a='>' Charset = ' UTF-8 '/>"), AS_UTF_8},
	    {"", UMLAUT("<meta charset=utf-16le>"), AS_UTF_8},
	    {"", UMLAUT("<meta charset=x-user-defined>"), AS_1252},
	    {"", UMLAUT("<meta charset=x-user-defined><meta charset=utf-8>"), AS_1252},
	    {"", UMLAUT("<meta content='charset=latin1' charset=utf-8>"), AS_UTF_8},
	    {"", UMLAUT("<meta http-equiv=refresh http-equiv=content-type content='charset=utf-8'>"), AS_1252},
	    {"", UMLAUT("<meta http-equiv=content-type content=a content='charset=utf-8'>"), AS_1252},
	    {"", UMLAUT("</a b='><meta charset=utf-8>'>"), AS_1252},
	    {"", UMLAUT("<?xml encoding=xutf-8x?>"), AS_1252},
	    {"", UMLAUT("<meta charset=nosuch><meta charset=utf-8>"), AS_UTF_8},
	    {"", UMLAUT("<meta charset=latin1 charset=utf-8>"), AS_1252},
	    {"", UMLAUT("<meta http-equiv=Content-Type content='text/html; charset=utf-8'>"), AS_UTF_8},
	    {"", UMLAUT("<meta content=\"text/html; charset='utf-8'\" http-equiv=\"content-type\">"), AS_UTF_8},
	    {"", UMLAUT("<meta content='text/html; charset=utf-8'>"), AS_1252},
	    {"", UMLAUT("<meta http-equiv=refresh content='text/html; charset=utf-8'>"), AS_1252},
	    {"", UMLAUT("<meta http-equiv=content-type content='charset=latin1' charset=utf-8>"), AS_UTF_8},
	    {"", UMLAUT("<meta charset=nosuch http-equiv=content-type content='charset=utf-8'>"), AS_1252},
	    {"", UMLAUT("<metal charset=utf-8>"), AS_1252},
	    {"", UMLAUT("<!-- <meta charset=utf-8> -->"), AS_1252},
	    {"", UMLAUT("<!--><meta charset=utf-8>"), AS_UTF_8},
	    {"", UMLAUT("<a b='<meta charset=utf-8>'>"), AS_1252},
	    {"", UMLAUT("</a b='<meta charset=utf-8>'>"), AS_1252},
	    {"", UMLAUT("<!a '><meta charset=utf-8>'"), AS_UTF_8},
	    {"", UMLAUT("<script>'<meta charset=utf-8>'</script>"), AS_UTF_8}, /* the standard's simplicity */
	    {"", BYTES("<title>\xc3\xa4</title><meta charset=utf-8"), AS_1252},
	    {"", BYTES("<title>\xc3\xa4</title><meta charset='utf-8"), AS_1252},
	    {"", BYTES("<title>\xc3\xa4</title><meta charset=utf-8 a"), AS_1252},
	    {"", UMLAUT("<?xml version='1.0' encoding=\"utf-8\"?>"), AS_UTF_8},
	    {"", UMLAUT("<?xml version='1.0' encoding=\"utf-8\"?><meta charset=latin1>"), AS_1252},
	    {"", UMLAUT(" <?xml version='1.0' encoding=\"utf-8\"?>"), AS_1252},
	    {"", UMLAUT("<?xml version='1.0' encoding=utf-8?>"), AS_1252},
	    {"", UMLAUT("<?xml encoding='latin1'?>"), AS_1252},
	    {"", BYTES("<?xml encoding='latin1'?><title>\xc3\xa4</title><meta charset=utf-8>"), AS_UTF_8},
	    {"", BYTES("<title>\x1b$BF|\x1b(B</title><meta charset=iso-2022-jp>"), "\xe6\x97\xa5"},
	};

	(void)state;
	check_all(pages, ARRAY_LENGTH(pages));
}

/* <meta> counts up to byte 1,024, and is waited for no longer. */
static void meta_is_looked_for_in_the_prefix(void **state)
{
	static const char meta[] = "<meta charset=utf-8>", tags[] = "<title>\xc3\xa4</title>";
	char bytes[2 * PRESCAN_BYTES];
	struct page page = {"", {bytes, sizeof(bytes)}, AS_UTF_8};
	size_t last = PRESCAN_BYTES - (sizeof(meta) - 1);
	struct title title;

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, tags, sizeof(tags) - 1);
	memcpy(bytes + last, meta, sizeof(meta) - 1);
	check(&page);
	memset(bytes + last, ' ', sizeof(meta));
	memcpy(bytes + last + 1, meta, sizeof(meta) - 1);
	page.title = AS_1252;
	check(&page);

	title_init(&title, TEXT(""));
	assert_true(title_add(&title, bytes, PRESCAN_BYTES - 1));
	assert_false(title_add(&title, bytes, 1));
	assert_false(title_add(&title, bytes, 1));
	assert_false(title_add(&title, NULL, 0));
}

static void encodings_are_converted(void **state)
{
	static const struct {
		const char *label, *bytes, *title;
	} cases[] = {
	    {"utf-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"utf-8", "a\xff\xc3(\xc0\xaf\xed\xa0\x80\xe2\x82",
	     "a" REPLACEMENT REPLACEMENT
	     "(" REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT},
	    {"us-ascii", "\xe4\x80", "\xc3\xa4\xe2\x82\xac"},
	    {"LATIN1", "\xe4\x80", "\xc3\xa4\xe2\x82\xac"},
	    {"iso-8859-2", "\xb1", "\xc4\x85"},
	    {"iso-8859-9", "\xfd\x80", "\xc4\xb1\xe2\x82\xac"},
	    {"iso-8859-15", "\xa4", "\xe2\x82\xac"},
	    {"iso-8859-11", "\xa1\x80", "\xe0\xb8\x81\xe2\x82\xac"},
	    {"windows-1251", "\xcf\xf0", "\xd0\x9f\xd1\x80"},
	    {"windows-1250", "a\x81z", "a" REPLACEMENT "z"},
	    /* a letter is held back for its accent */
	    {"windows-1258", "a\xcc\x8a", "\xc3\xa0" REPLACEMENT},
	    {"windows-1258", "a\x8a", "a" REPLACEMENT},
	    {"windows-1258", "Ta", "Ta"},
	    {"koi8-r", "\xf0", "\xd0\x9f"},
	    {"koi8-u", "\xa4", "\xd1\x94"},
	    {"ibm866", "\x8f", "\xd0\x9f"},
	    {"macintosh", "\x8a", "\xc3\xa4"},
	    {"gb2312", "\xd6\xd0\x80", "\xe4\xb8\xad" REPLACEMENT},
	    {"gbk", "\x84\x31\xa4\x37\x95\x32\x82\x36", "\xef\xbf\xbd\xf0\xa0\x80\x80"},
	    {"big5", "\xa4\xa4", "\xe4\xb8\xad"},
	    {"big5", "\x88\x66\xff", "\xc3\x8a" REPLACEMENT},
	    {"big5", "\x88\x66", "\xc3\x8a"},
	    {"big5", "\x88\x62\xff\x88\x66", "\xc3\x8a\xcc\x84" REPLACEMENT "\xc3\x8a"},
	    {"shift_jis", "\x93\xfa\x83\x5c\x81\x60", "\xe6\x97\xa5\xe3\x82\xbd\xef\xbd\x9e"},
	    {"euc-jp", "\xc6\xfc", "\xe6\x97\xa5"},
	    {"iso-2022-jp", "\x1b$BF|K\\\x1b(B a", "\xe6\x97\xa5\xe6\x9c\xac a"},
	    {"euc-kr", "\xc7\xd1\xa0", "\xed\x95\x9c" REPLACEMENT},
	    {"windows-949", "\xc7", REPLACEMENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char content_type[64], bytes[128];
		struct page page = {content_type, {bytes, 0}, cases[i].title};

		snprintf(content_type, sizeof(content_type), "text/html; charset=%s", cases[i].label);
		snprintf(bytes, sizeof(bytes), "<title>%s</title>", cases[i].bytes);
		page.bytes.length = strlen(bytes);
		check(&page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_encoding_is_found),
	    cmocka_unit_test(meta_tells_the_encoding),
	    cmocka_unit_test(meta_is_looked_for_in_the_prefix),
	    cmocka_unit_test(encodings_are_converted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
