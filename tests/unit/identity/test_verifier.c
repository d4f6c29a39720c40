/* What credentials are held to, while keys change. */
#include "identity/verifier.h"

#include "base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;
static struct diagnostics diagnostics;
static const struct token_rules rules = {NULL, NULL, "role"};
static const char old_secret[] = "0123456789abcdef0123456789abcdef", new_secret[] = "fedcba9876543210fedcba9876543210";

static struct key_set *set_of(const char *secret)
{
	struct key_set *set = key_set_create(text_of(secret), "keys", KEYS_FOR_VERIFYING, &diagnostics);

	assert_non_null(set);
	return set;
}

static struct text sign(const char *secret, const char *claims)
{
	struct key key;
	struct text token;

	assert_null(key_of_secret(&key, text_of(secret)));
	token = jws_sign(&key, algorithm_first(key.algorithms), text_of(claims), &arena);
	key_cleanup(&key);
	return token;
}

static enum token_error check(struct verifier *verifier, struct text credential, struct identity *identity)
{
	uint64_t generation = 0;
	enum token_error error = verifier_check(verifier, credential, 1000, &arena, identity, &generation);

	assert_int_equal(generation, verifier_generation(verifier));
	return error;
}

static struct key_ring *ring_of(const char *secret)
{
	return key_ring_create(secret != NULL ? set_of(secret) : NULL);
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	diagnostics_init(&diagnostics, &arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

/* What is refused at sight is refused by a check as well, for the same reason. */
static void what_cannot_be_good_is_seen_at_once(void **state)
{
	struct key_ring *ring = ring_of(old_secret);
	struct api_keys *api_keys = api_keys_create(
	    TEXT("a 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef b\n"), "keys", &diagnostics);
	struct verifier *all = verifier_create(&rules, ring, api_keys), *tokens = verifier_create(&rules, ring, NULL),
			*none = verifier_create(&rules, NULL, NULL);
	static char long_key[API_KEY_BYTES_MAX + 2] = "mt_", long_token[JWS_BYTES_MAX + 2];
	const struct {
		struct text credential;
		enum token_error all, tokens, none;
	} cases[] = {
	    {TEXT(""), TOKEN_MALFORMED, TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN},
	    {TEXT("a.b"), TOKEN_MALFORMED, TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN},
	    {TEXT("YQ.YQ.YQ.YQ"), TOKEN_MALFORMED, TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN},
	    {TEXT("YQ.Y Q.YQ"), TOKEN_MALFORMED, TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN},
	    {TEXT("YQ.YQ.YQ"), TOKEN_GOOD, TOKEN_GOOD, TOKEN_KEY_UNKNOWN},
	    {TEXT("mt_a"), TOKEN_GOOD, TOKEN_API_KEY, TOKEN_API_KEY},
	    {{long_key, sizeof(long_key) - 1}, TOKEN_API_KEY, TOKEN_API_KEY, TOKEN_API_KEY},
	    {{long_token, sizeof(long_token) - 1}, TOKEN_TOO_LONG, TOKEN_TOO_LONG, TOKEN_KEY_UNKNOWN},
	};
	struct identity identity;

	(void)state;
	memset(long_key + 3, 'a', sizeof(long_key) - 4);
	memset(long_token, 'a', sizeof(long_token) - 1);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(verifier_look(all, cases[i].credential), cases[i].all);
		assert_int_equal(verifier_look(tokens, cases[i].credential), cases[i].tokens);
		assert_int_equal(verifier_look(none, cases[i].credential), cases[i].none);
		if (cases[i].all != TOKEN_GOOD)
			assert_int_equal(check(all, cases[i].credential, &identity), cases[i].all);
	}
	verifier_destroy(all);
	verifier_destroy(tokens);
	verifier_destroy(none);
	key_ring_destroy(ring);
}

static void without_keys_nothing_is_good(void **state)
{
	struct verifier *verifier = verifier_create(&rules, NULL, NULL);
	struct key_ring *ring = ring_of(NULL);
	struct identity identity;

	(void)state;
	assert_int_equal(check(verifier, sign(old_secret, "{}"), &identity), TOKEN_KEY_UNKNOWN);
	assert_int_equal(check(verifier, TEXT("mt_abc"), &identity), TOKEN_API_KEY);
	assert_false(verifier_ask_for_keys(verifier));
	verifier_destroy(verifier);
	verifier = verifier_create(&rules, ring, NULL);
	assert_int_equal(check(verifier, sign(old_secret, "{}"), &identity), TOKEN_NO_KEYS);
	assert_false(verifier_ask_for_keys(verifier));
	verifier_destroy(verifier);
	verifier_destroy(NULL);
	key_ring_destroy(ring);
	key_ring_destroy(NULL);
}

static bool note_asked(void *data, bool is_operator)
{
	unsigned *asked = data;

	assert_false(is_operator);
	return ++*asked > 1;
}

static void newer_keys_are_asked_for(void **state)
{
	struct key_ring *ring = ring_of(old_secret);
	struct verifier *verifier = verifier_create(&rules, ring, NULL);
	unsigned asked = 0;

	(void)state;
	key_ring_on_ask(ring, note_asked, &asked);
	assert_false(verifier_ask_for_keys(verifier));
	assert_true(verifier_ask_for_keys(verifier));
	assert_int_equal(asked, 2);
	verifier_destroy(verifier);
	key_ring_destroy(ring);
}

static void a_change_of_keys_counts_at_once(void **state)
{
	struct key_ring *ring = ring_of(old_secret);
	struct verifier *verifier = verifier_create(&rules, ring, NULL);
	struct text old = sign(old_secret, "{\"role\":\"a\"}"), new = sign(new_secret, "{\"role\":\"b\"}");
	uint64_t generation = verifier_generation(verifier);
	struct verifier *other;
	struct identity identity;

	(void)state;
	assert_true(generation > 0);
	assert_int_equal(check(verifier, old, &identity), TOKEN_GOOD);
	assert_true(text_equal(identity.role, TEXT("a")));
	assert_int_equal(check(verifier, new, &identity), TOKEN_SIGNATURE);
	key_ring_change(ring, set_of(new_secret));
	assert_true(verifier_generation(verifier) > generation);
	assert_int_equal(check(verifier, old, &identity), TOKEN_SIGNATURE);
	assert_int_equal(check(verifier, new, &identity), TOKEN_GOOD);
	assert_true(text_equal(identity.role, TEXT("b")));
	other = verifier_create(&rules, NULL, NULL);
	assert_true(verifier_generation(other) > verifier_generation(verifier));
	verifier_destroy(other);
	verifier_destroy(verifier);
	key_ring_destroy(ring);
}

static void an_api_key_is_told_by_how_it_begins(void **state)
{
	char key[API_KEY_LENGTH + 1];
	struct text line;
	struct api_keys *keys;
	struct key_ring *ring;
	struct verifier *verifier;
	struct identity identity;

	(void)state;
	assert_null(api_keys_make(TEXT("billing"), TEXT("biller"), (struct text){NULL, 0}, &arena, key, &line));
	keys = api_keys_create(line, "keys", &diagnostics);
	assert_non_null(keys);
	ring = ring_of(old_secret);
	verifier = verifier_create(&rules, ring, keys);
	assert_true(verifier_takes_for_api_key(text_of(key)));
	assert_false(verifier_takes_for_api_key(sign(old_secret, "{}")));
	assert_false(verifier_takes_for_api_key(TEXT("mt")));
	assert_int_equal(check(verifier, text_of(key), &identity), TOKEN_GOOD);
	assert_true(text_equal(identity.role, TEXT("biller")));
	key[10] = key[10] == 'x' ? 'y' : 'x';
	assert_int_equal(check(verifier, text_of(key), &identity), TOKEN_API_KEY);
	key_ring_change(ring, NULL);
	assert_int_equal(check(verifier, sign(old_secret, "{}"), &identity), TOKEN_NO_KEYS);
	verifier_destroy(verifier);
	key_ring_destroy(ring);
}

/* Under ThreadSanitizer and AddressSanitizer: a set that is being used outlives its replacement. */

static struct verifier *shared;
static struct text shared_token;
static atomic_bool is_over;

static void *check_on(void *data)
{
	struct arena own;
	struct identity identity;
	uint64_t generation;
	unsigned *good = data;

	arena_init(&own, NULL, 0);
	while (!atomic_load(&is_over)) {
		if (verifier_check(shared, shared_token, 1000, &own, &identity, &generation) == TOKEN_GOOD)
			*good += 1;
		arena_reset(&own);
	}
	arena_cleanup(&own);
	return NULL;
}

static void keys_change_while_others_check(void **state)
{
	pthread_t threads[2];
	unsigned good[2] = {0};
	struct key_ring *ring = ring_of(old_secret);

	(void)state;
	shared = verifier_create(&rules, ring, NULL);
	shared_token = sign(old_secret, "{\"role\":\"a\"}");
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, check_on, &good[i]), 0);
	for (int i = 0; i < 300; i++)
		key_ring_change(ring, set_of(old_secret));
	atomic_store(&is_over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	verifier_destroy(shared);
	key_ring_destroy(ring);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_cannot_be_good_is_seen_at_once),
	    TEST(without_keys_nothing_is_good),
	    TEST(newer_keys_are_asked_for),
	    TEST(a_change_of_keys_counts_at_once),
	    TEST(an_api_key_is_told_by_how_it_begins),
	    TEST(keys_change_while_others_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
