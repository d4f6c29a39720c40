#include "identity/api_keys.h"

#include "base/hex.h"
#include "identity/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static char *hex_of(const char *key, struct arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[DIGEST_BYTES];
	char *hex = arena_alloc(arena, 2 * DIGEST_BYTES + 1);

	digest_sha256(text_of(key), digest);
	for (unsigned i = 0; i < DIGEST_BYTES; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * DIGEST_BYTES] = '\0';
	return hex;
}

/* NULL, and *said the lines that were printed. */
static struct api_keys *read_keys(struct text text, char **said)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct arena arena = {0};
	size_t bytes = 0;
	FILE *out = open_memstream(said, &bytes);
	struct api_keys *keys;

	diagnostics_init(diagnostics, &arena);
	keys = api_keys_create(text, "keys", diagnostics);
	assert_int_equal(keys == NULL, diagnostics->count > 0);
	diagnostics_print(diagnostics, out);
	fclose(out);
	arena_cleanup(&arena);
	free(diagnostics);
	return keys;
}

static void keys_are_found_by_their_hash(void **state)
{
	struct arena arena = {0};
	char *one = hex_of("key one", &arena), *two = hex_of("key two", &arena), *said;
	char *file = arena_printf(
	    &arena, "# comment\n\n  web %s  reader\r\n\tbilling\t%s\tbiller\t{\"tenant\": 7, \"a\":\"b c\"} \n", one,
	    two);
	struct api_keys *keys = read_keys(text_of(file), &said);
	const struct identity *identity;

	(void)state;
	assert_string_equal(said, "");
	free(said);
	identity = api_keys_find(keys, TEXT("key one"));
	assert_string_equal(identity->role.at, "reader");
	assert_string_equal(identity->claims.at, "{\"sub\":\"web\",\"role\":\"reader\"}");
	assert_int_equal(identity->claims.length, strlen(identity->claims.at));
	assert_true(identity->expires_s == IDENTITY_NEVER_EXPIRES);
	identity = api_keys_find(keys, TEXT("key two"));
	assert_string_equal(identity->role.at, "biller");
	assert_string_equal(identity->claims.at, "{\"tenant\": 7, \"a\":\"b c\"}");
	assert_null(api_keys_find(keys, TEXT("key three")));
	assert_null(api_keys_find(keys, TEXT("key one ")));
	assert_null(api_keys_find(keys, TEXT("")));
	assert_null(api_keys_find(keys, text_of(one)));
	api_keys_destroy(keys);
	arena_cleanup(&arena);
}

static void upper_case_digits_are_the_same(void **state)
{
	struct arena arena = {0};
	char *hex = hex_of("key one", &arena), *said;
	struct api_keys *keys;

	(void)state;
	for (char *c = hex; *c != '\0'; c++)
		if (*c >= 'a')
			*c = (char)(*c - 'a' + 'A');
	keys = read_keys(text_of(arena_printf(&arena, "web %s reader", hex)), &said);
	free(said);
	assert_non_null(api_keys_find(keys, TEXT("key one")));
	api_keys_destroy(keys);
	arena_cleanup(&arena);
}

static void an_empty_file_has_no_keys(void **state)
{
	char *said;
	struct api_keys *keys = read_keys(TEXT("# nothing\n"), &said);

	(void)state;
	free(said);
	assert_null(api_keys_find(keys, TEXT("")));
	api_keys_destroy(keys);
	api_keys_destroy(NULL);
}

#define HEX        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NAME_64    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define EXPECTED   "NAME SHA256 ROLE [CLAIMS] was expected: "
#define BAD_NAME   EXPECTED "a name has 1 to 64 of the letters A to Z and a to z, digits, \"_\", \"-\" and \".\"\n"
#define BAD_HASH   EXPECTED "the second word must be the key's SHA-256, as 64 hexadecimal digits\n"
#define BAD_ROLE   EXPECTED "the third word must be a role, of 63 bytes at most, and not \"none\"\n"
#define BAD_CLAIMS EXPECTED "the claims must be one JSON object, without duplicate members and \\u0000\n"

