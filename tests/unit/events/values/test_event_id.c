#include "events/values/event_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
	static const struct event_id ids[] = {{0, 0}, {1, 1}, {0xfedcba9876543210, 42}, {UINT64_MAX, UINT64_MAX}};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char text[EVENT_ID_BYTES];
		struct event_id id = {7, 7};
		size_t length = event_id_write(ids[i], text);

		assert_int_equal(length, strlen(text));
		assert_true(event_id_read((struct text){text, length}, &id));
		assert_true(id.epoch == ids[i].epoch && id.number == ids[i].number);
	}
}

static void its_form_is_known(void **state)
{
	char text[EVENT_ID_BYTES];

	(void)state;
	event_id_write((struct event_id){0xab, 5}, text);
	assert_string_equal(text, "00000000000000ab-5");
}

static void other_texts_are_none(void **state)
{
	static const char *const others[] = {
	    "",
	    "-",
	    "5",
	    "00000000000000ab",
	    "00000000000000ab-",
	    "0000000000000ab-5",
	    "000000000000000ab-5",
	    "00000000000000AB-5",
	    "00000000000000ag-5",
	    "00000000000000ab-05",
	    "00000000000000ab-+5",
	    "00000000000000ab- 5",
	    "00000000000000ab-5 ",
	    "00000000000000ab-18446744073709551616",
	    "00000000000000ab-99999999999999999999",
	    "00000000000000ab-000000000000000000001",
	    " 00000000000000ab-5",
	    "00000000000000ab-5-5",
	    "00000000000000/b-5",
	    "00000000000000:b-5",
	    "00000000000000`b-5",
	    "00000000000000ab-5/",
	    "00000000000000ab-5:",
	};
	struct event_id id;

	(void)state;
	for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (event_id_read((struct text){others[i], strlen(others[i])}, &id))
			fail_msg("\"%s\" was taken", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(its_form_is_known),
	    cmocka_unit_test(other_texts_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
