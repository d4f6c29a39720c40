/* Everything in the file is foreign: each value is looked at before it is used, and everything is bounded. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "loadgen/report/json.h"

enum { FILE_BYTES_MAX = 512 * 1024 * 1024, BLOCKS_MAX = 100000 };

/* Where the reader is, for messages: "A.json: loads[3].response.percentiles[1]". */
struct reader {
	struct report *report;
	const char *file;
	char place[160];
	char *why;
	size_t why_size;
};

static int fail(struct reader *reader, const char *key, const char *expected)
{
	bool has_place = reader->place[0] != '\0';

	snprintf(reader->why, reader->why_size, "%s: %s%s%s: expected %s", reader->file, reader->place,
		 has_place && key[0] != '\0' && key[0] != '[' ? "." : "", key, expected);
	return -1;
}

/* Goes down to `key`, or to its element `index` when that is not negative; returns how to come back. */
static size_t enter(struct reader *reader, const char *key, long index)
{
	size_t length = strlen(reader->place);
	char *at = reader->place + length;
	size_t left = sizeof(reader->place) - length;

	if (index < 0)
		snprintf(at, left, "%s%s", length > 0 ? "." : "", key);
	else
		snprintf(at, left, "%s%s[%ld]", length > 0 ? "." : "", key, index);
	return length;
}

static void leave(struct reader *reader, size_t length)
{
	reader->place[length] = '\0';
}

static int read_number(struct reader *reader, json_t *object, const char *key, double *number)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_number(value))
		return fail(reader, key, "a number");
	*number = json_number_value(value);
	return 0;
}

/* null: NAN, as the writer writes it. */
static int read_maybe_number(struct reader *reader, json_t *object, const char *key, double *number)
{
	*number = NAN;
	if (json_is_null(json_object_get(object, key)))
		return 0;
	return read_number(reader, object, key, number);
}

/* The lengths and times of a load: nothing negative. */
static int read_amount(struct reader *reader, json_t *object, const char *key, double *number)
{
	if (read_number(reader, object, key, number) < 0)
		return -1;
	return *number >= 0 ? 0 : fail(reader, key, "a number that is not negative");
}

static int read_count(struct reader *reader, json_t *object, const char *key, uint64_t most, uint64_t *count)
{
	json_t *value = json_object_get(object, key);
	char expected[64];

	snprintf(expected, sizeof(expected), "a whole number from 0 to %" PRIu64, most);
	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > most)
		return fail(reader, key, expected);
	*count = (uint64_t)json_integer_value(value);
	return 0;
}

static int read_unsigned(struct reader *reader, json_t *object, const char *key, unsigned most, unsigned *number)
{
	uint64_t count = 0;

	if (read_count(reader, object, key, most, &count) < 0)
		return -1;
	*number = (unsigned)count;
	return 0;
}

static int read_bool(struct reader *reader, json_t *object, const char *key, bool *is_true)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		return fail(reader, key, "true or false");
	*is_true = json_is_true(value);
	return 0;
}

static const char *copy_string(struct reader *reader, json_t *value)
{
	return arena_copy(&reader->report->arena, (struct text){json_string_value(value), json_string_length(value)});
}

static int read_string(struct reader *reader, json_t *object, const char *key, const char **string)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return fail(reader, key, "text");
	*string = copy_string(reader, value);
	return 0;
}

static int read_maybe_string(struct reader *reader, json_t *object, const char *key, const char **string)
{
	*string = NULL;
	if (json_is_null(json_object_get(object, key)))
		return 0;
	return read_string(reader, object, key, string);
}

static int read_object(struct reader *reader, json_t *object, const char *key, json_t **value)
{
	*value = json_object_get(object, key);
	return json_is_object(*value) ? 0 : fail(reader, key, "an object");
}

static int read_array(struct reader *reader, json_t *object, const char *key, size_t most, json_t **value)
{
	char expected[64];

	*value = json_object_get(object, key);
	snprintf(expected, sizeof(expected), "an array of at most %zu", most);
	return json_is_array(*value) && json_array_size(*value) <= most ? 0 : fail(reader, key, expected);
}

/* Calls `read` for each element of an array of objects. */
typedef int read_element_fn(struct reader *reader, json_t *object, unsigned index, void *data);

