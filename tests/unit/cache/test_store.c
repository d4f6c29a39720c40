/* The store of answers: keys, time, bytes, and what is forgotten. */
#include "cache/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BYTES_MAX = 16 * 1024, SUBJECT = 7 };

static struct cache_store store;

static int set_up(void **state)
{
	(void)state;
	cache_store_init(&store, BYTES_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cache_store_cleanup(&store);
	return 0;
}

static uint64_t hash_of(const char *key)
{
	return cache_store_hash(&store, text_of(key));
}

static bool put_of(const char *key, size_t length, unsigned subject, uint64_t generation, struct cache_times times)
{
	struct cache_answer *answer = cache_answer_create(length);
	bool was_stored;

	memset(answer->bytes, key[0], length);
	was_stored = cache_store_put(&store, text_of(key), hash_of(key), subject, generation, &times, answer);
	cache_answer_release(answer);
	return was_stored;
}

static bool put(const char *key, size_t length)
{
	return put_of(key, length, SUBJECT, cache_store_generation(&store, SUBJECT), (struct cache_times){0, 100, 200});
}

static const struct cache_entry *find_at(const char *key, uint64_t now_ns)
{
	return cache_store_find(&store, text_of(key), hash_of(key), now_ns);
}

static const struct cache_entry *find(const char *key)
{
	return find_at(key, 1);
}

static void what_was_put_is_found(void **state)
{
	const struct cache_entry *entry;

	(void)state;
	assert_null(find("a"));
	assert_true(put("a", 10));
	assert_true(put("b", 20));
	entry = find("a");
	assert_int_equal(entry->answer->length, 10);
	assert_int_equal(entry->answer->bytes[9], 'a');
	assert_int_equal(entry->times.fresh_until_ns, 100);
	assert_null(find("c"));
	assert_null(find("aa"));
	assert_int_equal(store.count, 2);
}

static void what_is_put_again_replaces_what_was_there(void **state)
{
	size_t bytes;

	(void)state;
	assert_true(put("a", 10));
	bytes = store.bytes;
	assert_true(put("a", 30));
	assert_int_equal(find("a")->answer->length, 30);
	assert_int_equal(store.count, 1);
	assert_int_equal(store.bytes, bytes + 20);
}

/* The hash of another key may be the same. */
static void keys_are_compared(void **state)
{
	(void)state;
	assert_true(put("a", 10));
	assert_null(cache_store_find(&store, TEXT("b"), hash_of("a"), 1));
	assert_null(cache_store_find(&store, TEXT("a"), hash_of("b"), 1));
}

static void time_ends_it(void **state)
{
	(void)state;
	assert_true(put("a", 10));
	assert_non_null(find_at("a", 199));
	assert_null(find_at("a", 200));
	assert_int_equal(store.count, 0);
	assert_int_equal(store.bytes, 0);
}

static void a_subject_is_forgotten(void **state)
{
	uint64_t before = cache_store_generation(&store, SUBJECT);
	struct cache_times times = {0, 100, 200};

	(void)state;
	assert_true(put("a", 10));
	assert_true(put_of("b", 10, SUBJECT + 1, cache_store_generation(&store, SUBJECT + 1), times));
	cache_store_forget(&store, SUBJECT);
	assert_null(find("a"));
	assert_non_null(find("b"));
	/* what was asked before comes too late */
	assert_false(put_of("a", 10, SUBJECT, before, times));
	assert_null(find("a"));
	assert_true(put("a", 10));
	assert_non_null(find("a"));
}

static void everything_is_forgotten(void **state)
{
	uint64_t before = cache_store_generation(&store, SUBJECT);
	struct list taken;

	(void)state;
	assert_true(put("a", 10));
	assert_true(put("b", 10));
	cache_store_forget_all(&store, &taken);
	assert_null(find("a"));
	assert_int_equal(store.count, 0);
	assert_int_equal(store.bytes, 0);
	cache_store_free(&taken);
	assert_false(put_of("a", 10, SUBJECT, before, (struct cache_times){0, 100, 200}));
	assert_true(put("a", 10));
	assert_non_null(find("a"));
}

static void the_one_that_was_not_used_for_longest_goes_first(void **state)
{
	(void)state;
	for (char key[2] = "a"; key[0] < 'a' + 10; key[0]++) {
		assert_true(put(key, 1800));
		assert_true(store.bytes <= BYTES_MAX);
		assert_non_null(find("a"));
	}
	assert_null(find("b"));
	assert_non_null(find("j"));
	assert_int_equal(store.evicted + store.count, 10);
}

/* No one asks for them any more, so they are no loss. */
static void what_was_forgotten_makes_room_uncounted(void **state)
{
	(void)state;
	for (char key[2] = "a"; key[0] < 'a' + 8; key[0]++)
		assert_true(put(key, 1800));
	cache_store_forget(&store, SUBJECT);
	for (char key[2] = "A"; key[0] < 'A' + 8; key[0]++)
		assert_true(put(key, 1800));
	assert_int_equal(store.evicted, 0);
	assert_true(store.bytes <= BYTES_MAX);
}

static void what_is_too_large_is_not_kept(void **state)
{
	(void)state;
	assert_true(put("a", 10));
	assert_false(put("b", BYTES_MAX / CACHE_SHARE));
	assert_non_null(find("a"));
	cache_store_cleanup(&store);
	cache_store_init(&store, 0);
	assert_false(put("a", 1));
}

/* The last holder frees it: the sanitizer looks. */
static void an_answer_outlives_its_entry(void **state)
{
	struct cache_answer *answer;
	struct list taken;

	(void)state;
	assert_true(put("a", 10));
	answer = find("a")->answer;
	cache_answer_hold(answer);
	cache_store_forget_all(&store, &taken);
	cache_store_free(&taken);
	assert_int_equal(answer->bytes[0], 'a');
	cache_answer_release(answer);
}

static void names_become_subjects(void **state)
{
	(void)state;
	assert_true(cache_subject_of(TEXT("find_country")) < CACHE_SUBJECTS);
	assert_int_equal(cache_subject_of(TEXT("a")), cache_subject_of(TEXT("a")));
	assert_int_not_equal(cache_subject_of(TEXT("a")), cache_subject_of(TEXT("b")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_was_put_is_found),
	    TEST(what_is_put_again_replaces_what_was_there),
	    TEST(keys_are_compared),
	    TEST(time_ends_it),
	    TEST(a_subject_is_forgotten),
	    TEST(everything_is_forgotten),
	    TEST(the_one_that_was_not_used_for_longest_goes_first),
	    TEST(what_was_forgotten_makes_room_uncounted),
	    TEST(what_is_too_large_is_not_kept),
	    TEST(an_answer_outlives_its_entry),
	    TEST(names_become_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
