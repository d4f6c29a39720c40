#include "loadgen/commands/command.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loadgen/engine/request_file.h"

static uint64_t seconds(double s)
{
	return (uint64_t)llround(s * 1e9);
}

bool command_is_interrupted(const struct command *command)
{
	return *command->is_interrupted;
}

struct load_plan command_plan(struct command *command, struct request_set *requests, double duration_s, double warmup_s)
{
	const struct load_options *options = command->options;
	uint64_t timeout = options->timeout_ns > 0 ? options->timeout_ns : 10 * NS_PER_S;

	return (struct load_plan){
	    .model = LOAD_CLOSED,
	    .requests = requests,
	    .connections = 1,
	    .pipeline = 1,
	    .warmup_ns = options->has_warmup ? options->warmup_ns : seconds(warmup_s),
	    .duration_ns = options->duration_ns > 0 ? options->duration_ns : seconds(duration_s),
	    .redirects_max = (unsigned)options->redirects,
	    .timeout_ns = timeout,
	    .connect_timeout_ns = timeout,
	    .drain_ns = options->drain_ns > 0 ? options->drain_ns : timeout,
	    .seed = command->request_options.seed,
	    .is_interrupted = command->is_interrupted,
	    .on_progress = command->live->is_on ? live_on_progress : NULL,
	    .data = command->live,
	};
}

double command_load_seconds(struct command *command, double duration_s, double warmup_s)
{
	struct load_plan plan = command_plan(command, NULL, duration_s, warmup_s);

	return (double)(plan.warmup_ns + plan.duration_ns) / 1e9;
}

double command_burst_seconds(unsigned requests, unsigned repeats)
{
	static const double A_REQUEST_S = 0.4; /* with the gap behind it */

	return A_REQUEST_S * (requests + 1) * repeats;
}

int command_requests(struct command *command, struct request_set *set, const char *url)
{
	const char *file = command->options->requests_file;

	request_set_init(set, &command->request_options);
	if (file != NULL)
		return request_file_load(set, url, file, &command->request_options, command->why, sizeof(command->why));
	return request_set_add_url(set, url, &command->request_options, command->why, sizeof(command->why));
}

/* How much of the processors others take */

void command_watch_others(struct command *command, const struct others_server *server)
{
	command->server = *server;
	others_read(&command->others_before, &command->server);
}

double command_others_share(struct command *command)
{
	static struct others_reading now; /* too large for the stack */

	others_read(&now, &command->server);
	return others_share(&command->others_before, &now, (double)sysconf(_SC_CLK_TCK));
}

/* Around a load, not within: to read /proc takes a while. The server is looked for once. */
static void watch_target(struct command *command, const struct request_set *set)
{
	if (memcmp(&command->server_address, &set->target.address, sizeof(command->server_address)) != 0) {
		command->server_address = set->target.address;
		others_server(&command->server, (const struct sockaddr *)&set->target.address);
	}
	others_read(&command->others_before, &command->server);
}

struct report_load *command_measure(struct command *command, unsigned arm, struct load_plan *plan)
{
	struct measurement measurement;
	struct report_load *load;

	watch_target(command, plan->requests);
	if (load_run(plan, &measurement, command->why, sizeof(command->why)) != 0)
		return NULL;
	measurement.others_share = command_others_share(command);
	load = report_add_load(command->report, arm, plan, &measurement);
	if (load == NULL) {
		measurement_cleanup(&measurement);
		snprintf(command->why, sizeof(command->why), "more than %d loads in one report", LEVEL_RUNS_MAX);
	}
	return load;
}

double load_percentile(const struct report_load *load, double percent)
{
	for (unsigned i = 0; i < load->response.percentile_count; i++)
		if (fabs(load->response.percentiles[i].percent - percent) < 1e-9 &&
		    load->response.percentiles[i].is_supported)
			return load->response.percentiles[i].value;
	return NAN;
}

/* Bursts */

static int add_all(struct command *command, struct request_set *set, const char *const *urls, unsigned count)
{
	request_set_init(set, &command->request_options);
	for (unsigned i = 0; i < count; i++)
		if (request_set_add_url(set, urls[i], &command->request_options, command->why, sizeof(command->why)) !=
		    0)
			return -1;
	return 0;
}

