#include "loadgen/engine/request_set.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"

static struct request_set set;
static struct request_options options;
static char why[512];

static int set_up(void **state)
{
	(void)state;
	options = (struct request_options){.is_keep_alive = true, .seed = 1};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	request_set_cleanup(&set);
	return 0;
}

static int add(const char *url)
{
	request_set_init(&set, &options);
	return request_set_add_url(&set, url, &options, why, sizeof(why));
}

static const char *bytes_of(unsigned index)
{
	static char copy[65536];
	struct text bytes;

	request_set_bytes(&set, index, &bytes);
	assert_true(bytes.length < sizeof(copy));
	memcpy(copy, bytes.at, bytes.length);
	copy[bytes.length] = '\0';
	return copy;
}

static void a_plain_request_is_what_the_rfc_says(void **state)
{
	(void)state;
	assert_int_equal(add("http://127.0.0.1:8080/countries/DE?x=1"), 0);
	assert_string_equal(bytes_of(0), "GET /countries/DE?x=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
					 "User-Agent: meantime-load/" MEANTIME_VERSION "\r\n\r\n");
	assert_string_equal(set.requests[0]->label, "GET /countries/DE?x=1");
	assert_string_equal(set.target.authority, "127.0.0.1:8080");
}

static void without_a_path_it_is_the_root(void **state)
{
	(void)state;
	assert_int_equal(add("http://127.0.0.1"), 0);
	assert_string_equal(bytes_of(0), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
					 "User-Agent: meantime-load/" MEANTIME_VERSION "\r\n\r\n");
}

static void a_body_has_its_length_and_a_type(void **state)
{
	(void)state;
	options.body = TEXT("{\"n\":1}");
	options.is_keep_alive = false;
	assert_int_equal(add("http://127.0.0.1:1/notes"), 0);
	assert_non_null(strstr(bytes_of(0), "POST /notes HTTP/1.1\r\n"));
	assert_non_null(strstr(bytes_of(0), "Content-Length: 7\r\n"));
	assert_non_null(strstr(bytes_of(0), "Content-Type: application/json\r\n"));
	assert_non_null(strstr(bytes_of(0), "Connection: close\r\n"));
	assert_non_null(strstr(bytes_of(0), "\r\n\r\n{\"n\":1}"));
}

static void numbers_go_up_and_the_length_with_them(void **state)
{
	char expected[64];

	(void)state;
	options.body = TEXT("{n}");
	assert_int_equal(add("http://127.0.0.1:1/x/{n}"), 0);
	for (unsigned i = 1; i < 1200; i++) {
		const char *bytes = bytes_of(0);

		snprintf(expected, sizeof(expected), "POST /x/%u ", i);
		assert_memory_equal(bytes, expected, strlen(expected));
		snprintf(expected, sizeof(expected), "Content-Length: %zu\r\n", (size_t)snprintf(NULL, 0, "%u", i));
		assert_non_null(strstr(bytes, expected));
		snprintf(expected, sizeof(expected), "\r\n\r\n%u", i);
		assert_string_equal(strstr(bytes, "\r\n\r\n"), expected);
	}
}

static void random_numbers_are_in_range_and_repeatable(void **state)
{
	unsigned seen[3] = {0}, first[200];

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		assert_int_equal(add("http://127.0.0.1:1/{random:7-9}"), 0);
		for (unsigned i = 0; i < 200; i++) {
			unsigned number = (unsigned)atoi(bytes_of(0) + strlen("GET /"));

			assert_in_range(number, 7, 9);
			seen[number - 7]++;
			if (run == 0)
				first[i] = number;
			else
				assert_int_equal(number, first[i]);
		}
		if (run == 0)
			request_set_cleanup(&set);
	}
	assert_true(seen[0] > 60 && seen[1] > 60 && seen[2] > 60);
}

