#include "loadgen/figures/report_check.h"

#include <math.h>

#include "loadgen/figures/sentences.h"
#include "loadgen/figures/tally.h"

/* Above these the figures tell more of the generator than of the service. */
static const double LATENESS_MAX_US = 1000; /* median, open loop: a millisecond is what --slo may be about */
static const double CPU_SHARE_MAX = 0.8;    /* of a core; an open loop needs the rest to keep its times */
static const double MISSING_MAX = 0.01;     /* of the connections */
static const double LITTLE_MAX = 0.05;      /* |L - X R| / L */
enum { LITTLE_REQUESTS_MIN = 1000 };

static void object(struct report *report, struct report_load *load, const char *format, ...) PRINTF_LIKE(3, 4);

static void object(struct report *report, struct report_load *load, const char *format, ...)
{
	struct report_check *check = &load->check;
	va_list values;

	if (check->reason_count == ARRAY_LENGTH(check->reasons))
		return;
	va_start(values, format);
	check->reasons[check->reason_count++] = arena_vprintf(&report->arena, format, values);
	va_end(values);
	check->is_sound = false;
	report->is_sound = false;
}

/* The upper edge in microseconds of the bucket that `share` of the sends lie in or below. */
static double lateness_at(const struct load_self_check *self, double share)
{
	uint64_t so_far = 0;

	for (unsigned i = 0; i < LATENESS_BUCKETS && self->lateness_count > 0; i++) {
		so_far += self->lateness[i];
		if ((double)so_far >= share * (double)self->lateness_count - 1e-9)
			return (double)lateness_edge_ns(i) / 1e3;
	}
	return 0;
}

/* From 1 us in steps of 2; the last takes the rest. */
static void add_lateness(struct report_check *check, const struct load_self_check *self)
{
	enum { STEPS = ARRAY_LENGTH(((struct report_check *)NULL)->lateness) };
	double edge = 1;
	unsigned bucket = 0;

	check->lateness_p50_us = lateness_at(self, 0.5);
	check->lateness_p99_us = lateness_at(self, 0.99);
	check->lateness_max_us = lateness_at(self, 1);
	for (unsigned i = 0; i < STEPS && bucket < LATENESS_BUCKETS; i++, edge *= 2) {
		uint64_t count = 0;

		for (; bucket < LATENESS_BUCKETS && (i == STEPS - 1 || (double)lateness_edge_ns(bucket) / 1e3 <= edge);
		     bucket++)
			count += self->lateness[bucket];
		check->lateness[i].to_us = i == STEPS - 1 ? INFINITY : edge;
		check->lateness[i].count = count;
		check->lateness_count = i + 1;
	}
}

static void judge(struct report *report, struct report_load *load, const struct load_self_check *self)
{
	struct report_check *check = &load->check;
	bool is_open = load->model == LOAD_OPEN;

	if (load->requests == 0)
		object(report, load, SAYS_no_request);
	else if (good_of(load) > 0 && load->throughput <= 0)
		object(report, load, SAYS_no_answer, load->duration_s);
	if (load->outcomes[OUTCOME_NOT_SENT] > 0)
		object(report, load, SAYS_not_sent, (unsigned long long)load->outcomes[OUTCOME_NOT_SENT],
		       (unsigned long long)load->requests, load->concurrency);
	if (is_open && check->lateness_p50_us > LATENESS_MAX_US)
		object(report, load, SAYS_sends_late, check->lateness_p50_us / 1e3, LATENESS_MAX_US / 1e3);
	if (is_open && check->cpu_share > CPU_SHARE_MAX)
		object(report, load, SAYS_generator_busy, check->cpu_share * 100, CPU_SHARE_MAX * 100);
	if (check->connections_up + MISSING_MAX * check->connections_wanted < check->connections_wanted &&
	    load->outcomes[OUTCOME_ANSWERED] > 0)
		object(report, load, SAYS_connections_missing, check->connections_wanted - check->connections_up,
		       check->connections_wanted);
	if (load->requests >= LITTLE_REQUESTS_MIN && check->little_residual > LITTLE_MAX)
		object(report, load, SAYS_little_off, check->little_residual * 100, self->in_flight_mean,
		       load->in_flight);
	if (load->measurement.is_log_full)
		object(report, load, SAYS_log_full);
}

void report_check_load(struct report *report, struct report_load *load)
{
	const struct load_self_check *self = &load->measurement.self_check;
	struct report_check *check = &load->check;

	check->is_sound = true;
	check->others_share = load->measurement.others_share;
	check->cpu_share = self->cpu_share;
	check->connections_wanted = self->connections_wanted;
	check->connections_up = self->connections_up;
	check->connect_failures = self->connect_failures;
	check->reconnects = self->reconnects;
	check->connect_p50_ms = self->connect_p50_ms;
	check->connect_max_ms = self->connect_max_ms;
	add_lateness(check, self);
	if (self->in_flight_mean > 0)
		check->little_residual = fabs(load->in_flight - self->in_flight_mean) / self->in_flight_mean;
	if (load->is_interrupted)
		report->is_interrupted = true;
	judge(report, load, self);
}

struct report_worst report_worst_of(const struct report *report)
{
	struct report_worst worst = {.others_share = NAN};

	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_check *check = &report->loads[i]->check;

		worst.lateness_p50_us = fmax(worst.lateness_p50_us, check->lateness_p50_us);
		worst.lateness_p99_us = fmax(worst.lateness_p99_us, check->lateness_p99_us);
		worst.lateness_max_us = fmax(worst.lateness_max_us, check->lateness_max_us);
		worst.cpu_share = fmax(worst.cpu_share, check->cpu_share);
		worst.others_share = fmax(worst.others_share, check->others_share); /* NAN is passed over */
		worst.little_residual = fmax(worst.little_residual, check->little_residual);
		worst.wanted += check->connections_wanted;
		worst.up += check->connections_up;
		worst.connect_failures += check->connect_failures;
		worst.reconnects += check->reconnects;
		worst.unsteady += !report->loads[i]->steadiness.is_steady;
	}
	return worst;
}
