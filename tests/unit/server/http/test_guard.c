/* The corpus: raw heads and what the guard makes of each. What is accepted is as much a promise as what is not. */
#include "server/http/guard.h"
#include "guard_fixture.h"

#define START "GET /a HTTP/1.1\r\n"
#define HOST  "Host: a\r\n"
#define POST  "POST /a HTTP/1.1\r\n" HOST
#define END   "\r\n"

struct sample {
	const char *raw;
	size_t length;
	enum error error;
	const char *says; /* a part of the detail */
};

#define ACCEPTED(raw)                                                                                                  \
	{                                                                                                              \
		(raw), sizeof(raw) - 1, ERROR_NONE, NULL                                                               \
	}
#define REFUSED(raw, says)                                                                                             \
	{                                                                                                              \
		(raw), sizeof(raw) - 1, ERROR_BAD_INPUT, (says)                                                        \
	}
#define REFUSED_WITH(error, raw, says)                                                                                 \
	{                                                                                                              \
		(raw), sizeof(raw) - 1, (error), (says)                                                                \
	}

static void check(const struct sample *sample)
{
	/* exactly the bytes, so that ASan sees a read beyond them */
	char *raw = malloc(sample->length + (sample->length == 0));
	struct http_head head;
	struct http_guard_verdict verdict;

	assert_non_null(raw);
	memcpy(raw, sample->raw, sample->length);
	verdict = read_head(&head, raw, sample->length);
	free(raw);
	assert_false(verdict.is_incomplete);
	if (verdict.error != sample->error ||
	    (sample->says == NULL ? verdict.detail != NULL
				  : verdict.detail == NULL || strstr(verdict.detail, sample->says) == NULL))
		fail_msg("\n%s\n gave error %u, \"%s\";\n expected %u, \"%s\"", sample->raw, verdict.error,
			 verdict.detail != NULL ? verdict.detail : "", sample->error,
			 sample->says != NULL ? sample->says : "");
}

static void check_all(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&samples[i]);
}

