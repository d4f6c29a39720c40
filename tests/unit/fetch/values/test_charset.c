#include "fetch/values/charset.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/percent.h"

static void what_iconv_lacks_is_windows_1252(void **state)
{
	static const struct charset none = {CHARSET_BY_ICONV, "NO-SUCH-CHARSET", "none"};
	char out[2 * CHARSET_GROWTH_MAX];

	(void)state;
	assert_int_equal(charset_to_utf8(&none, TEXT("\xe4\x80"), false, out), 5);
	assert_memory_equal(out, "\xc3\xa4\xe2\x82\xac", 5);
}

/* All that is promised is known to iconv, and converts every byte there is. */
static void every_label_is_known(void **state)
{
	static const char *const labels[] = {
	    "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255",  "windows-1256",
	    "windows-1257", "windows-1258", "windows-874",  "iso-8859-2",   "iso-8859-3",    "iso-8859-4",
	    "iso-8859-5",   "iso-8859-6",   "iso-8859-7",   "iso-8859-8",   "iso-8859-8-i",  "iso-8859-10",
	    "iso-8859-13",  "iso-8859-14",  "iso-8859-15",  "iso-8859-16",  "koi8-r",        "koi8-u",
	    "ibm866",       "macintosh",    "gb18030",      "big5",         "shift_jis",     "euc-jp",
	    "iso-2022-jp",  "euc-kr",       "tis-620",      "latin2",       "x-mac-cyrillic"};
	char bytes[2 * 256], out[sizeof(bytes) * CHARSET_GROWTH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i < 256 ? i : i * 7);
	for (size_t i = 0; i < ARRAY_LENGTH(labels); i++) {
		const struct charset *charset = charset_of_label(text_of(labels[i]));
		iconv_t iconv_state;

		assert_non_null(charset);
		iconv_state = iconv_open("UTF-8", charset->iconv_name);
		assert_true(iconv_state != (iconv_t)-1);
		iconv_close(iconv_state);
		assert_true(utf8_is_valid(
		    (struct text){out, charset_to_utf8(charset, (struct text){bytes, sizeof(bytes)}, false, out)}));
	}
	assert_null(charset_of_label(TEXT("")));
	assert_null(charset_of_label(TEXT("utf")));
	assert_null(charset_of_label(TEXT("utf-8 utf8")));
	assert_null(charset_of_label(TEXT("iso-2022-kr")));
}

static void utf_16_arrives_byte_by_byte(void **state)
{
	static const struct {
		bool is_big_endian;
		struct text bytes, expected;
	} cases[] = {
	    {false, TEXT_INIT("a\0"), TEXT_INIT("a")},
	    {true, TEXT_INIT("\0a"), TEXT_INIT("a")},
	    {true, TEXT_INIT("\xd8\x3d\xde\x00"), TEXT_INIT("\xf0\x9f\x98\x80")},
	    {false, TEXT_INIT("\x3d\xd8\x00\xde"), TEXT_INIT("\xf0\x9f\x98\x80")},
	    {true, TEXT_INIT("\xd8\x3d\0a"),
	     TEXT_INIT("\xef\xbf\xbd"
		       "a")},
	    {true, TEXT_INIT("\xde\x00"), TEXT_INIT("\xef\xbf\xbd")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct charset_utf16 utf16 = {.is_big_endian = cases[i].is_big_endian};
		char out[64];
		size_t length = 0;

		for (size_t at = 0; at < cases[i].bytes.length; at++)
			length += charset_add_utf16(&utf16, (uint8_t)cases[i].bytes.at[at], out + length);
		assert_true(text_equal((struct text){out, length}, cases[i].expected));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_iconv_lacks_is_windows_1252),
	    cmocka_unit_test(every_label_is_known),
	    cmocka_unit_test(utf_16_arrives_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
