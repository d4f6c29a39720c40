#include "loadgen/report/json.h"

#include <math.h>

#include "loadgen/figures/tally.h"

/* Two numbers; null is one that is unknown. */
void report_json_write_interval(struct json_out *json, const char *key, struct interval interval)
{
	json_out_open(json, key, '[');
	json_out_number(json, NULL, interval.low);
	json_out_number(json, NULL, interval.high);
	json_out_close(json);
}

static void write_bar(struct json_out *json, const struct report_bar *bar)
{
	json_out_open(json, NULL, '{');
	json_out_string(json, "label", bar->label);
	json_out_count(json, "status", bar->status);
	json_out_string(json, "outcome", outcome_word(bar->outcome));
	json_out_number(json, "solo_ms", bar->solo);
	json_out_number(json, "sent_ms", bar->sent);
	json_out_number(json, "first_ms", bar->first);
	json_out_number(json, "done_ms", bar->done);
	json_out_number(json, "queue_before_ms", bar->queue_before);
	json_out_number(json, "queue_ms", bar->queue);
	json_out_number(json, "database_ms", bar->database);
	json_out_number(json, "rest_ms", bar->rest);
	json_out_close(json);
}

/* Of all repeats. */
static void write_tally(struct json_out *json, const struct report_burst *burst)
{
	struct tally tally = {0};

	tally_add_burst(&tally, burst);
	report_json_write_tally(json, tally.outcomes, tally.statuses);
}

void report_json_write_burst(struct json_out *json, const struct report_burst *burst)
{
	json_out_open(json, NULL, '{');
	json_out_count(json, "arm", burst->arm);
	json_out_count(json, "repeats", burst->repeats);
	write_tally(json, burst);
	json_out_number(json, "makespan_ms", burst->makespan);
	report_json_write_interval(json, "makespan_range_ms",
				   (struct interval){burst->makespan_low, burst->makespan_high});
	json_out_number(json, "overlap", burst->overlap);
	report_json_write_interval(json, "overlap_range", (struct interval){burst->overlap_low, burst->overlap_high});
	json_out_open(json, "requests", '[');
	for (unsigned i = 0; i < burst->bar_count; i++)
		write_bar(json, &burst->bars[i]);
	json_out_close(json);
	json_out_close(json);
}

static void write_maybe(struct json_out *json, const char *key, bool is_known, bool value)
{
	if (is_known)
		json_out_bool(json, key, value);
	else
		json_out_null(json, key);
}

static void write_level(struct json_out *json, const struct report_level *level)
{
	json_out_open(json, NULL, '{');
	json_out_count(json, "concurrency", level->concurrency);
	json_out_number(json, "in_flight", level->in_flight);
	json_out_number(json, "throughput_per_s", level->throughput);
	report_json_write_interval(json, "throughput_range_per_s", level->throughput_interval);
	json_out_open(json, "repeats_per_s", '[');
	for (unsigned i = 0; i < level->repeat_count; i++)
		json_out_number(json, NULL, level->repeats[i]);
	json_out_close(json);
	json_out_number(json, "p50_ms", level->p50_ms);
	json_out_number(json, "p90_ms", level->p90_ms);
	json_out_number(json, "p99_ms", level->p99_ms);
	json_out_number(json, "max_ms", level->max_ms);
	json_out_bool(json, "p99_is_supported", level->p99_is_supported);
	json_out_number(json, "error_share", level->error_share);
	json_out_bool(json, "is_sound", level->is_sound);
	json_out_number(json, "noise", level->noise);
	write_maybe(json, "meets_goal", level->goal >= LEVEL_MEETS, level->goal == LEVEL_MEETS);
	json_out_close(json);
}

static void write_usl(struct json_out *json, const struct usl *usl)
{
	json_out_open(json, "usl", '{');
	json_out_bool(json, "is_fitted", usl->is_fitted);
	if (!usl->is_fitted) {
		json_out_string(json, "why", usl->why);
		json_out_close(json);
		return;
	}
	json_out_number(json, "lambda_per_s", usl->lambda);
	report_json_write_interval(json, "lambda_interval_per_s", usl->lambda_interval);
	json_out_number(json, "sigma", usl->sigma);
	report_json_write_interval(json, "sigma_interval", usl->sigma_interval);
	json_out_number(json, "kappa", usl->kappa);
	report_json_write_interval(json, "kappa_interval", usl->kappa_interval);
	json_out_number(json, "r2", usl->r2);
	json_out_bool(json, "has_peak", usl->has_peak);
	json_out_number(json, "n_max", usl->has_peak ? usl->n_max : (double)NAN);
	json_out_number(json, "x_max_per_s", usl->has_peak ? usl->x_max : (double)NAN);
	json_out_number(json, "ceiling_per_s", usl->ceiling);
	json_out_close(json);
}

static void write_bounds(struct json_out *json, const struct report_curve *curve)
{
	json_out_number(json, "knee", curve->knee);
	write_maybe(json, "is_knee_reached", curve->knee_state != KNEE_UNKNOWN, curve->knee_state == KNEE_REACHED);
	json_out_number(json, "others_share", curve->others_share);
	json_out_number(json, "little_per_s", curve->little);
	json_out_number(json, "little_threads", curve->little_threads);
	json_out_number(json, "little_wait_ms", curve->little_wait_ms);
	json_out_number(json, "slo_load", curve->slo_load);
	json_out_number(json, "slo_throughput_per_s", curve->slo_throughput);
	json_out_bool(json, "is_slo_confirmed", curve->is_slo_confirmed);
	json_out_string(json, "bound_sentence", curve->bound_sentence);
}

void report_json_write_curve(struct json_out *json, const struct report_curve *curve)
{
	json_out_open(json, NULL, '{');
	json_out_count(json, "arm", curve->arm);
	json_out_string(json, "what", curve->what);
	json_out_number(json, "delay_ms", curve->delay_ms);
	json_out_open(json, "levels", '[');
	for (unsigned i = 0; i < curve->level_count; i++)
		write_level(json, &curve->levels[i]);
	json_out_close(json);
	write_usl(json, &curve->usl);
	write_bounds(json, curve);
	json_out_close(json);
}
