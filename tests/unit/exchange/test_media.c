#include "exchange/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

struct choice {
	const char *accept;
	enum media media;
};

static void expect(unsigned offered, enum media usual, const struct choice *choices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum media media = media_choose(text_of(choices[i].accept), offered, usual);

		if (media != choices[i].media)
			fail_msg("Accept: %s: %d in place of %d", choices[i].accept, (int)media, (int)choices[i].media);
	}
}

static void rows_are_json_unless_a_client_likes_something_better(void **state)
{
	static const struct choice choices[] = {
	    {"", MEDIA_JSON},
	    {"*/*", MEDIA_JSON},
	    {"application/*", MEDIA_JSON},
	    {"text/html, */*;q=0.8", MEDIA_JSON},
	    {"application/json, text/csv;q=0.9", MEDIA_JSON},
	    {"application/x-ndjson;q=0.5, application/json;q=0.8", MEDIA_JSON},
	    {"application/x-ndjson;q=0, text/csv;q=0, */*", MEDIA_JSON},
	    {"application/x-ndjson;q=0.5, */*", MEDIA_JSON},
	    {"application/x-ndjson", MEDIA_NDJSON},
	    {"application/x-ndjson;q=0.001", MEDIA_NDJSON},
	    {"application/x-ndjson;q=0.8, application/json;q=0.8", MEDIA_NDJSON},
	    {"application/x-ndjson, */*", MEDIA_NDJSON},
	    {"application/json;q=0, application/*", MEDIA_NDJSON},
	    {"application/json;q=0, */*", MEDIA_NDJSON},
	    {"text/csv", MEDIA_CSV},
	    {"Text/CSV; header=present", MEDIA_CSV},
	    {"text/*", MEDIA_CSV},
	    {"text/csv;q=0.2, application/*;q=0.1", MEDIA_CSV},
	    {"text/csv, application/json, application/x-ndjson", MEDIA_CSV},
	    {"text/csv;q=0.3, */*;q=0.3", MEDIA_CSV},
	    {"text/html", MEDIA_COUNT},
	    {"*/*;q=0", MEDIA_COUNT},
	    {"application/problem+json", MEDIA_COUNT},
	    {"application/json;q=0", MEDIA_COUNT},
	};

	(void)state;
	expect(MEDIA_OF_ROWS, MEDIA_JSON, choices, ARRAY_LENGTH(choices));
}

static void what_is_not_offered_is_not_chosen(void **state)
{
	static const struct choice of_json[] = {
	    {"", MEDIA_JSON}, {"application/x-ndjson", MEDIA_COUNT}, {"text/csv, */*;q=0.1", MEDIA_JSON}};

	(void)state;
	expect(MEDIA_OF_JSON, MEDIA_JSON, of_json, ARRAY_LENGTH(of_json));
}

static void the_usual_one_is_for_clients_that_name_none(void **state)
{
	static const struct choice choices[] = {
	    {"", MEDIA_NDJSON},
	    {"*/*", MEDIA_NDJSON},
	    {"application/*", MEDIA_NDJSON},
	    {"text/html, */*;q=0.1", MEDIA_NDJSON},
	    {"application/json", MEDIA_JSON},
	    {"application/json, */*", MEDIA_JSON},
	    {"application/x-ndjson;q=0, */*", MEDIA_JSON},
	    {"application/json, application/x-ndjson", MEDIA_NDJSON},
	    {"text/html", MEDIA_COUNT},
	    {"text/csv", MEDIA_COUNT},
	};

	(void)state;
	expect(MEDIA_OF_STREAMS, MEDIA_NDJSON, choices, ARRAY_LENGTH(choices));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_json_unless_a_client_likes_something_better),
	    cmocka_unit_test(what_is_not_offered_is_not_chosen),
	    cmocka_unit_test(the_usual_one_is_for_clients_that_name_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