static int read_elements(struct reader *reader, json_t *object, const char *key, size_t most, read_element_fn *read,
			 void *data)
{
	json_t *array, *element;
	size_t i;

	if (read_array(reader, object, key, most, &array) < 0)
		return -1;
	json_array_foreach(array, i, element)
	{
		size_t back = enter(reader, key, (long)i);

		if (!json_is_object(element))
			return fail(reader, "", "an object");
		if (read(reader, element, (unsigned)i, data) < 0)
			return -1;
		leave(reader, back);
	}
	return 0;
}

static int read_percentile(struct reader *reader, json_t *object, unsigned index, void *data)
{
	struct percentile *percentile = &((struct report_times *)data)->percentiles[index];

	if (read_amount(reader, object, "percent", &percentile->percent) < 0 ||
	    read_maybe_number(reader, object, "value_ms", &percentile->value) < 0 ||
	    read_maybe_number(reader, object, "low_ms", &percentile->interval.low) < 0 ||
	    read_maybe_number(reader, object, "high_ms", &percentile->interval.high) < 0 ||
	    read_bool(reader, object, "is_supported", &percentile->is_supported) < 0 ||
	    read_bool(reader, object, "is_at_least", &percentile->is_at_least) < 0)
		return -1;
	if (percentile->percent > 100)
		return fail(reader, "percent", "a number from 0 to 100");
	((struct report_times *)data)->percentile_count = index + 1;
	return 0;
}

static int read_times(struct reader *reader, json_t *load, const char *key, struct report_times *times)
{
	json_t *object;
	size_t back;

	if (json_is_null(json_object_get(load, key)))
		return 0;
	if (read_object(reader, load, key, &object) < 0)
		return -1;
	back = enter(reader, key, -1);
	if (read_count(reader, object, "count", RECORDS_MAX, &times->count) < 0 ||
	    read_count(reader, object, "at_least_count", times->count, &times->at_least_count) < 0 ||
	    read_maybe_number(reader, object, "mean_ms", &times->mean) < 0 ||
	    read_maybe_number(reader, object, "min_ms", &times->min) < 0 ||
	    read_maybe_number(reader, object, "max_ms", &times->max) < 0 ||
	    read_elements(reader, object, "percentiles", PERCENTILES_MAX, read_percentile, times) < 0)
		return -1;
	leave(reader, back);
	return 0;
}

/* A block's values ascend; each has its count. */
static int read_values(struct reader *reader, json_t *values, struct histogram *histogram)
{
	json_t *element;
	size_t i;

	json_array_foreach(values, i, element)
	{
		double value = json_is_number(element) ? json_number_value(element) : -1;

		if (value < 0 || (i > 0 && value <= histogram->values[i - 1]))
			return fail(reader, "values", "numbers that ascend from 0");
		histogram->values[i] = value;
	}
	return 0;
}

static int read_counts(struct reader *reader, json_t *counts, struct histogram *histogram)
{
	json_t *element;
	size_t i;

	json_array_foreach(counts, i, element)
	{
		json_int_t count = json_is_integer(element) ? json_integer_value(element) : -1;

		if (count < 0 || (uint64_t)count > RECORDS_MAX)
			return fail(reader, "counts", "whole numbers that are not negative");
		histogram->counts[i] = (uint64_t)count;
	}
	return 0;
}

static int read_block(struct reader *reader, json_t *object, unsigned index, void *data)
{
	struct blocks *blocks = data;
	struct histogram *histogram = &blocks->blocks[index];
	json_t *values, *counts;

	if (read_amount(reader, object, "rate_per_s", &blocks->rates[index]) < 0 ||
	    read_array(reader, object, "values", BUCKET_COUNT, &values) < 0 ||
	    read_array(reader, object, "counts", BUCKET_COUNT, &counts) < 0)
		return -1;
	if (json_array_size(values) != json_array_size(counts))
		return fail(reader, "counts", "as many as there are values");
	histogram->length = json_array_size(values);
	histogram->values = arena_alloc(&reader->report->arena, (histogram->length + 1) * sizeof(double));
	histogram->counts = arena_alloc(&reader->report->arena, (histogram->length + 1) * sizeof(uint64_t));
	return read_values(reader, values, histogram) < 0 ? -1 : read_counts(reader, counts, histogram);
}

static int read_blocks(struct reader *reader, json_t *load, struct blocks *blocks)
{
	json_t *array;

	if (read_array(reader, load, "blocks", BLOCKS_MAX, &array) < 0)
		return -1;
	blocks->count = json_array_size(array);
	blocks->blocks = arena_alloc_zeroed(&reader->report->arena, (blocks->count + 1) * sizeof(struct histogram));
	blocks->rates = arena_alloc_zeroed(&reader->report->arena, (blocks->count + 1) * sizeof(double));
	return read_elements(reader, load, "blocks", BLOCKS_MAX, read_block, blocks);
}

