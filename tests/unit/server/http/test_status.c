#include "server/http/status.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The registry of IANA, in its order. */
static const char *const registered[] = {
    "200 OK",
    "201 Created",
    "202 Accepted",
    "203 Non-Authoritative Information",
    "204 No Content",
    "205 Reset Content",
    "206 Partial Content",
    "207 Multi-Status",
    "208 Already Reported",
    "226 IM Used",
    "300 Multiple Choices",
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "304 Not Modified",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
    "400 Bad Request",
    "401 Unauthorized",
    "402 Payment Required",
    "403 Forbidden",
    "404 Not Found",
    "405 Method Not Allowed",
    "406 Not Acceptable",
    "407 Proxy Authentication Required",
    "408 Request Timeout",
    "409 Conflict",
    "410 Gone",
    "411 Length Required",
    "412 Precondition Failed",
    "413 Content Too Large",
    "414 URI Too Long",
    "415 Unsupported Media Type",
    "416 Range Not Satisfiable",
    "417 Expectation Failed",
    "421 Misdirected Request",
    "422 Unprocessable Content",
    "423 Locked",
    "424 Failed Dependency",
    "425 Too Early",
    "426 Upgrade Required",
    "428 Precondition Required",
    "429 Too Many Requests",
    "431 Request Header Fields Too Large",
    "451 Unavailable For Legal Reasons",
    "500 Internal Server Error",
    "501 Not Implemented",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
    "505 HTTP Version Not Supported",
    "506 Variant Also Negotiates",
    "507 Insufficient Storage",
    "508 Loop Detected",
    "510 Not Extended",
    "511 Network Authentication Required",
};

static void each_status_has_its_word(void **state)
{
	unsigned next = 0;

	(void)state;
	for (unsigned status = 0; status < 1000; status++) {
		const char *reason = http_status_reason(status);

		if (next < ARRAY_LENGTH(registered) && (unsigned)atoi(registered[next]) == status)
			assert_string_equal(reason, registered[next++] + 4);
		else
			/* endpoint files may name any status, and PostgreSQL functions may raise any */
			assert_string_equal(reason, status < 300 ? "OK" : "Error");
	}
	assert_int_equal(next, ARRAY_LENGTH(registered));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_status_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
