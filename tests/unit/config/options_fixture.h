/* options_fixture.h - options, and what is said of them. */
#pragma once

#include "config/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct known {
	const char *field, *type, *help;
	unsigned long min, max;
} known[] = {
#define OPTION(field, type, standard, min, max, help) {#field, #type, help, min, max},
#include "config/options.def"
#undef OPTION
};

static inline int set_up(void **state)
{
	static struct options options;

	options_init(&options);
	*state = &options;
	return 0;
}

static inline int tear_down(void **state)
{
	options_cleanup(*state);
	return 0;
}

/* Files are written to one that is unlinked when the test program ends. */
static char file_name[] = "/tmp/test_options_XXXXXX";

static inline int load(struct options *options, char *const *environment, char **argv)
{
	int argc = 0;

	options_cleanup(options);
	while (argv[argc] != NULL)
		argc++;
	return options_load(options, argc, argv, environment);
}

#define ARGUMENTS(...) ((char *[]){__VA_ARGS__, NULL})

#define OPTIONS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static inline void assert_error(const struct options *options, const char *expected)
{
	if (strcmp(options->error, expected) != 0)
		fail_msg("\n%s\n but expected\n%s", options->error, expected);
}

static inline void write_file(const char *content)
{
	FILE *file = fopen(file_name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
	assert_int_equal(fclose(file), 0);
}
