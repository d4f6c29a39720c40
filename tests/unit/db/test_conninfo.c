#include "db/conninfo.h"

#include "base/compiler.h"
#include "db/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* With the real libpq, which is what would repeat them. */

static void what_can_be_read_has_no_fault(void **state)
{
	static const char *const good[] = {
	    "",
	    "postgresql://",
	    "postgresql:///mine",
	    "postgres://app@db/mine",
	    "postgresql://app:apples@db:5432/mine?sslmode=require&application_name=a%20b",
	    "postgresql://app:a%40b%2Fc%3Ad@db/mine",
	    "postgresql://app:a:b;c=d@db/mine",
	    "postgresql://app:a?b@db/mine",
	    "postgresql://app@one:5432,two:5433/mine",
	    "postgresql://app@one,two:/mine",
	    "postgresql://app@[::1]:5432/mine",
	    "postgresql://app@/mine?host=%2Fvar%2Frun%2Fpostgresql&port=5433",
	    "postgresql://app@db/mine?application_name=a@b",
	    "postgresql://app@db/mine?options=-c%20search_path%3Da%3Bb",
	    "host=db dbname=mine",
	    " host = db\n dbname = 'my db' password = 'a;b=c://@\"' ",
	    "host=/tmp,@abstract,db port=1,,65535",
	    "service=mine",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
		if (db_conninfo_fault(good[i]) != NULL)
			fail_msg("%s: %s", good[i], db_conninfo_fault(good[i]));
}

static void what_cannot_is_told_without_its_words(void **state)
{
	static const struct {
		const char *conninfo, *fault;
	} wrong[] = {
	    {"secret", "neither a URL nor key=value; expected"},
	    {"jdbc:postgresql://db/mine", "neither a URL nor key=value; expected"},
	    {"\"postgresql://app:secret@db/mine\"", "it begins with a quote or a blank"},
	    {"\"postgresql://app:secret@db/mine?sslmode=require\"", "it begins with a quote or a blank"},
	    {"'postgresql://app:secret@db/mine'", "it begins with a quote or a blank"},
	    {"`postgresql://app:secret@db/mine`", "it begins with a quote or a blank"},
	    {" postgresql://app:secret@db/mine", "it begins with a quote or a blank"},
	    {"\npostgres://app:secret@db/mine", "it begins with a quote or a blank"},
	    {" \"host=db password=secret\"", "it begins with a quote or a blank"},
	    {"postgresql://app:secret@db/mine\n", "a URL has no blank"},
	    {"postgresql://app:secret@db/mine\r", "a URL has no blank"},
	    {"postgresql://app:secret@db/mine\"", "a URL has no blank"},
	    {"postgresql://app:sec ret@db/mine", "a URL has no blank"},
	    {"postgresql://app:sec\x7fret@db/mine", "a URL has no blank"},
	    {"postgresql://app:se@cret@db/mine", "a URL that has no host as it stands"},
	    {"postgresql://app:sec/ret@db/mine", "a URL that has no host as it stands"},
	    {"postgresql://app:12/secret@db/mine", "a URL that has no host as it stands"},
	    {"postgresql://app:a?sec@ret@db/mine", "its host has a character that no host has"},
	    {"postgresql://app:secret", "its port is no number from 1 to 65535"},
	    {"postgresql://app@db:0/mine", "its port is no number from 1 to 65535"},
	    {"postgresql://app@db:65536/mine", "its port is no number from 1 to 65535"},
	    {"host=a,b port=5432,-1", "its port is no number from 1 to 65535"},
	    {"host=a,b port=5432,1x", "its port is no number from 1 to 65535"},
	    {"postgresql://app:%secret@db/mine", "a URL with a % that two hexadecimal digits do not follow"},
	    {"postgresql://app:x@db/mine?secret=1", "a URL with an option that libpq does not know"},
	    {"postgresql://app:x@db/mine?secret", "neither a URL nor key=value that libpq can read"},
	    {"postgresql://app@[secret/mine", "neither a URL nor key=value that libpq can read"},
	    {"Host=db;Password=secret", "key=value with a key that libpq does not know"},
	    {"DATABASE_URL=postgresql://app:secret@db/mine", "key=value with a key that libpq does not know"},
	    {"host=db password='secret", "key=value with a quote that does not end"},
	    {"host=db password=a secret", "a key has no value"},
	    {"host=db;password=secret", "one value holds another key=value, or a URL"},
	    {"host=db user=app;password=secret", "one value holds another key=value, or a URL"},
	    {"host=db sslmode=require;password=secret", "one value holds another key=value, or a URL"},
	    {"dbname=postgresql://app:secret@db/mine", "one value holds another key=value, or a URL"},
	    {"host=db dbname='user=app password=secret'", "one value holds another key=value, or a URL"},
	    {"host=db,password=secret", "its host has a character that no host has"},
	    {"host=app:se@cret", "its host has a character that no host has"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		const char *fault = db_conninfo_fault(wrong[i].conninfo);

		if (fault == NULL || strstr(fault, wrong[i].fault) == NULL || strstr(fault, "secret") != NULL)
			fail_msg("%s: %s", wrong[i].conninfo, fault != NULL ? fault : "no fault");
	}
}

static void assert_reason(const char *message, const char *expected)
{
	char reason[200];

	db_conninfo_reason(message, reason, sizeof(reason));
	assert_string_equal(reason, expected);
}

static void a_reason_has_no_values_from_before_there_is_a_server(void **state)
{
	(void)state;
	assert_reason("invalid port number: \"secret@host\"\n", "invalid port number: \"***\"\n");
	assert_reason("missing \"=\" after \"secret\" in connection info string\n",
		      "missing \"***\" in connection info string\n");
	assert_reason("a lone \" stays", "a lone \" stays");
	assert_reason("out of memory\n", "out of memory\n");
	assert_reason("connection to server at \"db\" (::1), port 1 failed: FATAL:  no \"app\"\n",
		      "connection to server at \"db\" (::1), port 1 failed: FATAL:  no \"app\"\n");
	assert_reason("connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or directory\n",
		      "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or directory\n");
}

/* Several hosts */

static void assert_from(const char *list, unsigned first, const char *expected)
{
	char *turned = db_hosts_from(list, first);

	if (expected == NULL)
		assert_null(turned);
	else
		assert_string_equal(turned, expected);
	free(turned);
}

static void hosts_are_tried_from_another_on(void **state)
{
	(void)state;
	assert_from(NULL, 1, NULL);
	assert_from("one", 1, NULL);
	assert_from("one,two", 0, NULL);
	assert_from("one,two", 1, "two,one");
	assert_from("one,two", 2, NULL);
	assert_from("one,,/three", 1, ",/three,one");
	assert_from("one,two,three", 5, "three,one,two");
}

static void one_silence_counts_of_several_at_once(void **state)
{
	unsigned first = db_hosts_first();

	(void)state;
	db_hosts_note_silence(first);
	db_hosts_note_silence(first);
	assert_int_equal(db_hosts_first(), first + 1);
}

static const char *value_of(const struct db_conninfo *info, const char *keyword)
{
	const char *value = NULL;

	for (unsigned i = 0; info->keywords[i] != NULL; i++)
		if (strcmp(info->keywords[i], keyword) == 0)
			value = info->values[i];
	return value;
}

static void the_hosts_of_a_string_and_those_that_were_looked_up_turn(void **state)
{
	struct db_settings settings = {.conninfo = "postgresql://app@one:1,two:2/mine"};
	struct db_found found = {.host = "a,b,c", .hostaddr = "1,2,3"};
	struct db_conninfo info;

	(void)state;
	db_conninfo_fill(&info, &settings, NULL, 0);
	assert_null(value_of(&info, "host"));
	db_conninfo_cleanup(&info);
	db_conninfo_fill(&info, &settings, NULL, 1);
	assert_string_equal(value_of(&info, "host"), "two,one");
	assert_string_equal(value_of(&info, "port"), "2,1");
	db_conninfo_cleanup(&info);
	db_conninfo_fill(&info, &settings, &found, 4);
	assert_string_equal(value_of(&info, "host"), "b,c,a");
	assert_string_equal(value_of(&info, "hostaddr"), "2,3,1");
	assert_null(value_of(&info, "port"));
	db_conninfo_cleanup(&info);
	db_conninfo_fill(&info, &settings, &found, 3);
	assert_string_equal(value_of(&info, "host"), "a,b,c");
	db_conninfo_cleanup(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_can_be_read_has_no_fault),
	    cmocka_unit_test(what_cannot_is_told_without_its_words),
	    cmocka_unit_test(a_reason_has_no_values_from_before_there_is_a_server),
	    cmocka_unit_test(hosts_are_tried_from_another_on),
	    cmocka_unit_test(one_silence_counts_of_several_at_once),
	    cmocka_unit_test(the_hosts_of_a_string_and_those_that_were_looked_up_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
