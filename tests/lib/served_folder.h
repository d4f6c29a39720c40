/* served_folder.h - a folder of files for each test of a group, WHERE/served, and WHERE/secret.txt beside it.
 *
 * Life:    set_up() -> ask_for() and file_work(), or find()* -> tear_down(), which looks whether all files are closed.
 * Thread:  the test's.
 */
#pragma once

#include "files/file.h"
#include "files/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 3 };

static char place[64];
static struct folder *folder;
static struct arena arena;
static struct file_order order;

static inline const char *at(const char *name)
{
	return arena_printf(&arena, "%s/%s", place, name);
}

static inline void write_file(const char *name, const char *content)
{
	FILE *out = fopen(at(name), "w");

	assert_non_null(out);
	fputs(content, out);
	fclose(out);
}

static inline struct folder *open_served(unsigned files_max)
{
	char why[200];

	return folder_open(at("served"), files_max, why, sizeof(why));
}

static inline int set_up(void **state)
{
	(void)state;
	strcpy(place, "/tmp/test_file_XXXXXX");
	assert_non_null(mkdtemp(place));
	assert_int_equal(mkdir(at("served"), 0755), 0);
	assert_int_equal(mkdir(at("served/sub"), 0755), 0);
	write_file("served/a.txt", "content");
	write_file("secret.txt", "secret");
	folder = open_served(FILES_MAX);
	assert_non_null(folder);
	return 0;
}

static inline int tear_down(void **state)
{
	char command[128];

	(void)state;
	file_end(&order);
	/* none is left open */
	for (unsigned i = 0; i < FILES_MAX; i++)
		assert_true(folder_enter(folder, "a.txt") >= 0 || errno != EMFILE);
	folder_close(folder);
	arena_cleanup(&arena);
	snprintf(command, sizeof(command), "rm -r %s", place);
	return system(command);
}

static inline void ask_for(const char *name)
{
	file_order_init(&order, folder, &arena, name);
}

static inline enum file_outcome find(const char *name)
{
	ask_for(name);
	order.reads_at_once = true;
	file_work(&order);
	return order.outcome;
}

static inline void expect_missing(const char *name)
{
	if (find(name) != FILE_MISSING)
		fail_msg("%s: %d", name, (int)order.outcome);
	assert_int_equal(order.fd, -1);
}

static inline void expect_content(const char *content)
{
	assert_int_equal(order.part_bytes, strlen(content));
	assert_memory_equal(order.part, content, order.part_bytes);
	assert_int_equal(order.fd, -1);
}
