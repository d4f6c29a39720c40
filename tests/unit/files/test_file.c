#include "files/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/served_folder.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

enum { NOBODY = 65534, LARGE = 3 * FILE_PART_BYTES + 5 };

/* Every byte tells its place. */
static void write_large(const char *name)
{
	FILE *out = fopen(at(name), "w");

	assert_non_null(out);
	for (unsigned i = 0; i < LARGE; i++)
		fputc((int)(i / 7 & 255), out);
	fclose(out);
}

static void set_time(const char *name, time_t seconds)
{
	const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};

	assert_int_equal(utimensat(AT_FDCWD, at(name), times, 0), 0);
}

/* Finding */

static void a_file_is_found_and_read(void **state)
{
	(void)state;
	assert_int_equal(find("a.txt"), FILE_FOUND);
	expect_content("content");
	assert_int_equal(order.facts.bytes, 7);
	assert_true(order.facts.number > 0 && order.facts.modified_s > 1700000000);
	write_file("served/empty", "");
	assert_int_equal(find("empty"), FILE_FOUND);
	expect_content("");
}

static void what_is_not_there_is_missing(void **state)
{
	(void)state;
	expect_missing("b.txt");
	expect_missing("a.txt/b");
	expect_missing("none/b");
	expect_missing("");
	expect_missing(arena_printf(&arena, "%0300d", 1));
}

static void a_folder_counts_with_its_index_only(void **state)
{
	(void)state;
	expect_missing("sub");
	write_file("served/sub/index.html", "<p>");
	assert_int_equal(find("sub"), FILE_IS_FOLDER);
	assert_int_equal(order.fd, -1);
	assert_int_equal(find("sub/index.html"), FILE_FOUND);
	expect_content("<p>");
}

static void only_regular_files_are_served(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(at("served/fifo"), 0644), 0);
	expect_missing("fifo");
	/* where that is allowed */
	if (mknod(at("served/null"), S_IFCHR | 0644, makedev(1, 3)) == 0)
		expect_missing("null");
}

static void what_may_not_be_read_is_missing(void **state)
{
	bool is_root = geteuid() == 0;

	(void)state;
	assert_int_equal(chmod(at("served/a.txt"), 0), 0);
	/* root may read all */
	if (is_root)
		assert_int_equal(seteuid(NOBODY), 0);
	expect_missing("a.txt");
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

/* Siblings */

static enum file_outcome find_coded(const char *first, const char *second)
{
	ask_for("a.txt");
	order.siblings[0] = first;
	order.siblings[1] = second;
	order.reads_at_once = true;
	file_work(&order);
	return order.outcome;
}

static void the_first_sibling_that_is_there_is_taken(void **state)
{
	(void)state;
	write_file("served/a.txt.gz", "gzip");
	assert_int_equal(find_coded(".br", ".gz"), FILE_FOUND);
	assert_string_equal(order.sibling, ".gz");
	expect_content("gzip");
	write_file("served/a.txt.br", "brotli");
	assert_int_equal(find_coded(".br", ".gz"), FILE_FOUND);
	assert_string_equal(order.sibling, ".br");
	expect_content("brotli");
	assert_int_equal(find_coded(NULL, NULL), FILE_FOUND);
	assert_null(order.sibling);
	expect_content("content");
}

static void a_sibling_that_is_older_is_passed_over(void **state)
{
	(void)state;
	write_file("served/a.txt.gz", "gzip");
	set_time("served/a.txt", 1000);
	set_time("served/a.txt.gz", 999);
	assert_int_equal(find_coded(".gz", NULL), FILE_FOUND);
	assert_null(order.sibling);
	set_time("served/a.txt.gz", 1000);
	assert_int_equal(find_coded(".gz", NULL), FILE_FOUND);
	assert_string_equal(order.sibling, ".gz");
}

static void a_sibling_alone_is_no_file(void **state)
{
	(void)state;
	write_file("served/b.txt.gz", "gzip");
	ask_for("b.txt");
	order.siblings[0] = ".gz";
	file_work(&order);
	assert_int_equal(order.outcome, FILE_MISSING);
	assert_int_equal(mkdir(at("served/a.txt.br"), 0755), 0);
	assert_int_equal(find_coded(".br", NULL), FILE_FOUND);
	assert_null(order.sibling);
}

/* Reading */

static void expect_part(uint64_t first, size_t bytes)
{
	assert_int_equal(order.outcome, FILE_FOUND);
	assert_int_equal(order.part_bytes, bytes);
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)order.part[i] != ((first + i) / 7 & 255))
			fail_msg("byte %zu", (size_t)first + i);
}