static void wrong_ones_are_named(void **state)
{
	static const struct {
		const char *url, *expected;
	} wrongs[] = {
	    {"127.0.0.1:80/", "http://"},        {"https://127.0.0.1/", "http://"},
	    {"http://127.0.0.1:0x50/", "0x50"},  {"http://127.0.0.1:65536/", "65536"},
	    {"http://127.0.0.1/a b", "a space"}, {"http://127.0.0.1/#x", "#"},
	    {"http://127.0.0.1/{m}", "{m}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrongs); i++) {
		assert_int_equal(add(wrongs[i].url), -1);
		if (strstr(why, wrongs[i].expected) == NULL || strstr(why, wrongs[i].url) == NULL)
			fail_msg("'%s' does not name '%s' and '%s'", why, wrongs[i].url, wrongs[i].expected);
		if (i + 1 < ARRAY_LENGTH(wrongs))
			request_set_cleanup(&set);
	}
}

static void one_set_has_one_server(void **state)
{
	(void)state;
	assert_int_equal(add("http://127.0.0.1:1/a"), 0);
	assert_int_equal(request_set_add_url(&set, "http://127.0.0.1:1/b", &options, why, sizeof(why)), 0);
	assert_int_equal(request_set_add_url(&set, "http://127.0.0.1:2/c", &options, why, sizeof(why)), -1);
	assert_int_equal(set.count, 2);
}

static void a_host_that_is_given_replaces_ours(void **state)
{
	static const char *const host[] = {"host:  shop.example"}, *const twice[] = {"Host: a", "Host: b"};

	(void)state;
	options.headers = host;
	options.header_count = 1;
	assert_int_equal(add("http://127.0.0.1:8080/"), 0);
	assert_string_equal(bytes_of(0), "GET / HTTP/1.1\r\nUser-Agent: meantime-load/" MEANTIME_VERSION
					 "\r\nhost:  shop.example\r\n\r\n");
	request_set_cleanup(&set);
	options.headers = twice;
	options.header_count = 2;
	assert_int_equal(add("http://127.0.0.1:8080/"), -1);
	assert_non_null(strstr(why, "Host is given twice"));
}

static void a_method_with_a_body_says_that_there_is_none(void **state)
{
	static const struct {
		const char *method;
		bool says;
	} methods[] = {{"POST", true}, {"PUT", true},     {"PATCH", true},
		       {"GET", false}, {"DELETE", false}, {"HEAD", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
		options.method = methods[i].method;
		assert_int_equal(add("http://127.0.0.1:8080/"), 0);
		assert_int_equal(strstr(bytes_of(0), "\r\nContent-Length: 0\r\n\r\n") != NULL, methods[i].says);
		request_set_cleanup(&set);
	}
	assert_int_equal(add("http://127.0.0.1:8080/"), 0);
}

static void a_zone_is_for_the_socket_alone(void **state)
{
	const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)&set.target.address;

	(void)state;
	assert_int_equal(add("http://[fe80::1%25lo]:8080/x"), 0);
	assert_int_equal(address->sin6_scope_id, if_nametoindex("lo"));
	assert_int_equal(ntohs(address->sin6_port), 8080);
	assert_string_equal(set.target.authority, "[fe80::1]:8080");
	assert_non_null(strstr(bytes_of(0), "\r\nHost: [fe80::1]:8080\r\n"));
	request_set_cleanup(&set);
	assert_int_equal(add("http://[fe80::1%25lo]/x"), 0);
	assert_string_equal(set.target.authority, "[fe80::1]");
	assert_int_equal(ntohs(address->sin6_port), 80);
	request_set_cleanup(&set);
	assert_int_equal(add("http://[fe80::1%lo]:8080/"), -1);
	assert_non_null(strstr(why, "%25"));
	request_set_cleanup(&set);
	assert_int_equal(add("http://[fe80::1%25]:8080/"), -1);
}

static void a_redirected_request_is_the_same_elsewhere(void **state)
{
	struct text bytes;

	(void)state;
	options.body = TEXT("{\"n\":{n}}");
	assert_int_equal(add("http://127.0.0.1:8080/a/{n}"), 0);
	request_set_redirect(&set, 0, false, TEXT("/b"), &bytes);
	assert_true(text_equal(bytes, TEXT("POST /b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: "
					   "meantime-load/" MEANTIME_VERSION "\r\nContent-Type: application/json\r\n"
					   "Content-Length: 7\r\n\r\n{\"n\":1}")));
	request_set_redirect(&set, 0, true, TEXT("/c"), &bytes);
	assert_true(text_equal(bytes, TEXT("GET /c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: "
					   "meantime-load/" MEANTIME_VERSION "\r\n\r\n")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_plain_request_is_what_the_rfc_says),
	    TEST(without_a_path_it_is_the_root),
	    TEST(a_body_has_its_length_and_a_type),
	    TEST(numbers_go_up_and_the_length_with_them),
	    TEST(random_numbers_are_in_range_and_repeatable),
	    TEST(wrong_ones_are_named),
	    TEST(one_set_has_one_server),
	    TEST(a_host_that_is_given_replaces_ours),
	    TEST(a_method_with_a_body_says_that_there_is_none),
	    TEST(a_zone_is_for_the_socket_alone),
	    TEST(a_redirected_request_is_the_same_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
