#include "loadgen/report/text.h"

#include <math.h>
#include <string.h>

#include "loadgen/figures/sentences.h"
#include "loadgen/report/format.h"

enum { BAR = 24 };

/* The loads that a curve is made of. */
static unsigned curve_loads(const struct report *report, const struct report_curve *curve, struct report_load **loads)
{
	unsigned count = 0;

	for (unsigned i = 0; i < report->load_count; i++)
		if (report->loads[i]->arm == curve->arm && strcmp(report->loads[i]->group, "curve") == 0 &&
		    fabs(report->loads[i]->delay_ms - curve->delay_ms) < 1e-9)
			loads[count++] = report->loads[i];
	return count;
}

static void print_level(FILE *out, const struct report_level *level, double most)
{
	char rate[FORMATTED], p50[FORMATTED], p99[FORMATTED];

	fprintf(out, "  %6u %9.1f %10s %9s %9s  ", level->concurrency, level->in_flight,
		format_count(level->throughput, rate), format_ms(level->p50_ms, p50),
		format_ms(level->p99_is_supported ? level->p99_ms : NAN, p99));
	report_text_repeated(out, '#', most > 0 ? level->throughput / most * BAR : 0);
	if (level->error_share > 0)
		fprintf(out, "  %.2g %% failed", level->error_share * 100);
	fputc('\n', out);
}

static void print_usl(FILE *out, const struct usl *usl)
{
	char peak[FORMATTED];

	if (!usl->is_fitted) {
		fprintf(out, "  Universal Scalability Law: not fitted: %s\n", usl->why);
		return;
	}
	fprintf(
	    out,
	    "  Universal Scalability Law: lambda %.4g/s (%.4g to %.4g), sigma %.3g (%.3g to %.3g), kappa %.3g (%.3g to "
	    "%.3g), R2 %.3f\n",
	    usl->lambda, usl->lambda_interval.low, usl->lambda_interval.high, usl->sigma, usl->sigma_interval.low,
	    usl->sigma_interval.high, usl->kappa, usl->kappa_interval.low, usl->kappa_interval.high, usl->r2);
	if (usl->has_peak)
		report_text_line(out, SAYS_peak, format_count(usl->x_max, peak), usl->n_max);
	else
		report_text_line(out, SAYS_no_peak);
}

void report_text_curve(const struct report *report, FILE *out, const struct report_curve *curve)
{
	struct report_load *loads[LEVEL_RUNS_MAX];
	char text[FORMATTED];
	double most = 0;

	for (unsigned i = 0; i < curve->level_count; i++)
		most = fmax(most, curve->levels[i].throughput);
	fprintf(out, "%s, %s over concurrency:\n  %6s %9s %10s %9s %9s\n", report_arm_name(report, curve->arm),
		curve->what, "N", "under way", "answers/s", "p50", "p99");
	for (unsigned i = 0; i < curve->level_count; i++)
		print_level(out, &curve->levels[i], most);
	print_usl(out, &curve->usl);
	if (curve->usl.is_fitted && curve->usl.sigma_interval.low > 0 && !isinf(curve->usl.ceiling))
		fprintf(out, "  Amdahl's ceiling (lambda / sigma): %s/s\n", format_count(curve->usl.ceiling, text));
	if (!isnan(curve->little)) {
		fprintf(out, "  Little's bound: %g waiting at once / ", curve->little_threads);
		fprintf(out, "%s in the database = ", format_ms(curve->little_wait_ms, text));
		fprintf(out, "%s/s\n", format_count(curve->little, text));
	}
	if (curve->knee_state == KNEE_REACHED)
		report_text_line(out, SAYS_knee, curve->knee);
	else if (curve->knee_state == KNEE_NOT_REACHED)
		report_text_line(out, SAYS_knee_unreached, curve->levels[curve->level_count - 1].concurrency);
	if (!isnan(curve->slo_load))
		fprintf(out, "  the goal is met up to %.0f clients (%s/s)%s\n", curve->slo_load,
			format_count(curve->slo_throughput, text),
			curve->is_slo_confirmed ? ", confirmed by a longer run" : "");
	report_text_tally_of_loads(report, out, loads, curve_loads(report, curve, loads));
	fputc('\n', out);
}
