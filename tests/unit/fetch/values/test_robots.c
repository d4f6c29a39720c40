#include "robots_fixture.h"

/* RFC 9309, 5.1, with our name where another stood. */
static void the_simple_example_of_the_rfc(void **state)
{
#define EXAMPLE(foobot, barbot, bazbot)                                                                                \
	"User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"                              \
	"User-Agent: " foobot "\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"                 \
	"User-Agent: " barbot "\nUser-Agent: " bazbot "\nDisallow: /example/page.html\n\n"                             \
	"User-Agent: quxbot\n"
	static const char others[] = EXAMPLE("foobot", "barbot", "bazbot");
	static const char first[] = EXAMPLE("meantime", "barbot", "bazbot");
	static const char second[] = EXAMPLE("foobot", "Meantime", "bazbot");
	static const char third[] = EXAMPLE("foobot", "barbot", "MEANTIME");
	static const struct case_of_file cases[] = {
	    {others, "/", true},
	    {others, "/a.gif", false},
	    {others, "/a.gif?b", true},
	    {others, "/example/", false},
	    {others, "/example/page.html", false},
	    {others, "/example", true},
	    {others, "/publications/", true},
	    {others, "/publications/a.gif", true},
	    {first, "/", false},
	    {first, "/publications/", false},
	    {first, "/example/page.html", true},
	    {first, "/example/allowed.gif", true},
	    {first, "/example/other.gif", false},
	    {second, "/example/page.html", false},
	    {second, "/example/", true},
	    {second, "/a.gif", true},
	    {third, "/example/page.html", false},
	    {third, "/a.gif", true},
	};

	(void)state;
	check_files(cases, ARRAY_LENGTH(cases));
	/* the last group has no rules: everything is allowed */
	assert_true(allows("User-Agent: *\nDisallow: /\n\nUser-Agent: meantime\n", "/a"));
}

/* RFC 9309, 5.2 and 2.2.2 */
static void the_longest_match_wins(void **state)
{
	static const char example[] =
	    "User-Agent: meantime\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
	static const struct case_of_file cases[] = {
	    {example, "/example/page/disallowed.gif", false},
	    {example, "/example/page/disallowed.gi", true},
	    {example, "/example/page/", true},
	    {"User-agent: *\nAllow: /p\nDisallow: /", "/page", true},
	    {"User-agent: *\nDisallow: /\nAllow: /p", "/page", true},
	    {"User-agent: *\nAllow: /p\nDisallow: /", "/a", false},
	    {"User-agent: *\nAllow: /folder\nDisallow: /folder", "/folder/page", true},
	    {"User-agent: *\nDisallow: /folder\nAllow: /folder", "/folder/page", true},
	    {"User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", false},
	    {"User-agent: *\nAllow: /page\nDisallow: /*.ph", "/page.php5", true},
	    {"User-agent: *\nDisallow: /*.ph\nAllow: /page", "/page.php5", true},
	    {"User-agent: *\nAllow: /$\nDisallow: /", "/", true},
	    {"User-agent: *\nAllow: /$\nDisallow: /", "/page.htm", false},
	    {"User-agent: *\nAllow: /a$\nDisallow: /a", "/a", true},
	    {"User-agent: *\nDisallow: /a$\nAllow: /a", "/a", false},
	    {"User-agent: *\nDisallow: /fish*\nAllow: /fish", "/fish", false},
	    /* an escape is the one octet it stands for, however it is written */
	    {"User-agent: *\nDisallow: /%61%62\nAllow: /*b", "/ab", true},
	    {"User-agent: *\nDisallow: /x/page.html\nAllow: /x/", "/x/page.html", false},
	    {"User-agent: *\nAllow: /a\nAllow: /a\nDisallow: /ab\nAllow: /a", "/abc", false},
	};

	(void)state;
	check_files(cases, ARRAY_LENGTH(cases));
}

