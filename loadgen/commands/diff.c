/* diff: two saved reports; the same arm under the same load, before and after. */
#include <math.h>
#include <string.h>

#include "loadgen/commands/curve.h"
#include "loadgen/figures/verdict.h"
#include "loadgen/report/findings.h"
#include "loadgen/report/report_formats.h"

/* Loads of both files that are the same experiment. */
static bool is_same_load(const struct report *a, const struct report_load *x, const struct report *b,
			 const struct report_load *y)
{
	return strcmp(a->arms[x->arm].name, b->arms[y->arm].name) == 0 && strcmp(x->what, y->what) == 0 &&
	       x->model == y->model && x->concurrency == y->concurrency && x->pipeline == y->pipeline &&
	       fabs(x->rate - y->rate) <= 1e-9 * x->rate && fabs(x->delay_ms - y->delay_ms) < 1e-9 &&
	       strcmp(x->group, y->group) == 0;
}

static unsigned find_rounds(const struct report *of, const struct report *like, const struct report_load *first,
			    struct report_load **rounds)
{
	unsigned count = 0;

	for (unsigned i = 0; i < of->load_count && count < VERDICT_ROUNDS_MAX; i++)
		if (is_same_load(like, first, of, of->loads[i]))
			rounds[count++] = of->loads[i];
	return count;
}

static const char *describe(struct report *report, const struct report *of, const struct report_load *load)
{
	const char *delay =
	    load->delay_ms > 0 ? arena_printf(&report->arena, ", database %.3g ms away", load->delay_ms) : "";

	if (load->model == LOAD_OPEN)
		return arena_printf(&report->arena, "%s: %s, %.4g requests/s due%s", of->arms[load->arm].name,
				    load->what, load->rate, delay);
	return arena_printf(&report->arena, "%s: %s, %u clients%s", of->arms[load->arm].name, load->what,
			    load->concurrency, delay);
}

/* Returns how many experiments both files have. */
static unsigned compare_loads(struct command *command, const struct report *a, const struct report *b)
{
	struct report *report = command->report;
	unsigned count = 0;

	for (unsigned i = 0; i < a->load_count; i++) {
		struct report_load *of_a[VERDICT_ROUNDS_MAX], *of_b[VERDICT_ROUNDS_MAX];
		struct verdict_side before = {0, of_a, find_rounds(a, a, a->loads[i], of_a)},
				    after = {1, of_b, find_rounds(b, a, a->loads[i], of_b)};

		if (after.count == 0 || of_a[0] != a->loads[i])
			continue;
		if (verdict_add(report, describe(report, a, a->loads[i]), &before, &after,
				command->request_options.seed) == NULL)
			break;
		count++;
	}
	return count;
}

static int compare_files(struct command *command, struct report *a, struct report *b)
{
	const struct strings *files = &command->options->arguments;
	struct report *report = command->report;

	if (report_read_json(a, files->at[0], command->why, sizeof(command->why)) != 0 ||
	    report_read_json(b, files->at[1], command->why, sizeof(command->why)) != 0)
		return EXIT_USAGE;
	report->arms[report->arm_count++] = (struct report_arm){.name = "A", .url = files->at[0]};
	report->arms[report->arm_count++] = (struct report_arm){.name = "B", .url = files->at[1]};
	if (compare_loads(command, a, b) == 0) {
		snprintf(command->why, sizeof(command->why),
			 "%s and %s have no load in common: the same name, request, model and concurrency (or rate)",
			 files->at[0], files->at[1]);
		return EXIT_USAGE;
	}
	find_changes(report, a, b);
	find_failing(report, b, "B");
	find_failing(report, a, "A");
	return EXIT_GOOD;
}

int command_diff(struct command *command)
{
	static struct report a, b; /* too large for the stack */
	char *no_arguments[] = {NULL};
	int status;

	report_init(&a, "diff", 0, no_arguments);
	report_init(&b, "diff", 0, no_arguments);
	status = compare_files(command, &a, &b);
	report_cleanup(&a);
	report_cleanup(&b);
	return status;
}
