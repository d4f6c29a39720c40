#include "loadgen/report/text.h"

#include <math.h>
#include <string.h>

#include "loadgen/figures/report_check.h"
#include "loadgen/figures/sentences.h"
#include "loadgen/report/format.h"

/* The histogram of the load whose sends were latest. */
static void print_lateness(const struct report *report, FILE *out, unsigned columns)
{
	char line[512];
	int at;
	const struct report_check *check = NULL;
	uint64_t all = 0;

	for (unsigned i = 0; i < report->load_count; i++)
		if (check == NULL || report->loads[i]->check.lateness_p99_us > check->lateness_p99_us)
			check = &report->loads[i]->check;
	for (unsigned i = 0; check != NULL && i < check->lateness_count; i++)
		all += check->lateness[i].count;
	if (all == 0)
		return;
	at = snprintf(line, sizeof(line), "  sends late by");
	for (unsigned i = 0; i < check->lateness_count; i++) {
		double share = 100 * (double)check->lateness[i].count / (double)all;

		if (share >= 0.05 && (size_t)at < sizeof(line) - 32)
			at += isinf(check->lateness[i].to_us)
				  ? snprintf(line + at, 32, " more: %.1f%%", share)
				  : snprintf(line + at, 32, " <%gus: %.1f%%", check->lateness[i].to_us, share);
	}
	report_text_paragraph(out, line, columns, 4);
}

static const char *others_words(double share, char text[static FORMATTED])
{
	snprintf(text, FORMATTED, isnan(share) ? "not known" : "%.0f %%", share * 100);
	return text;
}

void report_text_check(const struct report *report, FILE *out, unsigned columns)
{
	struct report_worst worst = report_worst_of(report);
	char p50[FORMATTED], p99[FORMATTED], max[FORMATTED], others[FORMATTED];

	if (report->load_count == 0 || strcmp(report->command, "diff") == 0)
		return;
	others_words(worst.others_share, others);
	format_ms(worst.lateness_p99_us / 1e3, p99);
	if (report->is_sound) {
		fprintf(out, SAYS_sound, p99, worst.cpu_share * 100, others);
		fputc('\n', out);
		if (worst.cpu_share > 0.95)
			report_text_line(out, SAYS_lower_bound);
		return;
	}
	fprintf(out, SAYS_unsound, report->load_count, report->load_count == 1 ? "" : "s");
	fputc('\n', out);
	fprintf(out, "  sends late: p50 %s, p99 %s, at most %s; own CPU %.0f %% of a core, others' %s\n",
		format_ms(worst.lateness_p50_us / 1e3, p50), p99, format_ms(worst.lateness_max_us / 1e3, max),
		worst.cpu_share * 100, others);
	if (worst.cpu_share > 0.95)
		report_text_line(out, SAYS_lower_bound);
	print_lateness(report, out, columns);
	fprintf(out,
		"  connections missing %llu, connects failed %llu, connections opened again %llu; Little's law off by "
		"%.2g %%\n",
		(unsigned long long)(worst.wanted > worst.up ? worst.wanted - worst.up : 0),
		(unsigned long long)worst.connect_failures, (unsigned long long)worst.reconnects,
		worst.little_residual * 100);
	for (unsigned i = 0; i < report->load_count; i++)
		for (unsigned j = 0; j < report->loads[i]->check.reason_count; j++) {
			fprintf(out, "  %s, %s: ", report_arm_name(report, report->loads[i]->arm),
				report->loads[i]->group);
			report_text_paragraph(out, report->loads[i]->check.reasons[j], columns - 20, 4);
		}
}