static int outcome_named(const char *word)
{
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (strcmp(outcome_word((enum outcome)i), word) == 0)
			return i;
	}
	return -1;
}

static int read_outcomes(struct reader *reader, json_t *load, struct report_load *out)
{
	size_t back = enter(reader, "outcomes", -1);
	json_t *object = json_object_get(load, "outcomes"), *value;
	const char *word;

	if (!json_is_object(object))
		return fail(reader, "", "an object");
	json_object_foreach(object, word, value)
	{
		int outcome = outcome_named(word);

		if (outcome < 0)
			return fail(reader, "", "only outcomes that docs/report-format.md names");
		if (read_count(reader, object, word, RECORDS_MAX, &out->outcomes[outcome]) < 0)
			return -1;
	}
	leave(reader, back);
	return 0;
}

static int read_statuses(struct reader *reader, json_t *load, struct report_load *out)
{
	size_t back = enter(reader, "statuses", -1);
	json_t *object = json_object_get(load, "statuses"), *value;
	const char *key;

	if (!json_is_object(object))
		return fail(reader, "", "an object");
	json_object_foreach(object, key, value)
	{
		char *end;
		unsigned long status = strtoul(key, &end, 10);

		if (key[0] < '1' || key[0] > '9' || *end != '\0' || status >= ARRAY_LENGTH(out->statuses))
			return fail(reader, "", "only statuses from 1 to 599");
		if (read_count(reader, object, key, RECORDS_MAX, &out->statuses[status]) < 0)
			return -1;
	}
	leave(reader, back);
	return 0;
}

static int read_model(struct reader *reader, json_t *object, struct report_load *load)
{
	const char *model = json_string_value(json_object_get(object, "model"));
	const char *arrivals = json_string_value(json_object_get(object, "arrivals"));

	if (model != NULL && strcmp(model, "open") == 0) {
		load->model = LOAD_OPEN;
		if (arrivals == NULL || (strcmp(arrivals, "constant") != 0 && strcmp(arrivals, "poisson") != 0))
			return fail(reader, "arrivals", "\"constant\" or \"poisson\"");
		load->arrivals = strcmp(arrivals, "poisson") == 0 ? ARRIVALS_POISSON : ARRIVALS_CONSTANT;
		if (read_unsigned(reader, object, "max_in_flight", LOAD_CONNECTIONS_MAX, &load->concurrency) < 0)
			return -1;
		return read_amount(reader, object, "rate_per_s", &load->rate);
	}
	if (model == NULL || (strcmp(model, "closed") != 0 && strcmp(model, "burst") != 0))
		return fail(reader, "model", "\"closed\", \"open\" or \"burst\"");
	load->model = strcmp(model, "burst") == 0 ? LOAD_BURST : LOAD_CLOSED;
	if (read_unsigned(reader, object, "concurrency", LOAD_CONNECTIONS_MAX * LOAD_PIPELINE_MAX, &load->concurrency) <
	    0)
		return -1;
	return read_unsigned(reader, object, "pipeline", LOAD_PIPELINE_MAX, &load->pipeline);
}

static int read_reasons(struct reader *reader, json_t *object, struct report_check *check)
{
	json_t *array, *element;
	size_t i;

	if (read_array(reader, object, "reasons", ARRAY_LENGTH(check->reasons), &array) < 0)
		return -1;
	json_array_foreach(array, i, element)
	{
		if (!json_is_string(element))
			return fail(reader, "reasons", "an array of text");
		check->reasons[check->reason_count++] = copy_string(reader, element);
	}
	return 0;
}

static int read_lateness_step(struct reader *reader, json_t *object, unsigned index, void *data)
{
	struct report_check *check = data;

	check->lateness_count = index + 1;
	if (read_maybe_number(reader, object, "to_us", &check->lateness[index].to_us) < 0)
		return -1;
	if (isnan(check->lateness[index].to_us))
		check->lateness[index].to_us = INFINITY;
	return read_count(reader, object, "count", UINT64_MAX / 2, &check->lateness[index].count);
}