static double median_response_ms(const struct measurement *measurement)
{
	double times[1000];
	size_t count = 0;

	for (uint64_t i = 0; i < measurement->records.count && count < ARRAY_LENGTH(times); i++) {
		const struct record *record = record_log_at(&measurement->records, i);

		if (record_is_good(record))
			times[count++] = (double)record_service_ns(record) / 1e6;
	}
	return median_of(times, count);
}

/* How long each takes when it is alone: what waiting in line is measured against. */
int command_measure_solo(struct command *command, const char *url, unsigned repeats, double *solo_ms)
{
	struct request_set set;
	struct measurement measurement;
	struct load_plan plan = command_plan(command, &set, 1, 0);
	int result = add_all(command, &set, &url, 1);

	plan.model = LOAD_BURST;
	plan.repeats = repeats;
	plan.gap_ns = command->options->gap_ns > 0 ? command->options->gap_ns : 100 * NS_PER_MS;
	if (result == 0)
		result = load_run(&plan, &measurement, command->why, sizeof(command->why));
	if (result == 0) {
		*solo_ms = median_response_ms(&measurement);
		measurement_cleanup(&measurement);
	}
	request_set_cleanup(&set);
	return result;
}

int command_measure_burst(struct command *command, unsigned arm, const char *const *urls, unsigned count,
			  unsigned repeats)
{
	double solo_ms[ARRAY_LENGTH(command->report->bursts[0].bars)];
	struct request_set set;
	struct measurement measurement;
	struct load_plan plan = command_plan(command, &set, 1, 0);
	int result = add_all(command, &set, urls, count);

	for (unsigned i = 0; i < count && result == 0 && !command_is_interrupted(command); i++)
		result = command_measure_solo(command, urls[i], repeats, &solo_ms[i]);
	plan.model = LOAD_BURST;
	plan.repeats = repeats;
	plan.gap_ns = command->options->gap_ns > 0 ? command->options->gap_ns : 100 * NS_PER_MS;
	if (result == 0 && !command_is_interrupted(command)) {
		result = load_run(&plan, &measurement, command->why, sizeof(command->why));
		if (result == 0 && report_add_burst(command->report, arm, &plan, solo_ms, &measurement) == NULL)
			measurement_cleanup(&measurement);
	}
	request_set_cleanup(&set);
	return result;
}

/* Goals */

static void add_goal(struct report *report, struct report_goal goal)
{
	if (report->goal_count < GOALS_MAX)
		report->goals[report->goal_count++] = goal;
}

void command_judge(struct command *command, unsigned arm, const struct report_load *const *loads, unsigned count)
{
	struct report *report = command->report;
	struct report_times times = report_pooled_times(report, loads, count);
	struct tally tally = {0};

	for (unsigned i = 0; i < count; i++)
		tally_add_load(&tally, loads[i]);
	for (unsigned i = 0; i < command->goal_count; i++) {
		struct report_goal goal = {
		    .text = command->goals[i].text,
		    .arm = report->arms[arm].name,
		    .limit = command->goals[i].limit_ms,
		    .unit = "ms",
		};

		goal.is_met = goal_is_met(&command->goals[i], &times, &goal.value, &goal.is_known);
		if (tally_fails(&tally)) {
			goal.value = NAN;
			goal.is_met = false;
			goal.is_known = true;
			goal.why = "more than a tenth of the requests failed";
		} else if (!goal.is_known) {
			goal.why = "too few requests";
		}
		add_goal(report, goal);
	}
}

void command_judge_errors(struct command *command, unsigned arm)
{
	struct report *report = command->report;
	struct error_limit limit;
	struct tally tally = {0};

	if (command->options->max_errors == NULL || !error_limit_read(command->options->max_errors, &limit))
		return;
	for (unsigned i = 0; i < report->load_count; i++)
		if (report->loads[i]->arm == arm)
			tally_add_load(&tally, report->loads[i]);
	add_goal(report, (struct report_goal){
			     .text = arena_printf(&report->arena, "errors<=%s", command->options->max_errors),
			     .arm = report->arms[arm].name,
			     .value = (double)tally.failed,
			     .limit = limit.most,
			     .unit = "errors",
			     .is_known = true,
			     .is_met = error_limit_is_met(&limit, tally.failed, tally.requests),
			 });
}
