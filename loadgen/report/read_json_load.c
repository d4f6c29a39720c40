#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/report/read_json.h"

enum { BLOCKS_MAX = 100000 };

static int read_percentile(struct json_reader *reader, json_t *object, unsigned index, void *data)
{
	struct percentile *percentile = &((struct report_times *)data)->percentiles[index];

	if (json_reader_amount(reader, object, "percent", &percentile->percent) < 0 ||
	    json_reader_maybe_number(reader, object, "value_ms", &percentile->value) < 0 ||
	    json_reader_maybe_number(reader, object, "low_ms", &percentile->interval.low) < 0 ||
	    json_reader_maybe_number(reader, object, "high_ms", &percentile->interval.high) < 0 ||
	    json_reader_bool(reader, object, "is_supported", &percentile->is_supported) < 0 ||
	    json_reader_bool(reader, object, "is_at_least", &percentile->is_at_least) < 0)
		return -1;
	if (percentile->percent > 100)
		return json_reader_fail(reader, "percent", "a number from 0 to 100");
	((struct report_times *)data)->percentile_count = index + 1;
	return 0;
}

static int read_times(struct json_reader *reader, json_t *load, const char *key, struct report_times *times)
{
	json_t *object;
	size_t back;

	if (json_is_null(json_object_get(load, key)))
		return 0;
	if (json_reader_object(reader, load, key, &object) < 0)
		return -1;
	back = json_reader_enter(reader, key, -1);
	if (json_reader_count(reader, object, "count", RECORDS_MAX, &times->count) < 0 ||
	    json_reader_count(reader, object, "at_least_count", times->count, &times->at_least_count) < 0 ||
	    json_reader_maybe_number(reader, object, "mean_ms", &times->mean) < 0 ||
	    json_reader_maybe_number(reader, object, "min_ms", &times->min) < 0 ||
	    json_reader_maybe_number(reader, object, "max_ms", &times->max) < 0 ||
	    json_reader_elements(reader, object, "percentiles", PERCENTILES_MAX, read_percentile, times) < 0)
		return -1;
	json_reader_leave(reader, back);
	return 0;
}

/* A block's values ascend; each has its count. */
static int read_values(struct json_reader *reader, json_t *values, struct histogram *histogram)
{
	json_t *element;
	size_t i;

	json_array_foreach(values, i, element)
	{
		double value = json_is_number(element) ? json_number_value(element) : -1;

		if (value < 0 || (i > 0 && value <= histogram->values[i - 1]))
			return json_reader_fail(reader, "values", "numbers that ascend from 0");
		histogram->values[i] = value;
	}
	return 0;
}

static int read_counts(struct json_reader *reader, json_t *counts, struct histogram *histogram)
{
	json_t *element;
	size_t i;

	json_array_foreach(counts, i, element)
	{
		json_int_t count = json_is_integer(element) ? json_integer_value(element) : -1;

		if (count < 0 || (uint64_t)count > RECORDS_MAX)
			return json_reader_fail(reader, "counts", "whole numbers that are not negative");
		histogram->counts[i] = (uint64_t)count;
	}
	return 0;
}

static int read_block(struct json_reader *reader, json_t *object, unsigned index, void *data)
{
	struct blocks *blocks = data;
	struct histogram *histogram = &blocks->blocks[index];
	json_t *values, *counts;

	if (json_reader_amount(reader, object, "rate_per_s", &blocks->rates[index]) < 0 ||
	    json_reader_array(reader, object, "values", BUCKET_COUNT, &values) < 0 ||
	    json_reader_array(reader, object, "counts", BUCKET_COUNT, &counts) < 0)
		return -1;
	if (json_array_size(values) != json_array_size(counts))
		return json_reader_fail(reader, "counts", "as many as there are values");
	histogram->length = json_array_size(values);
	histogram->values = arena_alloc(reader->arena, (histogram->length + 1) * sizeof(double));
	histogram->counts = arena_alloc(reader->arena, (histogram->length + 1) * sizeof(uint64_t));
	return read_values(reader, values, histogram) < 0 ? -1 : read_counts(reader, counts, histogram);
}

static int read_blocks(struct json_reader *reader, json_t *load, struct blocks *blocks)
{
	json_t *array;

	if (json_reader_array(reader, load, "blocks", BLOCKS_MAX, &array) < 0)
		return -1;
	blocks->count = json_array_size(array);
	blocks->blocks = arena_alloc_zeroed(reader->arena, (blocks->count + 1) * sizeof(struct histogram));
	blocks->rates = arena_alloc_zeroed(reader->arena, (blocks->count + 1) * sizeof(double));
	return json_reader_elements(reader, load, "blocks", BLOCKS_MAX, read_block, blocks);
}

static int outcome_named(const char *word)
{
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (strcmp(outcome_word((enum outcome)i), word) == 0)
			return i;
	}
	return -1;
}

