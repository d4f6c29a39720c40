#include "loadgen/report/json.h"

#include <stdio.h>

static const char *const MODEL_WORDS[] = {[LOAD_CLOSED] = "closed", [LOAD_OPEN] = "open", [LOAD_BURST] = "burst"};

static void write_percentile(struct json_out *json, const struct percentile *percentile)
{
	json_out_open(json, NULL, '{');
	json_out_number(json, "percent", percentile->percent);
	json_out_number(json, "value_ms", percentile->value);
	json_out_number(json, "low_ms", percentile->interval.low);
	json_out_number(json, "high_ms", percentile->interval.high);
	json_out_bool(json, "is_supported", percentile->is_supported);
	json_out_bool(json, "is_at_least", percentile->is_at_least);
	json_out_close(json);
}

static void write_times(struct json_out *json, const char *key, const struct report_times *times)
{
	if (times->count == 0) {
		json_out_null(json, key);
		return;
	}
	json_out_open(json, key, '{');
	json_out_count(json, "count", times->count);
	json_out_count(json, "at_least_count", times->at_least_count);
	json_out_number(json, "mean_ms", times->mean);
	json_out_number(json, "min_ms", times->min);
	json_out_number(json, "max_ms", times->max);
	json_out_open(json, "percentiles", '[');
	for (unsigned i = 0; i < times->percentile_count; i++)
		write_percentile(json, &times->percentiles[i]);
	json_out_close(json);
	json_out_close(json);
}

static void write_outcomes(struct json_out *json, const uint64_t *outcomes)
{
	json_out_open(json, "outcomes", '{');
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		if (outcomes[i] > 0)
			json_out_count(json, outcome_word((enum outcome)i), outcomes[i]);
	}
	json_out_close(json);
}

static void write_statuses(struct json_out *json, const uint64_t *statuses)
{
	json_out_open(json, "statuses", '{');
	for (unsigned i = 1; i < STATUS_COUNT; i++) {
		char status[16];

		if (statuses[i] == 0)
			continue;
		snprintf(status, sizeof(status), "%u", i);
		json_out_count(json, status, statuses[i]);
	}
	json_out_close(json);
}

void report_json_write_tally(struct json_out *json, const uint64_t *outcomes, const uint64_t *statuses)
{
	write_outcomes(json, outcomes);
	write_statuses(json, statuses);
}

/* One column of the moments. */
static void write_moments_of(struct json_out *json, const char *key, const struct report_load *load, size_t offset)
{
	json_out_open(json, key, '[');
	for (unsigned i = 0; i < load->moment_count; i++)
		json_out_number(json, NULL, *(const double *)(const void *)((const char *)&load->moments[i] + offset));
	json_out_close(json);
}

static void write_moments(struct json_out *json, const struct report_load *load)
{
	json_out_open(json, "moments", '{');
	write_moments_of(json, "at_s", load, offsetof(struct report_moment, at_s));
	write_moments_of(json, "sent_per_s", load, offsetof(struct report_moment, sent));
	write_moments_of(json, "done_per_s", load, offsetof(struct report_moment, done));
	write_moments_of(json, "failed_per_s", load, offsetof(struct report_moment, failed));
	write_moments_of(json, "in_flight", load, offsetof(struct report_moment, in_flight));
	write_moments_of(json, "p50_ms", load, offsetof(struct report_moment, p50_ms));
	write_moments_of(json, "p99_ms", load, offsetof(struct report_moment, p99_ms));
	json_out_close(json);
}

static void write_block(struct json_out *json, const struct histogram *histogram, double rate)
{
	json_out_open(json, NULL, '{');
	json_out_number(json, "rate_per_s", rate);
	json_out_open(json, "values", '[');
	for (size_t i = 0; i < histogram->length; i++)
		json_out_number(json, NULL, histogram->values[i]);
	json_out_close(json);
	json_out_open(json, "counts", '[');
	for (size_t i = 0; i < histogram->length; i++)
		json_out_count(json, NULL, histogram->counts[i]);
	json_out_close(json);
	json_out_close(json);
}