/* Mostly https://developers.google.com/crawling/docs/robots-txt/robots-txt-spec (path values), and RFC 9309, 2.2.3. */
static void a_pattern_matches_what_it_says(void **state)
{
	static const struct {
		const char *pattern, *target;
		bool is_match;
	} cases[] = {
	    {"/", "/", true},
	    {"/", "/fish", true},
	    {"/*", "/", true},
	    {"/*", "/fish?a=b", true},
	    {"*", "/", true},
	    {"*", "/fish", true},
	    {"/$", "/", true},
	    {"/$", "/a", false},
	    {"/fish", "/fish", true},
	    {"/fish", "/fish.html", true},
	    {"/fish", "/fish/salmon.html", true},
	    {"/fish", "/fishheads", true},
	    {"/fish", "/fishheads/yummy.html", true},
	    {"/fish", "/fish.php?id=anything", true},
	    {"/fish", "/Fish.asp", false},
	    {"/fish", "/catfish", false},
	    {"/fish", "/?id=fish", false},
	    {"/fish", "/desert/fish", false},
	    {"/fish", "/fis", false},
	    {"/fish*", "/fish", true},
	    {"/fish*", "/fish.html", true},
	    {"/fish*", "/fishheads/yummy.html", true},
	    {"/fish*", "/fish.php?id=anything", true},
	    {"/fish*", "/Fish.asp", false},
	    {"/fish*", "/catfish", false},
	    {"/fish*", "/?id=fish", false},
	    {"/fish/", "/fish/", true},
	    {"/fish/", "/fish/?id=anything", true},
	    {"/fish/", "/fish/salmon.htm", true},
	    {"/fish/", "/fish", false},
	    {"/fish/", "/fish.html", false},
	    {"/fish/", "/animals/fish/", false},
	    {"/fish/", "/Fish/Salmon.asp", false},
	    {"/*.php", "/index.php", true},
	    {"/*.php", "/filename.php", true},
	    {"/*.php", "/folder/filename.php", true},
	    {"/*.php", "/folder/filename.php?parameters", true},
	    {"/*.php", "/folder/any.php.file.html", true},
	    {"/*.php", "/filename.php/", true},
	    {"/*.php", "/", false},
	    {"/*.php", "/windows.PHP", false},
	    {"/*.php$", "/filename.php", true},
	    {"/*.php$", "/folder/filename.php", true},
	    {"/*.php$", "/filename.php.php", true},
	    {"/*.php$", "/filename.php?parameters", false},
	    {"/*.php$", "/filename.php/", false},
	    {"/*.php$", "/filename.php5", false},
	    {"/*.php$", "/windows.PHP", false},
	    {"/fish*.php", "/fish.php", true},
	    {"/fish*.php", "/fishheads/catfish.php?parameters", true},
	    {"/fish*.php", "/Fish.PHP", false},
	    {"fish", "/fish", false}, /* no slash: no path begins so */
	    {"*fish", "/catfish", true},
	    {"$", "/", false},
	    {"*$", "/a", true},
	    {"/a*$", "/abc", true},
	    {"/a*$", "/ba", false},
	    {"/a$", "/a", true},
	    {"/a$", "/ab", false},
	    {"/ab$", "/a", false},
	    {"/a$b", "/a$b", true}, /* `$` is special at the end only */
	    {"/a$b", "/a", false},
	    {"/a$$", "/a$", true},
	    {"/a$$", "/a", false},
	    {"/a**b", "/ab", true},
	    {"/a**b", "/axxb", true},
	    {"/**$", "/", true},
	    {"/a*b*c", "/axbxc", true},
	    {"/a*b*c", "/acb", false},
	    {"/a*b*c$", "/abcbcxc", true},
	    {"/a*b*c$", "/abcbcx", false},
	    {"/a*aa$", "/aa", false}, /* a piece does not overlap the one before */
	    {"/a*aa$", "/aaa", true},
	    {"/*ab*ab$", "/ab", false},
	    {"/*ab*ab$", "/abab", true},
	    {"/*aab", "/aaab", true},
	    {"/?", "/?a", true},
	    {"/*?a=", "/x?b=1&a=2", false},
	    {"/*?*a=", "/x?b=1&a=2", true},
	    {"/file-with-a-%2A.html", "/file-with-a-*.html", true},
	    {"/file-with-a-%2A.html", "/file-with-a-%2a.html", true},
	    {"/file-with-a-%2A.html", "/file-with-a-b.html", false},
	    {"/foo-%24", "/foo-$", true},
	    {"/foo-%24", "/foo-$a", true},
	    {"/foo-%24", "/foo-", false},
	    {"/foo-%24$", "/foo-$a", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char file[256];

		snprintf(file, sizeof(file), "User-agent: *\nDisallow: %s\n", cases[i].pattern);
		if (allows(file, cases[i].target) == cases[i].is_match)
			fail_msg("expected \"%s\" %sto match \"%s\"", cases[i].pattern, cases[i].is_match ? "" : "not ",
				 cases[i].target);
		snprintf(file, sizeof(file), "User-agent: *\nDisallow: *\nAllow:%s*********\n", cases[i].pattern);
		if (cases[i].pattern[strlen(cases[i].pattern) - 1] != '$' &&
		    allows(file, cases[i].target) != cases[i].is_match)
			fail_msg("expected \"%s\" %sto allow \"%s\"", cases[i].pattern, cases[i].is_match ? "" : "not ",
				 cases[i].target);
	}
}

/* RFC 9309, 2.2.2 */
static void octets_are_compared_as_what_they_stand_for(void **state)
{
	static const struct {
		const char *pattern, *target;
		bool is_match;
	} cases[] = {
	    {"/foo/bar?baz=quz", "/foo/bar?baz=quz", true},
	    {"/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", true},
	    {"/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", true},
	    {"/foo/bar/\xe3\x83\x84", "/foo/bar/%E3%83%84", true},
	    {"/foo/bar/\xe3\x83\x84", "/foo/bar/\xe3\x83\x84", true},
	    {"/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", true},
	    {"/foo/bar/%E3%83%84", "/foo/bar/\xe3\x83\x84", true},
	    {"/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84", true},
	    {"/foo/bar/%62%61%7A", "/foo/bar/baz", true},
	    {"/foo/bar/baz", "/foo/bar/%62%61%7a", true},
	    {"/a%3cd.html", "/a%3Cd.html", true},
	    {"/%7Ejoe/index.html", "/~joe/index.html", true},
	    {"/a b", "/a%20b", true},
	    {"/a%20b", "/a+b", false},
	    {"/%41", "/a", false},
	    {"/%", "/%", true},
	    {"/%", "/%25", true},
	    {"/%2", "/%252", true},
	    {"/%zz", "/%25zz", true},
	    {"/%4", "/A", false},
	    {"/%2541", "/A", false}, /* decoded once */
	    {"/%2541", "/%2541", true},
	    {"/%2541", "/%41", false},
	    {"/a%00b", "/a%00b", true},
	    {"/a%00b", "/axb", false}, /* no wildcard */
	    {"/a%00", "/a", false},
	    {"/*2F", "/a/", false}, /* nothing ends inside of an escape */
	    {"/*2F", "/a%2F", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char file[256];

		snprintf(file, sizeof(file), "User-agent: *\nDisallow: %s\n", cases[i].pattern);
		if (allows(file, cases[i].target) == cases[i].is_match)
			fail_msg("expected \"%s\" %sto match \"%s\"", cases[i].pattern, cases[i].is_match ? "" : "not ",
				 cases[i].target);
	}
}

static void robots_txt_itself_is_always_allowed(void **state)
{
	static const char all[] = "User-agent: *\nDisallow: /\nDisallow: /robots.txt\n";
	static const struct case_of_file cases[] = {
	    {all, "/robots.txt", true},
	    {all, "/robots.txt?a", false},
	    {all, "/a/robots.txt", false},
	    {all, "/", false},
	};

	(void)state;
	check_files(cases, ARRAY_LENGTH(cases));
}

static void a_file_is_read_up_to_its_bound(void **state)
{
	/* where the rule's last byte stands, counted from the bound, and what is behind it */
	static const struct {
		int last;
		const char *behind;
		const char *target;
		bool is_allowed;
	} cases[] = {
	    {-2, "\r", "/pq", false},
	    {-2, "\n", "/pq", false},
	    {-3, "\r\n", "/pq", false},
	    {-3, "\nDisallow: /z", "/pq", false},
	    {-2, "\nDisallow: /z", "/z", true},
	    {-1, "", "/pq", true},
	    {0, "\n", "/pq", true},
	    {0, "\n", "/p", true},
	    {1, "q\n", "/p", true},
	    {-2, "", "/pq", false},
	};
	static char file[ROBOTS_BYTES_MAX + 100];
	static const char head[] = "User-agent: *\n", rule[] = "\nDisallow: /p";

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		size_t end = (size_t)(ROBOTS_BYTES_MAX + cases[i].last + 1);
		size_t behind = strlen(cases[i].behind);

		memset(file, '#', sizeof(file));
		memcpy(file, head, sizeof(head) - 1);
		memcpy(file + end - (sizeof(rule) - 1), rule, sizeof(rule) - 1);
		memcpy(file + end, cases[i].behind, behind);
		if (allows_text((struct text){file, end + behind}, cases[i].target) != cases[i].is_allowed)
			fail_msg("case %zu: expected %s to be %s", i, cases[i].target,
				 cases[i].is_allowed ? "allowed" : "disallowed");
	}
}

static void a_rule_beyond_the_bound_is_left_out(void **state)
{
	enum { LINE_BYTES = sizeof("Disallow: /0000$\n") - 1 };
	static char file[32 + LINE_BYTES * (ROBOTS_RULES_MAX + 1) + 1];
	size_t length = (size_t)snprintf(file, sizeof(file), "User-agent: *\n");

	(void)state;
	for (unsigned i = 0; i <= ROBOTS_RULES_MAX; i++)
		length += (size_t)snprintf(file + length, sizeof(file) - length, "Disallow: /%04u$\n", i);
	assert_false(allows(file, "/0000"));
	assert_false(allows(file, "/0999"));
	assert_true(allows(file, "/1000"));
}

/* Would not end if a wildcard were tried at every place, again for every one before it. */
static void wildcards_are_cheap(void **state)
{
	static char file[ROBOTS_BYTES_MAX - 1], target[8192];
	size_t length = (size_t)snprintf(file, sizeof(file), "User-agent: *\nDisallow: /");

	(void)state;
	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	while (length + 4 < sizeof(file)) {
		memcpy(file + length, "*a", 2);
		length += 2;
	}
	assert_true(allows_text((struct text){file, length}, target));
	/* as many as fit, and one octet that is not there */
	length = (size_t)snprintf(file, sizeof(file), "User-agent: *\nDisallow: /");
	for (unsigned i = 0; i < 4000; i++)
		length += (size_t)snprintf(file + length, sizeof(file) - length, "*a");
	assert_false(allows_text((struct text){file, length}, target));
	file[length++] = 'b';
	assert_true(allows_text((struct text){file, length}, target));
	file[length++] = '$';
	assert_true(allows_text((struct text){file, length}, target));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_simple_example_of_the_rfc),
	    cmocka_unit_test(the_longest_match_wins),
	    cmocka_unit_test(a_pattern_matches_what_it_says),
	    cmocka_unit_test(octets_are_compared_as_what_they_stand_for),
	    cmocka_unit_test(robots_txt_itself_is_always_allowed),
	    cmocka_unit_test(a_file_is_read_up_to_its_bound),
	    cmocka_unit_test(a_rule_beyond_the_bound_is_left_out),
	    cmocka_unit_test(wildcards_are_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
