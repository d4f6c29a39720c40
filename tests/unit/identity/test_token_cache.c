#include "identity/token_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void digest_of(unsigned number, uint8_t digest[static DIGEST_BYTES])
{
	char text[20];

	sprintf(text, "token %u", number);
	digest_sha256(text_of(text), digest);
}

static void add(struct token_cache *cache, unsigned number, uint64_t generation, int64_t expires_s)
{
	uint8_t digest[DIGEST_BYTES];
	struct identity identity;
	char role[20];

	digest_of(number, digest);
	sprintf(role, "role_%u", number);
	identity_init(&identity, text_of(role), TEXT("{\"sub\":\"zoe\"}"), expires_s);
	token_cache_add(cache, digest, generation, &identity);
}

/* The number of the role that is found, -1: none. */
static int find(struct token_cache *cache, unsigned number, uint64_t generation, int64_t now_s)
{
	uint8_t digest[DIGEST_BYTES];
	const struct identity *identity;
	int found = -2;

	digest_of(number, digest);
	identity = token_cache_find(cache, digest, generation, now_s);
	if (identity == NULL)
		return -1;
	assert_string_equal(identity->claims.at, "{\"sub\":\"zoe\"}");
	assert_int_equal(identity->role.length, strlen(identity->role.at));
	sscanf(identity->role.at, "role_%d", &found);
	return found;
}

static void what_was_added_is_found_until_it_expires(void **state)
{
	struct token_cache *cache = token_cache_create(10, 100000);

	(void)state;
	assert_int_equal(find(cache, 1, 1, 100), -1);
	add(cache, 1, 1, 200);
	add(cache, 2, 1, IDENTITY_NEVER_EXPIRES);
	assert_int_equal(find(cache, 1, 1, 199), 1);
	assert_int_equal(find(cache, 2, 1, 199), 2);
	assert_int_equal(find(cache, 3, 1, 199), -1);
	assert_int_equal(find(cache, 1, 1, 200), -1);
	assert_int_equal(token_cache_count(cache), 1);
	/* it is gone, not hidden */
	assert_int_equal(find(cache, 1, 1, 199), -1);
	token_cache_destroy(cache);
}

static void one_without_a_role_is_found(void **state)
{
	struct token_cache *cache = token_cache_create(10, 100000);
	uint8_t digest[DIGEST_BYTES];
	struct identity identity;
	const struct identity *found;

	(void)state;
	digest_of(1, digest);
	identity_init(&identity, (struct text){0}, TEXT("{}"), 10);
	token_cache_add(cache, digest, 1, &identity);
	found = token_cache_find(cache, digest, 1, 0);
	assert_null(found->role.at);
	assert_string_equal(found->claims.at, "{}");
	assert_memory_equal(found->hash, identity.hash, DIGEST_BYTES);
	token_cache_destroy(cache);
}

static void the_same_token_again_takes_its_place(void **state)
{
	struct token_cache *cache = token_cache_create(10, 100000);

	(void)state;
	add(cache, 1, 1, 200);
	add(cache, 1, 1, 300);
	assert_int_equal(token_cache_count(cache), 1);
	assert_int_equal(find(cache, 1, 1, 250), 1);
	token_cache_destroy(cache);
}

static void the_least_recently_used_makes_room(void **state)
{
	struct token_cache *cache = token_cache_create(3, 100000);

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		add(cache, i, 1, 200);
	assert_int_equal(find(cache, 1, 1, 100), 1);
	add(cache, 4, 1, 200);
	assert_int_equal(token_cache_count(cache), 3);
	assert_int_equal(find(cache, 2, 1, 100), -1);
	assert_int_equal(find(cache, 1, 1, 100), 1);
	assert_int_equal(find(cache, 3, 1, 100), 3);
	assert_int_equal(find(cache, 4, 1, 100), 4);
	token_cache_destroy(cache);
}

static void bytes_are_bounded(void **state)
{
	static char long_claims[2000];
	struct token_cache *cache = token_cache_create(100, 4500);
	uint8_t digest[DIGEST_BYTES];
	struct identity identity;

	(void)state;
	memset(long_claims, ' ', sizeof(long_claims) - 1);
	identity_init(&identity, TEXT("a"), text_of(long_claims), 200);
	for (unsigned i = 1; i <= 5; i++) {
		digest_of(i, digest);
		token_cache_add(cache, digest, 1, &identity);
	}
	assert_int_equal(token_cache_count(cache), 2);
	assert_non_null(token_cache_find(cache, digest, 1, 0));
	token_cache_destroy(cache);

	/* one that has no room alone is not kept */
	cache = token_cache_create(100, 1500);
	token_cache_add(cache, digest, 1, &identity);
	assert_int_equal(token_cache_count(cache), 0);
	token_cache_destroy(cache);
	cache = token_cache_create(0, 100000);
	add(cache, 1, 1, 200);
	assert_int_equal(token_cache_count(cache), 0);
	token_cache_destroy(cache);
}

static void a_new_set_of_keys_empties_it(void **state)
{
	struct token_cache *cache = token_cache_create(10, 100000);

	(void)state;
	add(cache, 1, 1, 200);
	assert_int_equal(find(cache, 1, 2, 100), -1);
	assert_int_equal(token_cache_count(cache), 0);
	/* a verification that began with the old set ends now */
	add(cache, 2, 1, 200);
	assert_int_equal(find(cache, 2, 2, 100), -1);
	assert_int_equal(find(cache, 2, 1, 100), -1);
	add(cache, 3, 2, 200);
	assert_int_equal(find(cache, 3, 2, 100), 3);
	assert_int_equal(find(cache, 3, 1, 100), -1);
	assert_int_equal(find(cache, 3, 2, 100), 3);
	token_cache_destroy(cache);
}

/* Many more than there are buckets, in a random order of use: the last ones are there, and the rest is not. */
static void many_tokens(void **state)
{
	enum { ENTRIES = 1000, TOKENS = 5000 };
	struct token_cache *cache = token_cache_create(ENTRIES, 10000000);

	(void)state;
	for (unsigned i = 0; i < TOKENS; i++) {
		add(cache, i, 1, 200);
		if (i % 7 == 0)
			assert_int_equal(find(cache, i, 1, 100), i);
	}
	assert_int_equal(token_cache_count(cache), ENTRIES);
	for (unsigned i = 0; i < TOKENS; i++)
		assert_int_equal(find(cache, i, 1, 100), i < TOKENS - ENTRIES ? -1 : (int)i);
	token_cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_added_is_found_until_it_expires),
	    cmocka_unit_test(one_without_a_role_is_found),
	    cmocka_unit_test(the_same_token_again_takes_its_place),
	    cmocka_unit_test(the_least_recently_used_makes_room),
	    cmocka_unit_test(bytes_are_bounded),
	    cmocka_unit_test(a_new_set_of_keys_empties_it),
	    cmocka_unit_test(many_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