static void honest_requests_pass(void **state)
{
	static const struct sample samples[] = {
	    ACCEPTED(START HOST END),
	    ACCEPTED(START "host: a\r\n" END),
	    ACCEPTED(START "HOST:a\r\n" END),
	    ACCEPTED(START "Host: \t a \t \r\n" END),
	    ACCEPTED(START "Host:\r\n" END),
	    ACCEPTED(START "Host: localhost:8080\r\n" END),
	    ACCEPTED(START "Host: [::1]:8080\r\n" END),
	    ACCEPTED("\r\n" START HOST END),
	    ACCEPTED("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" START HOST END),
	    ACCEPTED("GET http://a/b HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET HTTPS://a HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET http://[::1]:8080/b?c=d@e:// HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET http://a/b HTTP/1.0\r\n" END),
	    ACCEPTED("OPTIONS * HTTP/1.1\r\n" HOST END),
	    ACCEPTED("OPTIONS http://a HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET /a HTTP/1.0\r\n" END),
	    ACCEPTED("GET /a HTTP/1.0\r\n" HOST END),
	    ACCEPTED("POST /a HTTP/1.0\r\nContent-Length: 1\r\n" END "x"),
	    ACCEPTED("PURGE /a HTTP/1.1\r\n" HOST END),
	    ACCEPTED("OPTIONS / HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET /a?b=c&d=%23 HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET /?url=http://x/y HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET //a/*:8 HTTP/1.1\r\n" HOST END),
	    ACCEPTED("GET /\xc3\xa5land HTTP/1.1\r\n" HOST END),
	    ACCEPTED(START HOST "X-Empty:\r\n" END),
	    ACCEPTED(START HOST "X-Tab: a\tb\r\n" END),
	    ACCEPTED(START HOST "X-Latin: caf\xe9\r\n" END),
	    ACCEPTED(START HOST "X-Colons: a: b: c\r\n" END),
	    ACCEPTED(START HOST "X!#$%&'*+-.^_`|~9: every token character\r\n" END),
	    ACCEPTED(START HOST "X-Content-Length: no\r\nContent-Length-X: no\r\n" END),
	    ACCEPTED(START HOST "X-Same: 1\r\nX-Same: 2\r\n" END),
	    ACCEPTED(START HOST "User-Agent: curl/7.88.1\r\nAccept: */*\r\n" END),
	    ACCEPTED(POST "Content-Length: 0\r\n" END),
	    ACCEPTED(POST "Content-Length:5\r\n" END "hello"),
	    ACCEPTED(POST "content-length: 0005 \r\n" END "hello"),
	    ACCEPTED(POST "Content-Length: 3\r\n" END "a\nb"),
	    ACCEPTED(POST "Content-Length: 62\r\n" END
			  "\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n bare\n and \0 ok"),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void doubtful_body_length_is_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED(POST "Content-Length: 5\r\nContent-Length: 5\r\n" END "hello", "more than one Content-Length"),
	    REFUSED(POST "Content-Length: 5\r\nContent-Length: 6\r\n" END "hello", "more than one Content-Length"),
	    REFUSED(POST "Content-Length: 5\r\ncontent-length: 0\r\n" END "hello", "more than one Content-Length"),
	    REFUSED(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", "both"),
	    REFUSED(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END "0\r\n\r\n", "both"),
	    REFUSED(POST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n" END "hello", "both"),
	    REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END,
		    "more than one Transfer-Encoding"),
	    REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-encoding: identity\r\n" END,
		    "more than one Transfer-Encoding"),
	    REFUSED("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END, "HTTP/1.0 has no Transfer-Encoding"),
	    REFUSED(POST "Content-Length: +5\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: -5\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: 5 5\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: 5, 5\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: 5,\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: 0x5\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: 5.0\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: \"5\"\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length: \xd9\xa5\r\n" END "hello", "digits"),
	    REFUSED(POST "Content-Length:\r\n" END, "empty"),
	    REFUSED(POST "Content-Length: \t \r\n" END, "empty"),
	    REFUSED(POST "Content-Length: 18446744073709551617\r\n" END "x", "18 digits"),
	    REFUSED(POST "Content-Length: 0000000000000000005\r\n" END "hello", "18 digits"),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void chunked_is_the_only_coding(void **state)
{
	static const struct sample samples[] = {
	    ACCEPTED(POST "Transfer-Encoding: chunked\r\n" END "5\r\nhello\r\n0\r\n\r\n"),
	    ACCEPTED(POST "transfer-encoding:\tCHUNKED \r\n" END),
	    ACCEPTED(POST "Transfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: Digest\r\n" END),
	    ACCEPTED("GET /a HTTP/1.1\r\n" HOST "TRANSFER-ENCODING: chunked\r\n" END),
	    REFUSED_WITH(ERROR_NOT_IMPLEMENTED, POST "Transfer-Encoding: gzip, chunked\r\n" END, "the only"),
	    REFUSED_WITH(ERROR_NOT_IMPLEMENTED, POST "Transfer-Encoding: identity,chunked\r\n" END, "the only"),
	    REFUSED_WITH(ERROR_NOT_IMPLEMENTED, POST "Transfer-Encoding: , chunked\r\n" END, "the only"),
	    REFUSED(POST "Transfer-Encoding: chunked, chunked\r\n" END, "more than once"),
	    REFUSED(POST "Transfer-Encoding: chunked, gzip, Chunked\r\n" END, "more than once"),
	    REFUSED(POST "Transfer-Encoding: chunked, identity\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: chunked,\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: xchunked\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: chunkedx\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: chunked;q=1\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: \"chunked\"\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: chunked chunked\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: \r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: identity\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: gzip\r\n" END, "must be chunked"),
	    REFUSED(POST "Transfer-Encoding: ch\xc3\xbcnked\r\n" END, "must be chunked"),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void what_is_not_met_is_refused(void **state)
{
	static const struct sample samples[] = {
	    ACCEPTED(POST "Content-Length: 1000000\r\n" END),
	    REFUSED_WITH(ERROR_TOO_LARGE, POST "Content-Length: 1000001\r\n" END, "too large"),
	    REFUSED_WITH(ERROR_TOO_LARGE, POST "Content-Length: 999999999999999999\r\n" END, "too large"),
	    ACCEPTED(POST "Content-Length: 2\r\nExpect: 100-continue\r\n" END),
	    ACCEPTED(POST "Content-Length: 2\r\nExpect: 100-Continue\r\n" END),
	    REFUSED_WITH(ERROR_EXPECTATION_FAILED, POST "Content-Length: 2\r\nExpect: 200-ok\r\n" END, "100-continue"),
	    REFUSED_WITH(ERROR_EXPECTATION_FAILED, POST "Expect:\r\nContent-Length: 2\r\n" END, "100-continue"),
	    REFUSED_WITH(ERROR_EXPECTATION_FAILED, START HOST "Expect: 100-continue, x\r\n" END, "100-continue"),
	    ACCEPTED("POST /a HTTP/1.0\r\nContent-Length: 2\r\nExpect: 200-ok\r\n" END),
	    ACCEPTED(POST "Expected: 200-ok\r\nExpecx: 1\r\n" END),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void doubtful_lines_are_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED("GET /a HTTP/1.1\nHost: a\n\n", "LF alone"),
	    REFUSED("\nGET /a HTTP/1.1\r\n" HOST END, "LF alone"),
	    REFUSED(START "Host: a\n" END, "LF alone"),
	    REFUSED(START HOST "\n", "LF alone"),
	    REFUSED(START HOST "X: a\nContent-Length: 5\r\n" END, "LF alone"),
	    REFUSED(START HOST "X\n: a\r\n" END, "LF alone"),
	    REFUSED(START HOST "X: a\rContent-Length: 5\r\n" END, "CR that is not followed"),
	    REFUSED(START HOST "X\r: a\r\n" END, "CR that is not followed"),
	    REFUSED(START HOST "X: a\r\r\n" END, "CR that is not followed"),
	    REFUSED("GET /a HTTP/1.1\rHost: a\r\r", "CR that is not followed"),
	    REFUSED(START HOST "\rX: a\r\n" END, "CR that is not followed"),
	    REFUSED(START HOST "X: a\r\n b\r\n" END, "folded"),
	    REFUSED(START HOST "X: a\r\n\tb\r\n" END, "folded"),
	    REFUSED(START " X: a\r\n" HOST END, "folded"),
	    REFUSED(START HOST " \r\n" END, "folded"),
	    REFUSED(START HOST "X\r\n" END, "no colon"),
	    REFUSED(START HOST "Content-Length\r\n" END, "no colon"),
	    REFUSED(START HOST "X a\r\n" END, "blank; its colon"),
	    REFUSED(POST "Content-Length : 5\r\n" END "hello", "blank; its colon"),
	    REFUSED(POST "Transfer-Encoding\t: chunked\r\n" END, "blank; its colon"),
	    REFUSED(START HOST ": a\r\n" END, "no name"),
	    REFUSED(START HOST ":\r\n" END, "no name"),
	    REFUSED(START HOST "X\0Y: a\r\n" END, "NUL"),
	    REFUSED(START HOST "X: a\0b\r\n" END, "NUL"),
	    REFUSED(START HOST "X: a\x0b"
			       "b\r\n" END,
		    "control byte"),
	    REFUSED(START HOST "X\x7f: a\r\n" END, "control byte"),
	    REFUSED(START HOST "X: \x7f\r\n" END, "control byte"),
	    REFUSED(START HOST "X(Y): a\r\n" END, "name contains"),
	    REFUSED(START HOST "\xc3\xa5: a\r\n" END, "name contains"),
	    REFUSED(START HOST "\"X\": a\r\n" END, "name contains"),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void doubtful_request_line_is_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED(" /a HTTP/1.1\r\n" HOST END, "does not begin with a method"),
	    REFUSED("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" START HOST END, "more than 8 empty lines"),
	    REFUSED("\r\n\n" START HOST END, "LF alone"),
	    REFUSED("\r\n \r\n" START HOST END, "does not begin with a method"),
	    REFUSED("G(T /a HTTP/1.1\r\n" HOST END, "the method contains"),
	    REFUSED("\tGET /a HTTP/1.1\r\n" HOST END, "the method contains"),
	    REFUSED("GET\t/a HTTP/1.1\r\n" HOST END, "the method contains"),
	    REFUSED("G\0T /a HTTP/1.1\r\n" HOST END, "NUL"),
	    REFUSED("GET /a\0b HTTP/1.1\r\n" HOST END, "NUL"),
	    REFUSED("GET\r\n" HOST END, "must be METHOD"),
	    REFUSED("GET /a\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET \r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET  HTTP/1.1\r\n" HOST END, "no target"),
	    REFUSED("GET  /a HTTP/1.1\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET /a  HTTP/1.1\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET /a b HTTP/1.1\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET /a HTTP/1.1 \r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET /a http/1.1\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET /a HTTP/1.2\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("GET /a HTTP/1.11\r\n" HOST END, "HTTP/1.1 or"),
	    REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 or"),
	    REFUSED("GET /a\tb HTTP/1.1\r\n" HOST END, "tab"),
	    REFUSED("GET ftp://a/b HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET http:/a HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET http: HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET a://b HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET http:// HTTP/1.1\r\n" HOST END, "without a host"),
	    REFUSED("GET http:///b HTTP/1.1\r\n" HOST END, "without a host"),
	    REFUSED("GET http://?b HTTP/1.1\r\n" HOST END, "without a host"),
	    REFUSED("GET http://:80/b HTTP/1.1\r\n" HOST END, "without a host"),
	    REFUSED("GET http://u@a/b HTTP/1.1\r\n" HOST END, "user name"),
	    REFUSED("GET http://u:p@a HTTP/1.1\r\n" HOST END, "user name"),
	    REFUSED("GET http://a\\b/c HTTP/1.1\r\n" HOST END, "the host in the request target"),
	    REFUSED("GET http://\xc3\xa5/c HTTP/1.1\r\n" HOST END, "the host in the request target"),
	    REFUSED("GET http://a/b#c HTTP/1.1\r\n" HOST END, "fragment"),
	    REFUSED("GET * HTTP/1.1\r\n" HOST END, "for OPTIONS alone"),
	    REFUSED("OPTIONS ** HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("CONNECT a:443 HTTP/1.1\r\n" HOST END, "CONNECT is not served"),
	    REFUSED("CONNECT http://a HTTP/1.1\r\n" HOST END, "CONNECT is not served"),
	    REFUSED("GET a HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET a:80 HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET ?a HTTP/1.1\r\n" HOST END, "must begin with \"/\""),
	    REFUSED("GET /a#b HTTP/1.1\r\n" HOST END, "fragment"),
	    REFUSED("GET /a?b=#c HTTP/1.1\r\n" HOST END, "fragment"),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void doubtful_host_is_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED(START END, "no Host"),
	    REFUSED(START "X-Host: a\r\nHosts: a\r\n" END, "no Host"),
	    REFUSED("GET http://a/b HTTP/1.1\r\n" END, "no Host"),
	    REFUSED(START HOST HOST END, "more than one Host"),
	    REFUSED(START HOST "hOST: b\r\n" END, "more than one Host"),
	    REFUSED("GET /a HTTP/1.0\r\n" HOST HOST END, "more than one Host"),
	    REFUSED(START "Host: a b\r\n" END, "Host contains"),
	    REFUSED(START "Host: a/b\r\n" END, "Host contains"),
	    REFUSED(START "Host: user@a\r\n" END, "Host contains"),
	    REFUSED(START "Host: \xc3\xa5\r\n" END, "Host contains"),
	};

	(void)state;
	check_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void an_unfinished_head_waits_for_more(void **state)
{
	static const char whole[] = "\r\n" POST "Content-Length: 5\r\nX-Long-Enough: for eight bytes at a time\r\n" END;

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		char *raw = malloc(length + (length == 0));
		struct http_head head;
		struct http_guard_verdict verdict;

		assert_non_null(raw);
		memcpy(raw, whole, length);
		verdict = read_head(&head, raw, length);
		assert_true(verdict.is_incomplete);
		assert_int_equal(verdict.error, ERROR_NONE);
		free(raw);
	}
}

static void there_are_so_many_header_lines_and_no_more(void **state)
{
	char raw[2048];
	struct http_head head;
	size_t length = (size_t)snprintf(raw, sizeof(raw), START HOST);

	(void)state;
	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		length += (size_t)snprintf(raw + length, sizeof(raw) - length, "X: %d\r\n", i);
	memcpy(raw + length, END, 2);
	assert_int_equal(read_head(&head, raw, length + 2).error, ERROR_NONE);
	assert_int_equal(head.field_count, HTTP_FIELDS_MAX);
	length += (size_t)snprintf(raw + length, sizeof(raw) - length, "X: y\r\n" END);
	assert_int_equal(read_head(&head, raw, length).error, ERROR_HEAD_TOO_LARGE);
}

static void a_head_has_so_many_bytes_and_no_more(void **state)
{
	static char raw[HTTP_HEAD_BYTES_MAX + 8];
	size_t length = (size_t)snprintf(raw, sizeof(raw), START HOST "X: ");
	struct http_head head;

	(void)state;
	memset(raw + length, 'x', sizeof(raw) - length);
	memcpy(raw + HTTP_HEAD_BYTES_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(read_head(&head, raw, sizeof(raw)).error, ERROR_NONE);
	assert_int_equal(head.bytes, HTTP_HEAD_BYTES_MAX);
	memset(raw + HTTP_HEAD_BYTES_MAX - 4, 'x', 4);
	assert_true(read_head(&head, raw, HTTP_HEAD_BYTES_MAX - 1).is_incomplete);
	assert_int_equal(read_head(&head, raw, HTTP_HEAD_BYTES_MAX).error, ERROR_HEAD_TOO_LARGE);
}

/* The scan takes eight bytes at a time: each byte value at each place of a value, whatever its alignment. */
static void control_bytes_are_found_at_any_place(void **state)
{
	static const char whole[] = START HOST "X: 0123456789abcdefghijklmnopqrstuv\r\n" END;
	const size_t value = sizeof(START HOST "X: ") - 1;

	(void)state;
	for (size_t place = value; place < value + 32; place++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			char raw[sizeof(whole)];
			struct http_head head;
			bool is_bad = (byte < 0x20 && byte != '\t') || byte == 0x7f;

			memcpy(raw, whole, sizeof(whole));
			raw[place] = (char)byte;
			assert_int_equal(read_head(&head, raw, sizeof(whole) - 1).error,
					 is_bad ? ERROR_BAD_INPUT : ERROR_NONE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(honest_requests_pass),
	    cmocka_unit_test(doubtful_body_length_is_refused),
	    cmocka_unit_test(chunked_is_the_only_coding),
	    cmocka_unit_test(what_is_not_met_is_refused),
	    cmocka_unit_test(doubtful_lines_are_refused),
	    cmocka_unit_test(doubtful_request_line_is_refused),
	    cmocka_unit_test(doubtful_host_is_refused),
	    cmocka_unit_test(an_unfinished_head_waits_for_more),
	    cmocka_unit_test(there_are_so_many_header_lines_and_no_more),
	    cmocka_unit_test(a_head_has_so_many_bytes_and_no_more),
	    cmocka_unit_test(control_bytes_are_found_at_any_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