static void a_large_file_comes_in_parts_through_one_buffer(void **state)
{
	const char *buffer;

	(void)state;
	write_large("served/large");
	assert_int_equal(find("large"), FILE_FOUND);
	buffer = order.part;
	expect_part(0, FILE_PART_BYTES);
	for (unsigned i = 1; i < 3; i++) {
		file_work(&order);
		expect_part(i * FILE_PART_BYTES, FILE_PART_BYTES);
		assert_ptr_equal(order.part, buffer);
		assert_true(order.fd >= 0);
	}
	file_work(&order);
	expect_part(3 * FILE_PART_BYTES, 5);
	assert_int_equal(order.fd, -1);
}

static void a_range_is_read_from_where_it_begins(void **state)
{
	(void)state;
	write_large("served/large");
	ask_for("large");
	file_work(&order);
	assert_int_equal(order.end, LARGE);
	assert_null(order.part);
	order.at = FILE_PART_BYTES - 3;
	order.end = FILE_PART_BYTES + 3;
	file_work(&order);
	expect_part(FILE_PART_BYTES - 3, 6);
	assert_int_equal(order.fd, -1);
}

static void begin_large(void)
{
	write_large("served/large");
	set_time("served/large", 1000);
	assert_int_equal(find("large"), FILE_FOUND);
}

static void expect_changed(void)
{
	file_work(&order);
	assert_int_equal(order.outcome, FILE_CHANGED);
	assert_int_equal(order.fd, -1);
}

static void a_file_that_shrinks_meanwhile_has_changed(void **state)
{
	(void)state;
	begin_large();
	assert_int_equal(truncate(at("served/large"), FILE_PART_BYTES + 1), 0);
	expect_changed();
}

static void a_file_that_is_written_meanwhile_has_changed(void **state)
{
	(void)state;
	begin_large();
	set_time("served/large", 1001);
	expect_changed();
	begin_large();
	assert_int_equal(truncate(at("served/large"), LARGE + 1), 0);
	set_time("served/large", 1000);
	expect_changed();
}

static void a_file_that_is_replaced_meanwhile_is_read_to_its_end(void **state)
{
	(void)state;
	begin_large();
	write_file("served/new", "new");
	assert_int_equal(rename(at("served/new"), at("served/large")), 0);
	file_work(&order);
	expect_part(FILE_PART_BYTES, FILE_PART_BYTES);
	file_end(&order);
	assert_int_equal(find("large"), FILE_FOUND);
	expect_content("new");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_file_is_found_and_read),
	    TEST(what_is_not_there_is_missing),
	    TEST(a_folder_counts_with_its_index_only),
	    TEST(only_regular_files_are_served),
	    TEST(what_may_not_be_read_is_missing),
	    TEST(the_first_sibling_that_is_there_is_taken),
	    TEST(a_sibling_that_is_older_is_passed_over),
	    TEST(a_sibling_alone_is_no_file),
	    TEST(a_large_file_comes_in_parts_through_one_buffer),
	    TEST(a_range_is_read_from_where_it_begins),
	    TEST(a_file_that_shrinks_meanwhile_has_changed),
	    TEST(a_file_that_is_written_meanwhile_has_changed),
	    TEST(a_file_that_is_replaced_meanwhile_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