static int read_outcomes(struct json_reader *reader, json_t *load, struct report_load *out)
{
	size_t back = json_reader_enter(reader, "outcomes", -1);
	json_t *object = json_object_get(load, "outcomes"), *value;
	const char *word;

	if (!json_is_object(object))
		return json_reader_fail(reader, "", "an object");
	json_object_foreach(object, word, value)
	{
		int outcome = outcome_named(word);

		if (outcome < 0)
			return json_reader_fail(reader, "", "only outcomes that docs/report-format.md names");
		if (json_reader_count(reader, object, word, RECORDS_MAX, &out->outcomes[outcome]) < 0)
			return -1;
	}
	json_reader_leave(reader, back);
	return 0;
}

static int read_statuses(struct json_reader *reader, json_t *load, struct report_load *out)
{
	size_t back = json_reader_enter(reader, "statuses", -1);
	json_t *object = json_object_get(load, "statuses"), *value;
	const char *key;

	if (!json_is_object(object))
		return json_reader_fail(reader, "", "an object");
	json_object_foreach(object, key, value)
	{
		char *end;
		unsigned long status = strtoul(key, &end, 10);

		if (key[0] < '1' || key[0] > '9' || *end != '\0' || status >= ARRAY_LENGTH(out->statuses))
			return json_reader_fail(reader, "", "only statuses from 1 to 599");
		if (json_reader_count(reader, object, key, RECORDS_MAX, &out->statuses[status]) < 0)
			return -1;
	}
	json_reader_leave(reader, back);
	return 0;
}

static int read_model(struct json_reader *reader, json_t *object, struct report_load *load)
{
	const char *model = json_string_value(json_object_get(object, "model"));
	const char *arrivals = json_string_value(json_object_get(object, "arrivals"));

	if (model != NULL && strcmp(model, "open") == 0) {
		load->model = LOAD_OPEN;
		if (arrivals == NULL || (strcmp(arrivals, "constant") != 0 && strcmp(arrivals, "poisson") != 0))
			return json_reader_fail(reader, "arrivals", "\"constant\" or \"poisson\"");
		load->arrivals = strcmp(arrivals, "poisson") == 0 ? ARRIVALS_POISSON : ARRIVALS_CONSTANT;
		if (json_reader_unsigned(reader, object, "max_in_flight", LOAD_CONNECTIONS_MAX, &load->concurrency) < 0)
			return -1;
		return json_reader_amount(reader, object, "rate_per_s", &load->rate);
	}
	if (model == NULL || (strcmp(model, "closed") != 0 && strcmp(model, "burst") != 0))
		return json_reader_fail(reader, "model", "\"closed\", \"open\" or \"burst\"");
	load->model = strcmp(model, "burst") == 0 ? LOAD_BURST : LOAD_CLOSED;
	if (json_reader_unsigned(reader, object, "concurrency", LOAD_CONNECTIONS_MAX * LOAD_PIPELINE_MAX,
				 &load->concurrency) < 0)
		return -1;
	return json_reader_unsigned(reader, object, "pipeline", LOAD_PIPELINE_MAX, &load->pipeline);
}

static int read_reasons(struct json_reader *reader, json_t *object, struct report_check *check)
{
	json_t *array, *element;
	size_t i;

	if (json_reader_array(reader, object, "reasons", ARRAY_LENGTH(check->reasons), &array) < 0)
		return -1;
	json_array_foreach(array, i, element)
	{
		if (!json_is_string(element))
			return json_reader_fail(reader, "reasons", "an array of text");
		check->reasons[check->reason_count++] = json_reader_copy(reader, element);
	}
	return 0;
}

static int read_lateness_step(struct json_reader *reader, json_t *object, unsigned index, void *data)
{
	struct report_check *check = data;

	check->lateness_count = index + 1;
	if (json_reader_maybe_number(reader, object, "to_us", &check->lateness[index].to_us) < 0)
		return -1;
	if (isnan(check->lateness[index].to_us))
		check->lateness[index].to_us = INFINITY;
	return json_reader_count(reader, object, "count", UINT64_MAX / 2, &check->lateness[index].count);
}

static int read_lateness(struct json_reader *reader, json_t *self_check, struct report_check *check)
{
	json_t *object;
	size_t back;

	if (json_reader_object(reader, self_check, "lateness", &object) < 0)
		return -1;
	back = json_reader_enter(reader, "lateness", -1);
	if (json_reader_maybe_number(reader, object, "p50_us", &check->lateness_p50_us) < 0 ||
	    json_reader_maybe_number(reader, object, "p99_us", &check->lateness_p99_us) < 0 ||
	    json_reader_maybe_number(reader, object, "max_us", &check->lateness_max_us) < 0 ||
	    json_reader_elements(reader, object, "histogram", ARRAY_LENGTH(check->lateness), read_lateness_step,
				 check) < 0)
		return -1;
	json_reader_leave(reader, back);
	return 0;
}

