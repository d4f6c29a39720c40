#include "loadgen/engine/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "loadgen/engine/record.h"

/* Feeds `bytes` in pieces of `step`; *rest is what was left behind the response. */
static enum response_state feed(struct response *response, struct text bytes, size_t step, size_t *rest)
{
	enum response_state state = RESPONSE_INCOMPLETE;
	size_t from = 0;

	while (from < bytes.length && state == RESPONSE_INCOMPLETE) {
		size_t length = bytes.length - from < step ? bytes.length - from : step;
		char *copy = malloc(length + 1); /* so that the sanitizer sees a step too far */
		struct text piece = {copy, length};

		memcpy(copy, bytes.at + from, length);
		state = response_feed(response, &piece);
		assert_true(piece.at >= copy && piece.length <= length);
		from += length - piece.length;
		free(copy);
		if (state == RESPONSE_INCOMPLETE)
			assert_int_equal(piece.length, 0);
	}
	*rest = bytes.length - from;
	return state;
}

struct good {
	const char *bytes;
	unsigned status, rest;
	bool is_keep_alive, is_head;
	uint32_t queue_us, database_us, total_us;
};

#define NONE TIMING_UNKNOWN, TIMING_UNKNOWN, TIMING_UNKNOWN
static const struct good goods[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, 0, true, false, NONE},
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, 0, true, false, NONE},
    {"HTTP/1.1 200 OK\r\ncontent-length:\t 3 \r\n\r\nabc", 200, 0, true, false, NONE},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, 0, true, false, NONE},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 304, 0, true, false, NONE},
    {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 200, 0, true, true, NONE},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", 200, 0, false, false, NONE},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, 0, false, false, NONE},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", 201, 0, true, false, NONE},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200, 0, true,
     false, NONE},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: yes\r\n\r\n", 200, 0, true, false, NONE},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 404 No\r\n", 200, 17, true, false, NONE},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 200, 0, true, false, NONE},
    {"HTTP/1.1 200 OK\r\nServer-Timing: queue;dur=0.012, db;dur=1.234, total;dur=1.3\r\nContent-Length: 0\r\n\r\n", 200,
     0, true, false, 12, 1234, 1300},
    {"HTTP/1.1 200 OK\r\nserver-timing: total;dur=2000\r\nContent-Length: 0\r\n\r\n", 200, 0, true, false,
     TIMING_UNKNOWN, TIMING_UNKNOWN, 2000000},
    {"HTTP/1.1 200 OK\r\nServer-Timing: cache;desc=\"x\";dur=5, db;dur=3\r\nContent-Length: 0\r\n\r\n", 200, 0, true,
     false, TIMING_UNKNOWN, 3000, TIMING_UNKNOWN},
    {"HTTP/1.1 200 OK\r\nServer-Timing: db;dur=many\r\nContent-Length: 0\r\n\r\n", 200, 0, true, false, NONE},
};

static void what_is_whole_is_read_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(goods); i++)
		for (size_t step = 1; step <= strlen(goods[i].bytes); step++) {
			const struct good *good = &goods[i];
			struct response response;
			size_t rest;

			response_init(&response, good->is_head);
			if (feed(&response, text_of(good->bytes), step, &rest) != RESPONSE_WHOLE)
				fail_msg("in pieces of %zu: '%s' is not whole", step, good->bytes);
			assert_int_equal(response.status, good->status);
			assert_int_equal(rest, good->rest);
			assert_int_equal(response.is_keep_alive, good->is_keep_alive);
			assert_int_equal(response.bytes, strlen(good->bytes) - good->rest);
			assert_int_equal(response.timing.queue_us, good->queue_us);
			assert_int_equal(response.timing.database_us, good->database_us);
			assert_int_equal(response.timing.total_us, good->total_us);
		}
}

