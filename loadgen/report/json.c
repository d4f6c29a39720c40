#include "loadgen/report/json.h"

#include "base/memory.h"
#include "loadgen/report/report_formats.h"

static void write_machine(struct json_out *json, const struct report_machine *machine)
{
	json_out_open(json, "machine", '{');
	json_out_string(json, "processor", machine->processor);
	json_out_string(json, "kernel", machine->kernel);
	json_out_count(json, "cores", machine->cores);
	json_out_count(json, "memory_bytes", machine->memory_bytes);
	json_out_close(json);
}

static void write_sentences(struct json_out *json, const struct report *report)
{
	json_out_open(json, "sentences", '[');
	for (unsigned i = 0; i < report->sentence_count; i++)
		json_out_string(json, NULL, report->sentences[i]);
	json_out_close(json);
}

static void write_arm(struct json_out *json, const struct report_arm *arm)
{
	json_out_open(json, NULL, '{');
	json_out_string(json, "name", arm->name);
	json_out_string(json, "url", arm->url);
	json_out_string(json, "note", arm->note);
	if (arm->threads > 0)
		json_out_count(json, "threads", arm->threads);
	else
		json_out_null(json, "threads");
	json_out_bool(json, "is_ours", arm->is_ours);
	json_out_close(json);
}

static void write_goal(struct json_out *json, const struct report_goal *goal)
{
	json_out_open(json, NULL, '{');
	json_out_string(json, "text", goal->text);
	json_out_string(json, "arm", goal->arm);
	json_out_number(json, "value", goal->value);
	json_out_number(json, "limit", goal->limit);
	json_out_string(json, "unit", goal->unit);
	json_out_bool(json, "is_known", goal->is_known);
	json_out_bool(json, "is_met", goal->is_met);
	json_out_string(json, "why", goal->why);
	json_out_close(json);
}

static void write_difference(struct json_out *json, const struct report_difference *difference)
{
	json_out_open(json, NULL, '{');
	json_out_string(json, "what", difference->what);
	json_out_string(json, "unit", difference->unit);
	json_out_string(json, "group", difference->group);
	json_out_count(json, "a", difference->a);
	json_out_count(json, "b", difference->b);
	json_out_bool(json, "is_more_better", difference->is_more_better);
	json_out_number(json, "a_value", difference->difference.a);
	json_out_number(json, "b_value", difference->difference.b);
	json_out_number(json, "ratio", difference->difference.ratio);
	report_json_write_interval(json, "ratio_interval", difference->difference.interval);
	json_out_number(json, "p", difference->difference.p);
	json_out_string(json, "verdict", difference->verdict);
	json_out_string(json, "sentence", difference->sentence);
	json_out_close(json);
}

static void write_turning(struct json_out *json, const struct report_turning *turning)
{
	json_out_open(json, NULL, '{');
	json_out_string(json, "name", turning->name);
	json_out_count(json, "rounds", turning->rounds);
	json_out_number(json, "seconds", turning->seconds);
	report_json_write_interval(json, "seconds_range",
				   (struct interval){turning->low_seconds, turning->high_seconds});
	json_out_number(json, "p50_us", turning->p50_us);
	json_out_number(json, "p99_us", turning->p99_us);
	json_out_number(json, "max_us", turning->max_us);
	json_out_count(json, "turns", turning->turns);
	json_out_count(json, "events_made", turning->events_made);
	json_out_count(json, "events_seen", turning->events_seen);
	json_out_count(json, "longest_queue", turning->longest_queue);
	json_out_close(json);
}

static void write_items(struct json_out *json, const struct report_items *run)
{
	json_out_open(json, NULL, '{');
	json_out_string(json, "name", run->name);
	json_out_count(json, "producers", run->producers);
	json_out_count(json, "count", run->count);
	json_out_count(json, "done", run->done);
	json_out_count(json, "again", run->again);
	json_out_number(json, "make_ms", run->make_ms);
	json_out_number(json, "process_ms", run->process_ms);
	json_out_number(json, "seconds", run->seconds);
	json_out_number(json, "first_ms", run->first_ms);
	json_out_number(json, "p50_ms", run->p50_ms);
	json_out_number(json, "max_ms", run->max_ms);
	json_out_number(json, "last_ms", run->last_ms);
	json_out_number(json, "late_share", run->late_share);
	json_out_string(json, "said", run->said);
	json_out_open(json, "waits_ms", '[');
	for (unsigned i = 0; i < run->done; i++)
		json_out_number(json, NULL, (run->items[i].got_s - run->items[i].made_s) * 1e3);
	json_out_close(json);
	json_out_close(json);
}