static int read_lateness(struct reader *reader, json_t *self_check, struct report_check *check)
{
	json_t *object;
	size_t back;

	if (read_object(reader, self_check, "lateness", &object) < 0)
		return -1;
	back = enter(reader, "lateness", -1);
	if (read_maybe_number(reader, object, "p50_us", &check->lateness_p50_us) < 0 ||
	    read_maybe_number(reader, object, "p99_us", &check->lateness_p99_us) < 0 ||
	    read_maybe_number(reader, object, "max_us", &check->lateness_max_us) < 0 ||
	    read_elements(reader, object, "histogram", ARRAY_LENGTH(check->lateness), read_lateness_step, check) < 0)
		return -1;
	leave(reader, back);
	return 0;
}

static int read_check(struct reader *reader, json_t *load, struct report_check *check)
{
	json_t *object;
	size_t back;

	if (read_object(reader, load, "self_check", &object) < 0)
		return -1;
	back = enter(reader, "self_check", -1);
	if (read_bool(reader, object, "is_sound", &check->is_sound) < 0 || read_reasons(reader, object, check) < 0 ||
	    read_lateness(reader, object, check) < 0 ||
	    read_maybe_number(reader, object, "cpu_share", &check->cpu_share) < 0 ||
	    read_maybe_number(reader, object, "others_share", &check->others_share) < 0 ||
	    read_maybe_number(reader, object, "little_residual", &check->little_residual) < 0 ||
	    read_unsigned(reader, object, "connections_wanted", UINT32_MAX, &check->connections_wanted) < 0 ||
	    read_unsigned(reader, object, "connections_up", UINT32_MAX, &check->connections_up) < 0 ||
	    read_count(reader, object, "connect_failures", RECORDS_MAX, &check->connect_failures) < 0 ||
	    read_count(reader, object, "reconnects", RECORDS_MAX, &check->reconnects) < 0 ||
	    read_maybe_number(reader, object, "connect_p50_ms", &check->connect_p50_ms) < 0 ||
	    read_maybe_number(reader, object, "connect_max_ms", &check->connect_max_ms) < 0)
		return -1;
	leave(reader, back);
	return 0;
}

static int read_steadiness(struct reader *reader, json_t *load, struct steadiness *steadiness)
{
	json_t *object;
	size_t back;

	if (read_object(reader, load, "steadiness", &object) < 0)
		return -1;
	back = enter(reader, "steadiness", -1);
	if (read_bool(reader, object, "is_known", &steadiness->is_known) < 0 ||
	    read_bool(reader, object, "is_steady", &steadiness->is_steady) < 0 ||
	    read_maybe_number(reader, object, "growth_per_s", &steadiness->growth_per_s) < 0)
		return -1;
	leave(reader, back);
	return 0;
}

static int read_plan(struct reader *reader, json_t *object, struct report_load *load)
{
	if (read_unsigned(reader, object, "arm", ARMS_MAX - 1, &load->arm) < 0 ||
	    read_unsigned(reader, object, "round", UINT32_MAX, &load->round) < 0 ||
	    read_maybe_string(reader, object, "group", &load->group) < 0 ||
	    read_maybe_string(reader, object, "what", &load->what) < 0 ||
	    read_amount(reader, object, "delay_ms", &load->delay_ms) < 0 || read_model(reader, object, load) < 0 ||
	    read_amount(reader, object, "warmup_s", &load->warmup_s) < 0 ||
	    read_amount(reader, object, "duration_s", &load->duration_s) < 0)
		return -1;
	if (load->arm >= reader->report->arm_count)
		return fail(reader, "arm", "one of \"arms\", counted from 0");
	return 0;
}

static int read_load(struct reader *reader, json_t *object, unsigned index, void *data)
{
	struct report_load *load = arena_alloc_zeroed(&reader->report->arena, sizeof(*load));

	(void)data;
	reader->report->loads[index] = load;
	reader->report->load_count = index + 1;
	if (read_plan(reader, object, load) < 0 ||
	    read_count(reader, object, "requests", RECORDS_MAX, &load->requests) < 0 ||
	    read_outcomes(reader, object, load) < 0 || read_statuses(reader, object, load) < 0 ||
	    read_amount(reader, object, "throughput_per_s", &load->throughput) < 0 ||
	    read_maybe_number(reader, object, "in_flight", &load->in_flight) < 0 ||
	    read_count(reader, object, "bytes", INT64_MAX, &load->bytes) < 0 ||
	    read_times(reader, object, "response", &load->response) < 0 ||
	    read_times(reader, object, "service", &load->service) < 0 ||
	    read_times(reader, object, "queue", &load->queue) < 0 ||
	    read_times(reader, object, "database", &load->database) < 0)
		return -1;
	if (read_steadiness(reader, object, &load->steadiness) < 0 || read_check(reader, object, &load->check) < 0 ||
	    read_maybe_string(reader, object, "malformed_what", &load->malformed_what) < 0 ||
	    read_bool(reader, object, "is_interrupted", &load->is_interrupted) < 0)
		return -1;
	return read_blocks(reader, object, &load->blocks);
}

