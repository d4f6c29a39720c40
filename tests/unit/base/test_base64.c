#include "base/base64.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* RFC 4648, section 10, and the two letters that are neither letters nor digits */
static const struct {
	const char *bytes, *base64;
} groups[] = {
    {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xfb\xff\xfe", "+//+"}, {"\xff", "/w=="},
};

static void groups_go_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		unsigned count = (unsigned)strlen(groups[i].bytes);
		uint8_t bytes[3] = {0, 0, 0};
		char letters[5] = "";

		memcpy(bytes, groups[i].bytes, count);
		base64_encode_group(bytes, count, letters);
		assert_string_equal(letters, groups[i].base64);
		memset(bytes, 0xee, sizeof(bytes));
		assert_int_equal(base64_decode_group(groups[i].base64, true, bytes), count);
		assert_memory_equal(bytes, groups[i].bytes, count);
	}
}

static void every_letter_has_its_place(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	(void)state;
	for (unsigned value = 0; value < 64; value++) {
		char group[4], in[4] = {'A', 'A', 'A', letters[value]};
		uint8_t bytes[3] = {0, 0, (uint8_t)value};

		base64_encode_group(bytes, 3, group);
		assert_memory_equal(group, in, 4);
		memset(bytes, 0xee, sizeof(bytes));
		assert_int_equal(base64_decode_group(in, true, bytes), 3);
		assert_int_equal(bytes[2], value);
	}
}

static void what_is_no_base64_is_refused(void **state)
{
	/* a bad letter at each place, too much padding, padding in the middle, bits that no byte holds */
	static const char *const bad[] = {
	    "-A==", "A_==", "AA.=", "AAA ", "A===", "====", "=AAA", "AA=A", "Zh==", "Zm9=", "AAA\n", "\xc3\xa4zz"};
	uint8_t bytes[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		if (base64_decode_group(bad[i], true, bytes) != 0)
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(base64_decode_group("Zg==", false, bytes), 0);
	assert_int_equal(base64_decode_group("Zm8=", false, bytes), 0);
	assert_int_equal(base64_decode_group("Zm9v", false, bytes), 3);
}

static void lengths_are_whole_groups(void **state)
{
	(void)state;
	assert_int_equal(base64_length(0), 0);
	assert_int_equal(base64_length(1), 4);
	assert_int_equal(base64_length(3), 4);
	assert_int_equal(base64_length(4), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_go_both_ways),
	    cmocka_unit_test(every_letter_has_its_place),
	    cmocka_unit_test(what_is_no_base64_is_refused),
	    cmocka_unit_test(lengths_are_whole_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