static void faults_are_told_with_their_line(void **state)
{
	static const struct {
		const char *file, *said;
	} cases[] = {
	    {NAME_64 " " HEX " a", ""},
	    {"AZaz09_-. " HEX " a", ""},
	    {" \t # comment\n\r\n  \r\n", ""},
	    {NAME_64 "m " HEX " a", "keys:1: " BAD_NAME},
	    {"a/b " HEX " a", "keys:1: " BAD_NAME},
	    {"\xc3\xa4 " HEX " a", "keys:1: " BAD_NAME},
	    {"\n\na", "keys:3: " BAD_HASH},
	    {"a " HEX "0 a", "keys:1: " BAD_HASH},
	    {"a g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef a", "keys:1: " BAD_HASH},
	    {"a 0g23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef a", "keys:1: " BAD_HASH},
	    {"a " HEX, "keys:1: " BAD_ROLE},
	    {"a " HEX " a [\"a\":1}", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " none", "keys:1: " BAD_ROLE},
	    {"a " HEX " " NAME_64, "keys:1: " BAD_ROLE},
	    {"a " HEX " \xff", "keys:1: " BAD_ROLE},
	    {"a " HEX " a {", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a b", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a []", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a {} {}", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a {\"a\":1,\"a\":1}", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a {\"a\":\"\\u0000\"}", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a {\"a\":\"\xff\"}", "keys:1: " BAD_CLAIMS},
	    {"a " HEX " a\na 1" HEX " b\n", "keys:2: " BAD_HASH},
	    {"a " HEX " a\nb " HEX " b\n", "keys:2: " EXPECTED "another line has the same key\n"},
	    {"a " HEX " a\na 1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef b\n",
	     "keys:2: " EXPECTED "another line has the same name\n"},
	    {"a\nb\n", "keys:1: " BAD_HASH "keys:2: " BAD_HASH},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		char *said;

		api_keys_destroy(read_keys(text_of(cases[i].file), &said));
		if (strcmp(said, cases[i].said) != 0)
			fail_msg("%s:\n%sexpected\n%s", cases[i].file, said, cases[i].said);
		free(said);
	}
}

static void their_number_is_bounded(void **state)
{
	struct arena arena = {0};
	size_t used = 0, line = strlen("n0001 " HEX " a\n");
	char *file = arena_alloc(&arena, (API_KEYS_MAX + 1) * line + 1), *said;
	struct api_keys *keys;

	(void)state;
	for (unsigned i = 0; i <= API_KEYS_MAX; i++)
		used += (size_t)sprintf(file + used, "n%04u %04u%s a\n", i, i, &HEX[4]);
	keys = read_keys((struct text){file, used - line}, &said);
	assert_non_null(keys);
	free(said);
	api_keys_destroy(keys);
	assert_null(read_keys((struct text){file, used}, &said));
	assert_string_equal(said, "keys:1001: " EXPECTED "more than 1000 keys\n");
	free(said);
	arena_cleanup(&arena);
}

/* The last of many, as the first. */
/* The longest that are taken, and the first that are not. */
static void lengths_are_bounded(void **state)
{
	struct arena arena = {0};
	char *key = memset(arena_alloc_zeroed(&arena, API_KEY_BYTES_MAX + 2), 'k', API_KEY_BYTES_MAX), *said;
	char *blanks = memset(arena_alloc_zeroed(&arena, JWS_BYTES_MAX), ' ', JWS_BYTES_MAX - 2);
	char *file = memset(arena_alloc(&arena, API_KEYS_BYTES_MAX + 1), '\n', API_KEYS_BYTES_MAX + 1);
	struct api_keys *keys =
	    read_keys(text_of(arena_printf(&arena, "web %s reader {%s}", hex_of(key, &arena), blanks)), &said);

	(void)state;
	free(said);
	assert_int_equal(api_keys_find(keys, text_of(key))->claims.length, JWS_BYTES_MAX);
	api_keys_destroy(keys);
	key[API_KEY_BYTES_MAX] = 'k';
	keys = read_keys(text_of(arena_printf(&arena, "web %s reader", hex_of(key, &arena))), &said);
	free(said);
	assert_null(api_keys_find(keys, text_of(key)));
	api_keys_destroy(keys);
	assert_null(read_keys(text_of(arena_printf(&arena, "web " HEX " reader { %s}", blanks)), &said));
	assert_string_equal(said, "keys:1: " BAD_CLAIMS);
	free(said);
	keys = read_keys((struct text){file, API_KEYS_BYTES_MAX}, &said);
	assert_non_null(keys);
	free(said);
	api_keys_destroy(keys);
	assert_null(read_keys((struct text){file, API_KEYS_BYTES_MAX + 1}, &said));
	assert_string_equal(said, "keys: too long: 1048576 bytes at most are expected\n");
	free(said);
	assert_false(api_keys_name_is_valid(TEXT("")));
	arena_cleanup(&arena);
}

static void each_of_many_is_found(void **state)
{
	struct arena arena = {0};
	char *file = arena_alloc(&arena, 100 * 100), *said;
	size_t used = 0;
	struct api_keys *keys;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		used += (size_t)sprintf(file + used, "n%u %s role%u\n", i,
					hex_of(arena_printf(&arena, "key %u", i), &arena), i);
	keys = read_keys((struct text){file, used}, &said);
	free(said);
	for (unsigned i = 0; i < 100; i++)
		assert_string_equal(api_keys_find(keys, text_of(arena_printf(&arena, "key %u", i)))->role.at,
				    arena_printf(&arena, "role%u", i));
	api_keys_destroy(keys);
	arena_cleanup(&arena);
}

/* A hash that is another in one bit alone is another. */
static void each_bit_of_the_hash_counts(void **state)
{
	struct arena arena = {0};

	(void)state;
	for (unsigned bit = 0; bit < 8 * DIGEST_BYTES; bit++) {
		char *hex = hex_of("key one", &arena), *digit = &hex[bit / 4], *said;
		struct api_keys *keys;

		*digit = "0123456789abcdef"[(unsigned)hex_value(*digit) ^ 1U << bit % 4];
		keys = read_keys(text_of(arena_printf(&arena, "web %s reader", hex)), &said);
		free(said);
		assert_null(api_keys_find(keys, TEXT("key one")));
		api_keys_destroy(keys);
	}
	arena_cleanup(&arena);
}

static void a_key_is_made_with_its_line(void **state)
{
	struct arena arena = {0};
	char key[API_KEY_LENGTH + 1], other[API_KEY_LENGTH + 1], *said;
	struct text line;
	struct api_keys *keys;

	(void)state;
	assert_null(api_keys_make(TEXT("web"), TEXT("reader"), TEXT("{\"a\": 1}"), &arena, key, &line));
	assert_int_equal(strlen(key), API_KEY_LENGTH);
	assert_memory_equal(key, "mt_", 3);
	assert_null(memmem(line.at, line.length, key, API_KEY_LENGTH));
	keys = read_keys(line, &said);
	free(said);
	assert_string_equal(api_keys_find(keys, text_of(key))->claims.at, "{\"a\": 1}");
	api_keys_destroy(keys);
	assert_null(api_keys_make(TEXT("web"), TEXT("reader"), (struct text){0}, &arena, other, &line));
	assert_string_not_equal(key, other);
	assert_non_null(api_keys_make(TEXT("#web"), TEXT("reader"), (struct text){0}, &arena, key, &line));
	assert_non_null(api_keys_make(TEXT(""), TEXT("reader"), (struct text){0}, &arena, key, &line));
	assert_non_null(api_keys_make(TEXT("a b"), TEXT("reader"), (struct text){0}, &arena, key, &line));
	assert_non_null(api_keys_make(TEXT("web"), TEXT("a b"), (struct text){0}, &arena, key, &line));
	assert_non_null(api_keys_make(TEXT("web"), TEXT(""), (struct text){0}, &arena, key, &line));
	assert_non_null(api_keys_make(TEXT("web"), TEXT("none"), (struct text){0}, &arena, key, &line));
	assert_non_null(api_keys_make(TEXT("web"), TEXT("a"), TEXT("{}\nb"), &arena, key, &line));
	assert_non_null(api_keys_make(TEXT("web"), TEXT("a"), TEXT("[]"), &arena, key, &line));
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_found_by_their_hash), cmocka_unit_test(upper_case_digits_are_the_same),
	    cmocka_unit_test(an_empty_file_has_no_keys),    cmocka_unit_test(faults_are_told_with_their_line),
	    cmocka_unit_test(their_number_is_bounded),      cmocka_unit_test(each_of_many_is_found),
	    cmocka_unit_test(lengths_are_bounded),          cmocka_unit_test(each_bit_of_the_hash_counts),
	    cmocka_unit_test(a_key_is_made_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
