#include "server/key_refresh.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "fetch/document.h"

#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum { CONNECT_TIMEOUT_MS = 3000, SILENCE_TIMEOUT_MS = 5000 };

static void say_what_is_left_out(const struct diagnostics *diagnostics)
{
	for (unsigned i = 0; i < diagnostics->count && i < DIAGNOSTICS_MAX; i++)
		log_warning("server", "keys of tokens: %s: %s", diagnostics->items[i].file,
			    diagnostics->items[i].message);
}

static void note_failure(struct key_refresh *refresh, const char *why)
{
	if (!refresh->has_failed)
		log_error("server", "the keys of tokens cannot be fetched from %s: %s", refresh->shown, why);
	refresh->has_failed = true;
}

static void note_success(struct key_refresh *refresh, const struct key_set *keys)
{
	if (refresh->has_failed || !refresh->was_fetched)
		log_info("server", "keys of tokens: %u from %s", keys->count, refresh->shown);
	refresh->has_failed = false;
}

/* What is the same as before is no change: what was verified stays known. */
static bool is_news(struct key_refresh *refresh, struct text document)
{
	uint8_t digest[DIGEST_BYTES];

	digest_sha256(document, digest);
	if (memcmp(digest, refresh->digest, sizeof(digest)) == 0)
		return false;
	memcpy(refresh->digest, digest, sizeof(digest));
	return true;
}

static void fetch_once(struct key_refresh *refresh)
{
	struct diagnostics *diagnostics = memory_alloc(sizeof(*diagnostics));
	struct arena arena = {0};
	struct buffer document = buffer_in(&arena);
	struct key_set *keys = NULL;
	const char *why = "it holds no set of public keys";

	diagnostics_init(diagnostics, &arena);
	if (document_fetch(refresh->url, &refresh->transfer, KEY_SET_BYTES_MAX, KEY_REFRESH_TIMEOUT_MS,
			   &refresh->is_over, &document, &why) == 0) {
		keys = key_set_create(buffer_text(&document), refresh->shown, KEYS_FETCHED, diagnostics);
		why = "it holds no set of public keys";
		say_what_is_left_out(diagnostics);
	}
	metrics_note_keys(refresh->metrics, keys != NULL);
	if (keys != NULL) {
		note_success(refresh, keys);
		if (is_news(refresh, buffer_text(&document)))
			key_ring_change(refresh->ring, keys);
		else
			key_set_destroy(keys);
	} else {
		note_failure(refresh, why);
	}
	arena_cleanup(&arena);
	free(diagnostics);
}

static struct timespec next_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += KEY_REFRESH_S;
	return time;
}

/* False: it is the end. The lock is held. */
static bool wait_for_reason(struct key_refresh *refresh)
{
	struct timespec until = next_time();
	int status = 0;

	while (!refresh->is_over && !refresh->is_asked && status == 0)
		status = pthread_cond_timedwait(&refresh->changed, &refresh->lock, &until);
	return !refresh->is_over;
}

static void fetch_now(struct key_refresh *refresh)
{
	refresh->is_asked = false;
	refresh->is_fetching = true;
	pthread_mutex_unlock(&refresh->lock);
	fetch_once(refresh);
	pthread_mutex_lock(&refresh->lock);
	refresh->is_fetching = false;
	refresh->was_fetched = true;
	pthread_cond_broadcast(&refresh->changed);
}

static void *run_thread(void *data)
{
	struct key_refresh *refresh = data;

	pthread_mutex_lock(&refresh->lock);
	do
		fetch_now(refresh);
	while (wait_for_reason(refresh));
	pthread_mutex_unlock(&refresh->lock);
	return NULL;
}

/* Any client can ask for keys: by a token that names one which is not there. So for clients it is done now and then. */
static bool on_ask(void *data, bool is_operator)
{
	struct key_refresh *refresh = data;
	uint64_t now_ns = clock_now_ns();
	bool may_come;

	pthread_mutex_lock(&refresh->lock);
	if (is_operator || refresh->asked_ns == 0 || now_ns > refresh->asked_ns + KEY_REFRESH_ASKED_S * NS_PER_S) {
		if (!is_operator)
			refresh->asked_ns = now_ns;
		refresh->is_asked = true;
		pthread_cond_signal(&refresh->changed);
	}
	may_come = refresh->is_asked || refresh->is_fetching;
	pthread_mutex_unlock(&refresh->lock);
	return may_come;
}

static void make_lock(struct key_refresh *refresh)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&refresh->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&refresh->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* Neither this thread nor those that libcurl starts from it hear signals. At the start the main thread does. */
static void start_thread(struct key_refresh *refresh)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	REQUIRE(pthread_create(&refresh->thread, NULL, run_thread, refresh) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void key_refresh_start(struct key_refresh *refresh)
{
	char why[100];

	snprintf(refresh->shown, sizeof(refresh->shown), "%.*s", (int)strcspn(refresh->url, "?"), refresh->url);
	REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	refresh->transfer = (struct transfer_settings){
	    .user_agent = "meantime",
	    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	    .silence_timeout_ms = SILENCE_TIMEOUT_MS,
	};
	/* it is the operator's own choice, and may be inside */
	REQUIRE(egress_init(&refresh->transfer.egress, "0.0.0.0/0, [::]/0", why, sizeof(why)) == 0);
	if (strncasecmp(refresh->url, "http://", 7) == 0)
		log_warning("server",
			    "keys of tokens: %s is not https, so a host on the way can put its own in their "
			    "place",
			    refresh->shown);
	key_ring_on_ask(refresh->ring, on_ask, refresh);
	make_lock(refresh);
	start_thread(refresh);
	pthread_mutex_lock(&refresh->lock);
	while (!refresh->was_fetched)
		pthread_cond_wait(&refresh->changed, &refresh->lock);
	pthread_mutex_unlock(&refresh->lock);
}

void key_refresh_stop(struct key_refresh *refresh)
{
	pthread_mutex_lock(&refresh->lock);
	atomic_store(&refresh->is_over, true);
	pthread_cond_broadcast(&refresh->changed);
	pthread_mutex_unlock(&refresh->lock);
	pthread_join(refresh->thread, NULL);
	pthread_cond_destroy(&refresh->changed);
	pthread_mutex_destroy(&refresh->lock);
	curl_global_cleanup();
}
