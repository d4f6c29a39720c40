#include "coding/accept_encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"

static const enum coding identity = CODING_IDENTITY, gzip = CODING_GZIP, brotli = CODING_BROTLI;

static enum coding best_of(const char *line)
{
	struct accept_encoding accepted;

	accept_encoding_init(&accepted);
	accept_encoding_add(&accepted, text_of(line));
	return accept_encoding_best(&accepted);
}

static void a_line_chooses(void **state)
{
	const struct {
		const char *line;
		enum coding best;
	} cases[] = {
	    /* what browsers and libraries send */
	    {"gzip, deflate, br", brotli},
	    {"gzip, deflate, br, zstd", brotli},
	    {"gzip, deflate", gzip},
	    {"gzip;q=1.0,deflate;q=0.6,identity;q=0.3", gzip},
	    {"deflate, gzip;q=1.0, *;q=0.5", gzip},
	    {"identity", identity},
	    /* nothing, and what is not known */
	    {"", identity},
	    {" \t ", identity},
	    {",,,", identity},
	    {"deflate", identity},
	    {"zstd, compress", identity},
	    {"gzipped", identity},
	    {"brotli", identity},
	    /* names */
	    {"gzip", gzip},
	    {"br", brotli},
	    {"GZip", gzip},
	    {"BR", brotli},
	    {"x-gzip", gzip},
	    {"X-GZIP;q=0.5", gzip},
	    /* qualities */
	    {"br;q=0.5, gzip", gzip},
	    {"br;q=0.999, gzip;q=1.000", gzip},
	    {"br;q=0.001, gzip;q=0", brotli},
	    {"gzip;q=0.5, br;q=0.5", brotli},
	    {"gzip;Q=0.5, br;q=0.4", gzip},
	    {"gzip;q=1.", gzip},
	    {"gzip;q=0.", identity},
	    {"gzip;q=0", identity},
	    {"gzip;q=0.000", identity},
	    {"br;q=0, gzip;q=0.1", gzip},
	    {"identity, gzip;q=0.5", identity},
	    {"identity;q=0.5, gzip;q=0.5", gzip},
	    {"identity;q=0.4, gzip;q=0.5", gzip},
	    {"identity;q=0", identity},
	    {"identity;q=0, gzip", gzip},
	    {"identity;q=0, gzip;q=0.001", gzip},
	    /* the asterisk is for what is not listed */
	    {"*", brotli},
	    {"*;q=0", identity},
	    {"*;q=0.5, br;q=0.2", gzip},
	    {"*;q=0, gzip", gzip},
	    {"gzip;q=0, *", brotli},
	    {"gzip;q=0, br;q=0, *", identity},
	    {"br;q=0, *;q=0.1", gzip},
	    {"identity;q=0, *;q=0", identity},
	    {"gzip;q=0.3, *;q=0.7, br;q=0", identity},
	    /* white space and empty elements */
	    {"  gzip  ;  q=0.5  ,\tbr\t;\tq=0.4\t", gzip},
	    {", gzip,, br;q=0 ,", gzip},
	    /* of two the lower quality */
	    {"gzip;q=0, gzip", identity},
	    {"gzip, gzip;q=0", identity},
	    {"gzip;q=0.2, br;q=0.3, x-gzip;q=0.9", brotli},
	    /* malformed: as if the element were not there */
	    {"gzip;", identity},
	    {"gzip;q", identity},
	    {"gzip;q=", identity},
	    {"gzip;q=x", identity},
	    {"gzip;q=2", identity},
	    {"gzip;q=1.001", identity},
	    {"gzip;q=1.5", identity},
	    {"gzip;q=-1", identity},
	    {"gzip;q=+1", identity},
	    {"gzip;q=.5", identity},
	    {"gzip;q=00.5", identity},
	    {"gzip;q=0.1234", identity},
	    {"gzip;q=0,5", identity},
	    {"gzip;q=1e0", identity},
	    {"gzip;q=0x1", identity},
	    {"gzip;q =1", identity},
	    {"gzip;q= 1", identity},
	    {"gzip;level=9", identity},
	    {"gzip;q=1;q=0", identity},
	    {"gzip;q=0.5;level=9", identity},
	    {"gzip br", identity},
	    {"gzip/br", identity},
	    {"\"gzip\"", identity},
	    {"g\xc3\xa4zip", identity},
	    {";q=1", identity},
	    {"*;q=9", identity},
	    {"*gzip", identity},
	    {"gzip;q=x, br;q=0.1", brotli},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		if (best_of(cases[i].line) != cases[i].best)
			fail_msg("\"%s\" chooses %s, not %s", cases[i].line, coding_name(best_of(cases[i].line)),
				 coding_name(cases[i].best));
}

static void a_nul_is_malformed(void **state)
{
	struct accept_encoding accepted;

	(void)state;
	accept_encoding_init(&accepted);
	accept_encoding_add(&accepted, TEXT("gzip\0, br;q=0.5\0"));
	assert_int_equal(accept_encoding_best(&accepted), identity);
}

static void several_lines_are_one_list(void **state)
{
	struct accept_encoding accepted;

	(void)state;
	accept_encoding_init(&accepted);
	assert_int_equal(accept_encoding_best(&accepted), identity);
	accept_encoding_add(&accepted, TEXT("br;q=0.5"));
	assert_int_equal(accept_encoding_best(&accepted), brotli);
	accept_encoding_add(&accepted, TEXT("gzip"));
	assert_int_equal(accept_encoding_best(&accepted), gzip);
	accept_encoding_add(&accepted, TEXT("x-gzip;q=0, identity;q=0"));
	assert_int_equal(accept_encoding_best(&accepted), brotli);
}

static void takes(const char *line, bool takes_identity, bool takes_gzip, bool takes_brotli)
{
	struct accept_encoding accepted;

	accept_encoding_init(&accepted);
	accept_encoding_add(&accepted, text_of(line));
	assert_int_equal(accept_encoding_takes(&accepted, identity), takes_identity);
	assert_int_equal(accept_encoding_takes(&accepted, gzip), takes_gzip);
	assert_int_equal(accept_encoding_takes(&accepted, brotli), takes_brotli);
}

static void what_may_be_sent(void **state)
{
	(void)state;
	takes("", true, false, false);
	takes("gzip", true, true, false);
	takes("gzip;q=0.001, identity;q=0", false, true, false);
	takes("*", true, true, true);
	takes("*;q=0", false, false, false);
	takes("*;q=0, identity;q=0.1", true, false, false);
	takes("br, *;q=0", false, false, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_chooses),
	    cmocka_unit_test(a_nul_is_malformed),
	    cmocka_unit_test(several_lines_are_one_list),
	    cmocka_unit_test(what_may_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
