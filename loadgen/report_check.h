/* report_check.h - what the generator knows about itself becomes figures, and a judgement whether they can be trusted.
 *
 * Thread: the report's.
 */
#pragma once

#include "loadgen/report.h"

/* Fills load->check from its measurement. A load that is not sound makes the report unsound. */
void report_check_load(struct report *report, struct report_load *load);