static int read_check(struct json_reader *reader, json_t *load, struct report_check *check)
{
	json_t *object;
	size_t back;

	if (json_reader_object(reader, load, "self_check", &object) < 0)
		return -1;
	back = json_reader_enter(reader, "self_check", -1);
	if (json_reader_bool(reader, object, "is_sound", &check->is_sound) < 0 ||
	    read_reasons(reader, object, check) < 0 || read_lateness(reader, object, check) < 0 ||
	    json_reader_maybe_number(reader, object, "cpu_share", &check->cpu_share) < 0 ||
	    json_reader_maybe_number(reader, object, "others_share", &check->others_share) < 0 ||
	    json_reader_maybe_number(reader, object, "little_residual", &check->little_residual) < 0 ||
	    json_reader_unsigned(reader, object, "connections_wanted", UINT32_MAX, &check->connections_wanted) < 0 ||
	    json_reader_unsigned(reader, object, "connections_up", UINT32_MAX, &check->connections_up) < 0 ||
	    json_reader_count(reader, object, "connect_failures", RECORDS_MAX, &check->connect_failures) < 0 ||
	    json_reader_count(reader, object, "reconnects", RECORDS_MAX, &check->reconnects) < 0 ||
	    json_reader_maybe_number(reader, object, "connect_p50_ms", &check->connect_p50_ms) < 0 ||
	    json_reader_maybe_number(reader, object, "connect_max_ms", &check->connect_max_ms) < 0)
		return -1;
	json_reader_leave(reader, back);
	return 0;
}

static int read_steadiness(struct json_reader *reader, json_t *load, struct steadiness *steadiness)
{
	json_t *object;
	size_t back;

	if (json_reader_object(reader, load, "steadiness", &object) < 0)
		return -1;
	back = json_reader_enter(reader, "steadiness", -1);
	if (json_reader_bool(reader, object, "is_known", &steadiness->is_known) < 0 ||
	    json_reader_bool(reader, object, "is_steady", &steadiness->is_steady) < 0 ||
	    json_reader_maybe_number(reader, object, "growth_per_s", &steadiness->growth_per_s) < 0)
		return -1;
	json_reader_leave(reader, back);
	return 0;
}

static int read_plan(struct json_reader *reader, json_t *object, struct report_load *load, unsigned arm_count)
{
	if (json_reader_unsigned(reader, object, "arm", ARMS_MAX - 1, &load->arm) < 0 ||
	    json_reader_unsigned(reader, object, "round", UINT32_MAX, &load->round) < 0 ||
	    json_reader_maybe_string(reader, object, "group", &load->group) < 0 ||
	    json_reader_maybe_string(reader, object, "what", &load->what) < 0 ||
	    json_reader_amount(reader, object, "delay_ms", &load->delay_ms) < 0 ||
	    read_model(reader, object, load) < 0 ||
	    json_reader_amount(reader, object, "warmup_s", &load->warmup_s) < 0 ||
	    json_reader_amount(reader, object, "duration_s", &load->duration_s) < 0)
		return -1;
	if (load->arm >= arm_count)
		return json_reader_fail(reader, "arm", "one of \"arms\", counted from 0");
	return 0;
}

int report_read_json_load(struct json_reader *reader, json_t *object, unsigned index, void *data)
{
	struct report *report = data;
	struct report_load *load = arena_alloc_zeroed(reader->arena, sizeof(*load));

	report->loads[index] = load;
	report->load_count = index + 1;
	if (read_plan(reader, object, load, report->arm_count) < 0 ||
	    json_reader_count(reader, object, "requests", RECORDS_MAX, &load->requests) < 0 ||
	    read_outcomes(reader, object, load) < 0 || read_statuses(reader, object, load) < 0 ||
	    json_reader_amount(reader, object, "throughput_per_s", &load->throughput) < 0 ||
	    json_reader_maybe_number(reader, object, "in_flight", &load->in_flight) < 0 ||
	    json_reader_count(reader, object, "bytes", INT64_MAX, &load->bytes) < 0 ||
	    read_times(reader, object, "response", &load->response) < 0 ||
	    read_times(reader, object, "service", &load->service) < 0 ||
	    read_times(reader, object, "queue", &load->queue) < 0 ||
	    read_times(reader, object, "database", &load->database) < 0)
		return -1;
	if (read_steadiness(reader, object, &load->steadiness) < 0 || read_check(reader, object, &load->check) < 0 ||
	    json_reader_maybe_string(reader, object, "malformed_what", &load->malformed_what) < 0 ||
	    json_reader_bool(reader, object, "is_interrupted", &load->is_interrupted) < 0)
		return -1;
	return read_blocks(reader, object, &load->blocks);
}