static void write_blocks(struct json_out *json, const struct blocks *blocks)
{
	json_out_open(json, "blocks", '[');
	for (size_t i = 0; i < blocks->count; i++)
		write_block(json, &blocks->blocks[i], blocks->rates[i]);
	json_out_close(json);
}

static void write_lateness(struct json_out *json, const struct report_check *check)
{
	json_out_open(json, "lateness", '{');
	json_out_number(json, "p50_us", check->lateness_p50_us);
	json_out_number(json, "p99_us", check->lateness_p99_us);
	json_out_number(json, "max_us", check->lateness_max_us);
	json_out_open(json, "histogram", '[');
	for (unsigned i = 0; i < check->lateness_count; i++) {
		json_out_open(json, NULL, '{');
		json_out_number(json, "to_us", check->lateness[i].to_us);
		json_out_count(json, "count", check->lateness[i].count);
		json_out_close(json);
	}
	json_out_close(json);
	json_out_close(json);
}

static void write_check(struct json_out *json, const struct report_check *check)
{
	json_out_open(json, "self_check", '{');
	json_out_bool(json, "is_sound", check->is_sound);
	json_out_open(json, "reasons", '[');
	for (unsigned i = 0; i < check->reason_count; i++)
		json_out_string(json, NULL, check->reasons[i]);
	json_out_close(json);
	write_lateness(json, check);
	json_out_number(json, "cpu_share", check->cpu_share);
	json_out_number(json, "others_share", check->others_share);
	json_out_number(json, "little_residual", check->little_residual);
	json_out_count(json, "connections_wanted", check->connections_wanted);
	json_out_count(json, "connections_up", check->connections_up);
	json_out_count(json, "connect_failures", check->connect_failures);
	json_out_count(json, "reconnects", check->reconnects);
	json_out_number(json, "connect_p50_ms", check->connect_p50_ms);
	json_out_number(json, "connect_max_ms", check->connect_max_ms);
	json_out_close(json);
}

static void write_steadiness(struct json_out *json, const struct steadiness *steadiness)
{
	json_out_open(json, "steadiness", '{');
	json_out_bool(json, "is_known", steadiness->is_known);
	json_out_bool(json, "is_steady", steadiness->is_steady);
	json_out_number(json, "growth_per_s", steadiness->growth_per_s);
	json_out_close(json);
}

static void write_plan(struct json_out *json, const struct report_load *load)
{
	json_out_count(json, "arm", load->arm);
	json_out_count(json, "round", load->round);
	json_out_string(json, "group", load->group);
	json_out_string(json, "what", load->what);
	json_out_number(json, "delay_ms", load->delay_ms);
	json_out_string(json, "model", MODEL_WORDS[load->model]);
	if (load->model == LOAD_OPEN) {
		json_out_count(json, "max_in_flight", load->concurrency);
		json_out_number(json, "rate_per_s", load->rate);
		json_out_string(json, "arrivals", load->arrivals == ARRIVALS_POISSON ? "poisson" : "constant");
	} else {
		json_out_count(json, "concurrency", load->concurrency);
		json_out_count(json, "pipeline", load->pipeline);
	}
	json_out_number(json, "warmup_s", load->warmup_s);
	json_out_number(json, "duration_s", load->duration_s);
}

void report_json_write_load(struct json_out *json, const struct report_load *load, bool with_blocks)
{
	json_out_open(json, NULL, '{');
	write_plan(json, load);
	json_out_count(json, "requests", load->requests);
	report_json_write_tally(json, load->outcomes, load->statuses);
	json_out_number(json, "throughput_per_s", load->throughput);
	json_out_number(json, "in_flight", load->in_flight);
	json_out_count(json, "bytes", load->bytes);
	write_times(json, "response", &load->response);
	write_times(json, "service", &load->service);
	write_times(json, "queue", &load->queue);
	write_times(json, "database", &load->database);
	write_moments(json, load);
	write_steadiness(json, &load->steadiness);
	write_check(json, &load->check);
	json_out_string(json, "malformed_what", load->malformed_what);
	json_out_bool(json, "is_interrupted", load->is_interrupted);
	if (with_blocks)
		write_blocks(json, &load->blocks);
	json_out_close(json);
}