static int read_arm(struct reader *reader, json_t *object, unsigned index, void *data)
{
	struct report_arm *arm = &reader->report->arms[index];

	(void)data;
	reader->report->arm_count = index + 1;
	if (read_string(reader, object, "name", &arm->name) < 0 ||
	    read_maybe_string(reader, object, "url", &arm->url) < 0 ||
	    read_maybe_string(reader, object, "note", &arm->note) < 0 ||
	    read_bool(reader, object, "is_ours", &arm->is_ours) < 0)
		return -1;
	if (json_is_null(json_object_get(object, "threads")))
		return 0;
	return read_unsigned(reader, object, "threads", UINT32_MAX, &arm->threads);
}

static int read_machine(struct reader *reader, json_t *root, struct report_machine *machine)
{
	json_t *object;
	size_t back;

	if (read_object(reader, root, "machine", &object) < 0)
		return -1;
	back = enter(reader, "machine", -1);
	if (read_maybe_string(reader, object, "processor", &machine->processor) < 0 ||
	    read_maybe_string(reader, object, "kernel", &machine->kernel) < 0 ||
	    read_unsigned(reader, object, "cores", UINT32_MAX, &machine->cores) < 0 ||
	    read_count(reader, object, "memory_bytes", INT64_MAX, &machine->memory_bytes) < 0)
		return -1;
	leave(reader, back);
	return 0;
}

static int read_format(struct reader *reader, json_t *root)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	json_t *version = json_object_get(root, "version");

	if (format == NULL || strcmp(format, REPORT_JSON_FORMAT) != 0)
		return fail(reader, "format", "\"" REPORT_JSON_FORMAT "\", as meantime-load --json writes it");
	if (!json_is_integer(version) || json_integer_value(version) != REPORT_JSON_VERSION)
		return fail(reader, "version", "2; measure again with this version of meantime-load");
	return 0;
}

static int read_root(struct reader *reader, json_t *root)
{
	struct report *report = reader->report;

	if (!json_is_object(root))
		return fail(reader, "the file", "an object, as meantime-load --json writes it");
	if (read_format(reader, root) < 0 || read_string(reader, root, "command", &report->command) < 0 ||
	    read_string(reader, root, "command_line", &report->command_line) < 0 ||
	    read_string(reader, root, "started", &report->started) < 0 ||
	    read_bool(reader, root, "is_sound", &report->is_sound) < 0 ||
	    read_bool(reader, root, "is_interrupted", &report->is_interrupted) < 0 ||
	    read_machine(reader, root, &report->machine) < 0 ||
	    read_elements(reader, root, "arms", ARMS_MAX, read_arm, NULL) < 0)
		return -1;
	return read_elements(reader, root, "loads", LEVEL_RUNS_MAX, read_load, NULL);
}

static json_t *parse(struct reader *reader, FILE *in)
{
	json_error_t error;
	json_t *root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL)
		snprintf(reader->why, reader->why_size, "%s:%d: no JSON: %s", reader->file, error.line, error.text);
	return root;
}

/* A directory or a device has no size that says how much there is to read. */
static int check_file(struct reader *reader, FILE *in)
{
	struct stat status;

	if (fstat(fileno(in), &status) != 0 || !S_ISREG(status.st_mode))
		return fail(reader, "the file", "a regular file");
	if (status.st_size > FILE_BYTES_MAX)
		return fail(reader, "the file", "at most 512 MiB");
	return 0;
}

/* A pipe without a writer would hold up a plain fopen(). */
static FILE *open_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

int report_read_json(struct report *report, const char *file, char *why, size_t why_size)
{
	struct reader reader = {.report = report, .file = file, .why = why, .why_size = why_size};
	FILE *in = open_file(file);
	json_t *root = NULL;
	int status = -1;

	if (in == NULL) {
		snprintf(why, why_size, "%s: %s", file, strerror(errno));
		return -1;
	}
	if (check_file(&reader, in) == 0)
		root = parse(&reader, in);
	if (root != NULL)
		status = read_root(&reader, root);
	json_decref(root);
	fclose(in);
	return status;
}