static void write_speedup_point(struct json_out *json, const struct report_speedup_point *point)
{
	json_out_open(json, NULL, '{');
	json_out_count(json, "threads", point->threads);
	json_out_number(json, "median_ms", point->ms);
	report_json_write_interval(json, "range_ms", (struct interval){point->low_ms, point->high_ms});
	json_out_number(json, "speedup", point->speedup);
	json_out_number(json, "bound", point->bound);
	json_out_close(json);
}

static void write_slo(struct json_out *json, const struct report *report)
{
	json_out_open(json, "slo", '{');
	json_out_number(json, "percent", report->slo_percent);
	json_out_number(json, "limit_ms", report->slo_limit_ms);
	json_out_close(json);
}

static void write_head(struct json_out *json, const struct report *report)
{
	json_out_string(json, "format", REPORT_JSON_FORMAT);
	json_out_count(json, "version", REPORT_JSON_VERSION);
	json_out_string(json, "program", "meantime-load " MEANTIME_VERSION);
	json_out_string(json, "command", report->command);
	json_out_string(json, "command_line", report->command_line);
	json_out_string(json, "started", report->started);
	json_out_bool(json, "is_sound", report->is_sound);
	json_out_bool(json, "has_failed", report->has_failed);
	json_out_bool(json, "is_interrupted", report->is_interrupted);
	write_machine(json, &report->machine);
	write_sentences(json, report);
	write_slo(json, report);
}

static void write_loads(struct json_out *json, const struct report *report, bool with_blocks)
{
	json_out_open(json, "loads", '[');
	for (unsigned i = 0; i < report->load_count; i++)
		report_json_write_load(json, report->loads[i], with_blocks);
	json_out_close(json);
}

/* An array of structs, each by its own function. */
#define WRITE_ARRAY(key, write, items, count)                                                                          \
	do {                                                                                                           \
		json_out_open(json, key, '[');                                                                         \
		for (unsigned i = 0; i < (count); i++)                                                                 \
			write(json, &(items)[i]);                                                                      \
		json_out_close(json);                                                                                  \
	} while (0)

void report_json_write(struct json_out *json, const char *key, const struct report *report, bool with_blocks)
{
	json_out_open(json, key, '{');
	write_head(json, report);
	WRITE_ARRAY("arms", write_arm, report->arms, report->arm_count);
	WRITE_ARRAY("goals", write_goal, report->goals, report->goal_count);
	WRITE_ARRAY("differences", write_difference, report->differences, report->difference_count);
	WRITE_ARRAY("bursts", report_json_write_burst, report->bursts, report->burst_count);
	WRITE_ARRAY("turnings", write_turning, report->turnings, report->turning_count);
	WRITE_ARRAY("items", write_items, report->items, report->items_count);
	WRITE_ARRAY("curves", report_json_write_curve, report->curves, report->curve_count);
	json_out_open(json, "speedup", '{');
	json_out_string(json, "path", report->speedup.path);
	json_out_count(json, "cores", report->speedup.cores);
	json_out_number(json, "serial_share", report->speedup.serial_share);
	json_out_number(json, "others_share", report->speedup.others_share);
	WRITE_ARRAY("points", write_speedup_point, report->speedup.points, report->speedup.point_count);
	json_out_close(json);
	write_loads(json, report, with_blocks);
	json_out_close(json);
}

char *report_json(const struct report *report)
{
	struct arena arena = {0};
	struct buffer out = buffer_in(&arena);
	struct json_out json = {.out = &out};
	char *copy;

	report_json_write(&json, NULL, report, true);
	copy = memory_alloc(out.length + 2);
	memcpy(copy, out.bytes, out.length);
	memcpy(copy + out.length, "\n", 2);
	arena_cleanup(&arena);
	return copy;
}
