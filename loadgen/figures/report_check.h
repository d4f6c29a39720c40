/* report_check.h - what the generator knows about itself becomes figures, and a judgement whether they can be trusted.
 *
 * Thread: the report's.
 */
#pragma once

#include "loadgen/figures/report.h"

/* Fills load->check from its measurement. A load that is not sound makes the report unsound. */
void report_check_load(struct report *report, struct report_load *load);

/* The worst of all loads, figure by figure. */
struct report_worst {
	double lateness_p50_us, lateness_p99_us, lateness_max_us, cpu_share, little_residual;
	double others_share; /* NAN: known of none */
	uint64_t wanted, up, connect_failures, reconnects;
	unsigned unsteady;
};
struct report_worst report_worst_of(const struct report *report);