static void without_a_length_it_ends_with_the_connection(void **state)
{
	static const char bytes[] = "HTTP/1.1 200 OK\r\n\r\nas long as it goes on";
	struct response response;
	size_t rest;

	(void)state;
	response_init(&response, false);
	assert_int_equal(feed(&response, text_of(bytes), 7, &rest), RESPONSE_INCOMPLETE);
	assert_int_equal(response_close(&response), RESPONSE_WHOLE);
	assert_false(response.is_keep_alive);
	assert_int_equal(response.bytes, sizeof(bytes) - 1);
}

static void what_ends_early_is_not_whole(void **state)
{
	static const char *const early[] = {
	    "",
	    "HTTP/1.1 200",
	    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(early); i++) {
		struct response response;
		size_t rest;

		response_init(&response, false);
		assert_int_equal(feed(&response, text_of(early[i]), 5, &rest), RESPONSE_INCOMPLETE);
		assert_int_equal(response_close(&response), RESPONSE_INCOMPLETE);
	}
}

static const char *const wrong[] = {
    "220 mail ESMTP\r\n",
    "HTTP/2.0 200 OK\r\n",
    "HTTP/1.1 20 OK\r\n",
    "HTTP/1.1 2000 OK\r\n",
    "HTTP/1.1 abc OK\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n",
};

static void what_two_readers_could_read_differently_is_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		for (size_t step = 1; step <= strlen(wrong[i]); step++) {
			struct response response;
			size_t rest;

			response_init(&response, false);
			if (feed(&response, text_of(wrong[i]), step, &rest) != RESPONSE_MALFORMED)
				fail_msg("in pieces of %zu: '%s' is taken for a response", step, wrong[i]);
			assert_non_null(response.what);
		}
}

static void a_head_is_bounded(void **state)
{
	struct response response;
	enum response_state result = RESPONSE_INCOMPLETE;
	struct text line = TEXT("HTTP/1.1 200 OK\r\n");
	size_t fed = 0;

	(void)state;
	response_init(&response, false);
	assert_int_equal(response_feed(&response, &line), RESPONSE_INCOMPLETE);
	for (; result == RESPONSE_INCOMPLETE && fed < 4 * RESPONSE_HEAD_MAX; fed += 6) {
		struct text header = TEXT("A: b\r\n");

		result = response_feed(&response, &header);
	}
	assert_int_equal(result, RESPONSE_MALFORMED);
	assert_in_range(fed, RESPONSE_HEAD_MAX - 100, RESPONSE_HEAD_MAX + 100);
}

static void a_location_is_kept_where_it_is_wanted(void **state)
{
	static struct response_room room;
	char long_one[3000], head[3100];
	struct response response;
	size_t rest;

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	long_one[200] = '\0';
	for (unsigned turn = 0; turn < 2; turn++) {
		snprintf(head, sizeof(head),
			 "HTTP/1.1 302 Found\r\nA: b\r\nlocation:  /%s\r\nContent-Length: 0\r\n\r\n", long_one);
		for (size_t step = 1; step < sizeof(head); step = step * 2 + 1) {
			response_init(&response, false);
			response_want_location(&response, &room);
			assert_int_equal(feed(&response, text_of(head), step, &rest), RESPONSE_WHOLE);
			assert_int_equal(room.value.length, turn == 0 ? 201 : 0);
			assert_true(turn == 1 || room.value.at[0] == '/');
		}
		memset(long_one, 'x', sizeof(long_one)); /* longer than there is room for: as if there was none */
		long_one[2900] = '\0';
	}
	response_init(&response, false);
	assert_int_equal(feed(&response, text_of(head), sizeof(head), &rest), RESPONSE_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_whole_is_read_however_it_is_cut),
	    cmocka_unit_test(without_a_length_it_ends_with_the_connection),
	    cmocka_unit_test(what_ends_early_is_not_whole),
	    cmocka_unit_test(what_two_readers_could_read_differently_is_malformed),
	    cmocka_unit_test(a_head_is_bounded),
	    cmocka_unit_test(a_location_is_kept_where_it_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
