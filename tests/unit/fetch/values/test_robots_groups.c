#include "robots_fixture.h"

static void a_group_is_ours_or_everybodys(void **state)
{
	static const struct {
		const char *agents;
		bool is_for_us;
	} cases[] = {
	    {"User-agent: meantime", true},
	    {"user-AGENT:MeanTime", true},
	    {"User-agent: meantime/2", true},
	    {"User-agent: meantime/2.0 (+https://example.org)", true},
	    {"User-agent: meantime bot", true},
	    {" \tUser-agent \t: \tmeantime\t ", true},
	    {"User-agent: meantime # us", true},
	    {"User-agent: *", true},
	    {"User-agent: * # all", true},
	    {"User-agent: *  and all", true},
	    {"User-agent: a\nUser-agent: meantime\nUser-agent: b", true},
	    {"User-agent: a\nUser-agent: *", true},
	    {"User-agent: a\n\n\nSitemap: https://a/b.xml\nUser-agent: meantime\nCrawl-delay: 9\nCrawl-delay\n# a",
	     true},
	    {"User-agent: meantime\nUser-agent: b\n\n", true},
	    {"User-agent: meantime\nHost: a\n\nUser-agent: b", true},
	    {"User-agent: meantim", false},
	    {"User-agent: meantimes", false},
	    {"User-agent: meantime-news", false},
	    {"User-agent: meantime_news", false},
	    {"User-agent: Mozilla/5.0 (compatible; meantime)", false},
	    {"User-agent: *meantime", false},
	    {"User-agent:", false},
	    {"User-agent: /2", false},
	    {"User-agent meantime", false},
	    {"User-agents: meantime", false},
	    {"# User-agent: meantime", false},
	    {"Sitemap: /", false},
	    {"", false},
	    {"User-agent: meantime\nDisallow:\nUser-agent: b", false},
	    {"User-agent: meantime\nAllow: /\nUser-agent: b", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char file[256];

		snprintf(file, sizeof(file), "%s\nDisallow: /a\n", cases[i].agents);
		if (allows(file, "/a") == cases[i].is_for_us)
			fail_msg("expected a group %sfor us by\n%s", cases[i].is_for_us ? "" : "not ", file);
		assert_true(allows(file, "/b"));
	}
}

static void groups_of_one_agent_are_merged(void **state)
{
	/* RFC 9309, 2.2.1 */
	static const char ours[] = "User-agent: meantime\nDisallow: /a\nDisallow: /b\n"
				   "User-agent: *\nDisallow: /everybody\n"
				   "User-agent: other\nDisallow: /other\n"
				   "User-agent: Meantime/1\nAllow: /b/c\nDisallow: /d\n";
	static const char everybodys[] = "User-agent: *\nDisallow: /a\nUser-agent: other\nDisallow: /other\n"
					 "User-agent: *\nUser-agent: third\nDisallow: /b\n";
	static const char both[] = "User-agent: *\nUser-agent: meantime\nDisallow: /a\nUser-agent: *\nDisallow: /b\n";
	static const struct case_of_file cases[] = {
	    {ours, "/a", false},
	    {ours, "/b", false},
	    {ours, "/b/c", true},
	    {ours, "/d", false},
	    {ours, "/everybody", true},
	    {ours, "/other", true},
	    {everybodys, "/a", false},
	    {everybodys, "/b", false},
	    {everybodys, "/other", true},
	    {both, "/a", false},
	    {both, "/b", true},
	    {"User-agent: *\nDisallow: /\nUser-agent: meantime\nDisallow:\n", "/a", true},
	    {"User-agent: meantime\nDisallow:\nUser-agent: *\nDisallow: /\n", "/a", true},
	    {"User-agent: meantime\nAllow:\nDisallow: /\nAllow:\n", "/a", false},
	    {"User-agent: meantime\nDisallow: /\nDisallow:\n", "/a", false},
	    {"User-agent: other\nDisallow: /\n", "/a", true},
	    {"Disallow: /\nUser-agent: *\nDisallow: /a\n", "/b", true},
	    {"Disallow: /\n", "/b", true},
	};

	(void)state;
	check_files(cases, ARRAY_LENGTH(cases));
}

static void lines_are_read_however_they_end(void **state)
{
	static const struct case_of_file cases[] = {
	    {"User-agent: *\rDisallow: /a\rDisallow: /b", "/b", false},
	    {"User-agent: *\r\nDisallow: /a$\r\nDisallow: /b$\r\n", "/a", false},
	    {"User-agent: *\r\nDisallow: /a$\r\nDisallow: /b$\r\n", "/b", false},
	    {"User-agent: *\n\rDisallow: /a", "/a", false},
	    {"\n\n\rUser-agent: *\n\n\nDisallow: /a\n\n\nDisallow: /b", "/b", false},
	    {"User-agent: *\nDisallow: /a", "/a", false},
	    {"User-agent: *\nDisallow: /a # why\n", "/a", false},
	    {"User-agent: *\nDisallow: /a#b\n", "/a", false},
	    {"User-agent: *\nDisallow: # nothing\n", "/a", true},
	    {"User-agent: *\n#Disallow: /a\n", "/a", true},
	    {"User-agent: *\nDisallow # : /a\n", "/a", true},
	    {"User-agent: *\n  DISALLOW\t:/a \t\n", "/a", false},
	    {"User-agent: *\nDisallow: /a:b\n", "/a:b", false},
	    {"User-agent: *\nDisallow /a\n", "/a", true},
	    {"User-agent: *\nDisallowed: /a\n", "/a", true},
	    {"User-agent: *\n: /a\n", "/a", true},
	    {"User-agent: *\nDisallow: /a\nSitemap: https://a/b\nCrawl-delay: 1\nnonsense\nDisallow: /b\n", "/b",
	     false},
	    {"\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", "/a", false},
	    {"\xef\xbb\xbf\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", "/a", true},
	    {"\xef\xbb", "/a", true},
	    {"", "/a", true},
	};
	static const char with_nul[] = "User-agent: *\nDisallow: /a\0b\nDisallow: /c";

	(void)state;
	check_files(cases, ARRAY_LENGTH(cases));
	assert_true(allows_text((struct text){with_nul, sizeof(with_nul) - 1}, "/axb"));
	assert_false(allows_text((struct text){with_nul, sizeof(with_nul) - 1}, "/c"));
	assert_true(allows_text((struct text){NULL, 0}, "/c"));
}

static void a_page_has_no_rules(void **state)
{
	static const struct case_of_file cases[] = {
	    {"<!DOCTYPE html>\n<pre>\nUser-agent: *\nDisallow: /\n</pre>\n", "/a", true},
	    {"\xef\xbb\xbf\r\n \t<html>\nUser-agent: *\nDisallow: /\n", "/a", true},
	    {"<\nUser-agent: *\nDisallow: /", "/a", true},
	    {"User-agent: *\n<p>\nDisallow: /\n", "/a", false},
	};

	(void)state;
	check_files(cases, ARRAY_LENGTH(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_is_ours_or_everybodys),
	    cmocka_unit_test(groups_of_one_agent_are_merged),
	    cmocka_unit_test(lines_are_read_however_they_end),
	    cmocka_unit_test(a_page_has_no_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
