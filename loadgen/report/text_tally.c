#include "loadgen/report/text.h"

void report_text_tally(const struct report *report, FILE *out, unsigned arm, const struct tally *tally,
		       const char *malformed_what)
{
	struct arena arena = {0};

	if (tally->requests > 0)
		fprintf(out, "  %s: %s%s%s\n", report_arm_name(report, arm), tally_words(tally, &arena),
			malformed_what != NULL ? "; first malformed: " : "",
			malformed_what != NULL ? malformed_what : "");
	arena_cleanup(&arena);
}

void report_text_tally_of_loads(const struct report *report, FILE *out, struct report_load *const *loads,
				unsigned count)
{
	const char *malformed_what = NULL;
	struct tally tally = {0};

	for (unsigned i = 0; i < count; i++) {
		tally_add_load(&tally, loads[i]);
		if (malformed_what == NULL)
			malformed_what = loads[i]->malformed_what;
	}
	if (count > 0)
		report_text_tally(report, out, loads[0]->arm, &tally, malformed_what);
}
