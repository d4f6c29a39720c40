/* sample_report.c - a report as `meantime-load compare` makes it, of simulated services, for the tests of the page.
 *
 * sample_report [--hostile] [--run] [--unsound] [--json]: the page, or the JSON, on standard output.
 * The service is a line of workers with one core between them, so every figure has the shape of a real one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/require.h"
#include "loadgen/report/report_formats.h"

#define NS_PER_MS 1e6
#define HOSTILE   "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"

enum { CLIENTS_MAX = 512, WORKERS_MAX = 512, ARMS = 3, ROUNDS = 5 };

static struct {
	const char *name, *note;
	unsigned workers;
	double cpu_ms;
} SERVICES[ARMS] = {
    {"sync", "one request at a time, the loop waits", 1, 0.09},
    {"threads", "a worker waits for each request", 8, 0.12},
    {"async", "nothing waits: the loop goes on", 256, 0.08},
};

static uint64_t random_state = 42;

static double random_share(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(random_state >> 11) / 9007199254740992.0;
}

/* One service: when each worker and the core are free again. */
struct service {
	double worker_free[WORKERS_MAX], core_free;
	unsigned workers;
	double cpu_ms, database_ms;
};

static struct service service_of(unsigned arm, unsigned concurrency, double database_ms)
{
	struct service service = {.workers = SERVICES[arm].workers,
				  .cpu_ms = SERVICES[arm].cpu_ms * (1 + 0.0006 * concurrency),
				  .database_ms = database_ms};

	return service;
}

/* Serves a request that arrives at `at` and fills in its times. */
static void serve(struct service *service, double at, double database_ms, struct record *record)
{
	unsigned worker = 0;
	double begun, done;

	for (unsigned i = 1; i < service->workers; i++)
		worker = service->worker_free[i] < service->worker_free[worker] ? i : worker;
	begun = fmax(at, service->worker_free[worker]);
	service->core_free = fmax(begun, service->core_free) + service->cpu_ms;
	done = service->core_free + database_ms;
	service->worker_free[worker] = done;
	record->intended_ns = (uint64_t)(at * NS_PER_MS);
	record->sent_ns = record->intended_ns + 4000 + (uint64_t)(random_share() * 9000);
	record->done_ns = (uint64_t)((done + 0.03 + 0.02 * random_share()) * NS_PER_MS);
	record->first_ns = record->done_ns - 2000;
	record->queue_us = service->workers == 1 ? 2 : (uint32_t)((begun - at) * 1e3);
	record->database_us = (uint32_t)(database_ms * 1e3);
	record->total_us = (uint32_t)((service->workers == 1 ? done - begun : done - at) * 1e3);
	record->status = 200;
	record->bytes = 312;
}

static void spoil(struct record *record)
{
	double share = random_share();

	if (share < 0.0015) {
		record->status = 503;
	} else if (share < 0.002) {
		record->outcome = OUTCOME_TIMED_OUT;
		record->status = 0;
		record->done_ns = record->intended_ns + 250000000;
	}
}

static void check_itself(struct measurement *measurement, unsigned concurrency)
{
	struct load_self_check *self = &measurement->self_check;

	for (unsigned i = 0; i < 160; i++)
		self->lateness[i + 120] = (uint64_t)(4000 * exp(-pow((i - 70.0) / 22, 2)));
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		self->lateness_count += self->lateness[i];
	self->cpu_share = 0.31 + 0.2 * random_share();
	self->connections_wanted = self->connections_up = concurrency;
	self->connect_p50_ms = 0.08;
	self->connect_max_ms = 0.4;
}

/* A closed loop of `concurrency` clients for `seconds`. */
static void measure(struct measurement *measurement, unsigned arm, unsigned concurrency, double database_ms,
		    double seconds, bool is_spoiled)
{
	struct service service = service_of(arm, concurrency, database_ms);
	double next[CLIENTS_MAX] = {0}, in_flight = 0;

	*measurement =
	    (struct measurement){.window_from_ns = 100000000, .window_to_ns = 100000000 + (uint64_t)(seconds * 1e9)};
	record_log_init(&measurement->records);
	for (;;) {
		struct record *record;
		unsigned client = 0;

		for (unsigned i = 1; i < concurrency; i++)
			client = next[i] < next[client] ? i : client;
		if (next[client] >= 100 + seconds * 1e3)
			break;
		record = record_log_add(&measurement->records);
		serve(&service, next[client],
		      database_ms * (0.7 + 0.2 * random_share() - 0.25 * log(1 - random_share())), record);
		record->is_warmup = record->intended_ns < measurement->window_from_ns;
		record->connection = client;
		if (is_spoiled)
			spoil(record);
		next[client] = (double)record->done_ns / NS_PER_MS + 0.02;
		in_flight += record->is_warmup ? 0 : (double)(record->done_ns - record->intended_ns) / 1e9;
	}
	check_itself(measurement, concurrency);
	measurement->self_check.in_flight_mean = in_flight / seconds * 1.004;
}

static struct report_load *add_load(struct report *report, unsigned arm, const char *label, const char *group,
				    unsigned concurrency, double wait_ms, unsigned round)
{
	struct request request = {.label = label, .weight = 1};
	struct request_set set = {.count = 1, .requests = {&request}};
	struct load_plan plan = {.model = LOAD_CLOSED, .requests = &set, .connections = concurrency, .pipeline = 1};
	struct measurement measurement;
	struct report_load *load;

	measure(&measurement, arm, concurrency, wait_ms, strcmp(group, "throughput") == 0 ? 2.5 : 0.5,
		strcmp(group, "waiting") == 0 && arm == 1);
	load = report_add_load(report, arm, &plan, &measurement);
	REQUIRE(load != NULL);
	load->group = group;
	load->round = round;
	return load;
}

static void add_burst(struct report *report, unsigned arm, bool is_hostile)
{
	static const double WAITS_MS[] = {400, 300, 500};
	static struct request requests[] = {
	    {.label = "GET /wait/400"}, {.label = "GET /wait/300"}, {.label = "GET /wait/500"}};
	struct request_set set = {.count = 3, .requests = {&requests[0], &requests[1], &requests[2]}};
	struct load_plan plan = {.model = LOAD_BURST, .requests = &set, .repeats = 5};
	struct measurement measurement = {0};
	double solo[3];

	if (is_hostile)
		requests[1].label = HOSTILE;
	record_log_init(&measurement.records);
	for (unsigned repeat = 0; repeat < 5; repeat++) {
		struct service service = service_of(arm, 3, 0);

		for (unsigned i = 0; i < 3; i++) {
			solo[i] = WAITS_MS[i] + 0.8;
			serve(&service, 0, WAITS_MS[i] + random_share(), record_log_add(&measurement.records));
		}
	}
	REQUIRE(report_add_burst(report, arm, &plan, solo, &measurement) != NULL);
}

static void add_level(struct report *report, struct report_curve *curve, struct level *fit, unsigned concurrency)
{
	struct report_level *level = &curve->levels[curve->level_count++];
	const struct report_load *load = NULL;

	*level = (struct report_level){.concurrency = concurrency, .is_sound = true, .p99_is_supported = true};
	for (unsigned round = 0; round < 3; round++) {
		load = add_load(report, curve->arm, curve->what, "curve", concurrency, 1, round);
		level->repeats[level->repeat_count++] = load->throughput * (0.98 + 0.04 * random_share());
	}
	memcpy(fit->repeats, level->repeats, sizeof(fit->repeats));
	level->throughput = median_of(fit->repeats, 3);
	level->throughput_interval = (struct interval){fit->repeats[0], fit->repeats[2]};
	level->in_flight = load->in_flight;
	level->p50_ms = load->response.percentiles[0].value;
	level->p90_ms = load->response.percentiles[2].value;
	level->p99_ms = load->response.percentiles[4].value;
	level->max_ms = load->response.max;
	fit->repeat_count = 3;
	fit->in_flight = level->in_flight;
	fit->throughput = level->throughput;
}

static void add_curve(struct report *report, unsigned arm)
{
	struct report_curve *curve = &report->curves[report->curve_count++];
	struct level fit[LEVELS_MAX];
	double most = 0;

	*curve = (struct report_curve){.arm = arm, .what = "GET /countries/{n}", .is_slo_confirmed = true};
	for (unsigned n = 1; n <= 256; n *= 2)
		add_level(report, curve, &fit[curve->level_count], n);
	curve->usl = usl_fit(fit, curve->level_count, 1);
	curve->slo_load = curve->slo_throughput = NAN;
	for (unsigned i = 0; i < curve->level_count; i++) {
		most = fmax(most, curve->levels[i].throughput);
		if (curve->levels[i].p99_ms < 10) {
			curve->slo_load = curve->levels[i].concurrency;
			curve->slo_throughput = curve->levels[i].throughput;
		}
	}
	curve->knee = knee_of(curve->levels[0].p50_ms / 1e3, 0, most);
	curve->little_threads = arm == 2 ? (double)NAN : (double)SERVICES[arm].workers;
	curve->little_wait_ms = arm == 2 ? NAN : 1.05;
	curve->little = arm == 2 ? NAN : little_bound(SERVICES[arm].workers, 0.00105);
	curve->bound_sentence =
	    "With 8 threads that each wait 1.05 ms for the database, 7,619 requests/s are the most.";
}

static void add_difference(struct report *report, unsigned b, const char *group, const char *what, bool is_rate)
{
	double values[2][ROUNDS];
	unsigned counts[2] = {0, 0};
	struct report_difference *out = &report->differences[report->difference_count++];

	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];
		unsigned side = load->arm == b;

		if (strcmp(load->group, group) == 0 && (load->arm == b || load->arm == 0) && counts[side] < ROUNDS)
			values[side][counts[side]++] = is_rate ? load->throughput : load->response.percentiles[4].value;
	}
	*out = (struct report_difference){.what = what, .unit = is_rate ? "/s" : "ms", .group = group, .b = b};
	out->difference = difference_of_runs(values[0], counts[0], values[1], counts[1]);
	out->is_more_better = is_rate;
	out->verdict = out->difference.verdict == VERDICT_NO_DIFFERENCE             ? "no difference shown"
		       : (out->difference.verdict == VERDICT_A_IS_LOWER) == is_rate ? "faster"
										    : "slower";
	out->sentence = "";
}

static void add_loads(struct report *report, unsigned round)
{
	static const double DELAYS_MS[] = {0, 1, 5};
	static const char *const GROUPS[] = {"delay 0 ms", "delay 1 ms", "delay 5 ms"};

	for (unsigned arm = 0; arm < ARMS; arm++) {
		add_load(report, arm, "GET /countries/{n}", "throughput", 64, 0.6, round);
		add_load(report, arm, "GET /wait/5", "waiting", 32, 5, round);
		for (unsigned i = 0; i < 3; i++)
			add_load(report, arm, "GET /countries/{n}", GROUPS[i], 48, 0.6 + DELAYS_MS[i], round)
			    ->delay_ms = DELAYS_MS[i];
	}
}

/* A tenth of the work is serial. */
static void add_speedup(struct report *report)
{
	struct report_speedup *speedup = &report->speedup;

	speedup->path = "/primes/300000000";
	speedup->cores = 4;
	speedup->serial_share = 0.1;
	for (unsigned threads = 1; threads <= 4; threads *= 2) {
		double bound = amdahl_speedup(0.1, threads), ms = 600 / bound;

		speedup->points[speedup->point_count++] = (struct report_speedup_point){.threads = threads,
											.ms = ms,
											.low_ms = ms * 0.97,
											.high_ms = ms * 1.04,
											.speedup = bound,
											.bound = bound};
	}
}

static void fill_compare(struct report *report, bool is_hostile)
{
	for (unsigned arm = 0; arm < ARMS; arm++) {
		report->arms[report->arm_count++] = (struct report_arm){.name = SERVICES[arm].name,
									.url = "http://127.0.0.1:41234",
									.note = SERVICES[arm].note,
									.threads = SERVICES[arm].workers,
									.is_ours = true};
		add_burst(report, arm, is_hostile);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		add_loads(report, round);
	for (unsigned arm = 0; arm < ARMS; arm++)
		add_curve(report, arm);
	for (unsigned arm = 1; arm < ARMS; arm++) {
		add_difference(report, arm, "throughput", "requests/s", true);
		add_difference(report, arm, "throughput", "p99", false);
		add_difference(report, arm, "delay 0 ms", "requests/s", true);
		add_difference(report, arm, "delay 1 ms", "requests/s", true);
		add_difference(report, arm, "delay 5 ms", "requests/s", true);
	}
	report_say(report, "Three requests that take 0.4, 0.3 and 0.5 s are answered after 1.20 s by sync and after "
			   "0.50 s by async.");
	report_say(report, "async serves 12 times the requests per second of sync at 64 clients, and 1.4 times those "
			   "of threads.");
	add_speedup(report);
	report_say(report, "With the database 5 ms away the gain over sync grows to 47 times.");
	report->goals[report->goal_count++] =
	    (struct report_goal){"p99<10ms", "async", 9.1, 10, .is_met = true, .is_known = true};
	report->goals[report->goal_count++] =
	    (struct report_goal){"p99<10ms", "sync", 71, 10, .is_met = false, .is_known = true};
	report->slo_limit_ms = 10;
	report->slo_percent = 99;
}

static void fill_run(struct report *report)
{
	report->arms[report->arm_count++] =
	    (struct report_arm){.name = "127.0.0.1:8080", .url = "http://127.0.0.1:8080"};
	add_load(report, 0, "GET /countries/DE", "throughput", 16, 1, 0);
	report_say(report, "934 requests/s with 16 clients; half of them within 17.1 ms, 99 of 100 within 19.2 ms.");
}

static bool has_flag(int argc, char **argv, const char *flag)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], flag) == 0)
			return true;
	}
	return false;
}

static void be_hostile(struct report *report)
{
	report->arms[1].name = HOSTILE;
	report->arms[2].url = "http://" HOSTILE;
	report->sentences[0] = HOSTILE;
	report->command_line = HOSTILE;
	report->speedup.path = HOSTILE;
	report->machine.processor = "\xff\xfe <b>&amp;\"' \xc3";
	for (unsigned i = 0; i < report->load_count; i++)
		report->loads[i]->what = HOSTILE;
	for (unsigned i = 0; i < report->curve_count; i++)
		report->curves[i].what = report->curves[i].bound_sentence = HOSTILE;
	report->differences[0].verdict = report->differences[0].what = report->differences[0].unit = HOSTILE;
}

static void write_report(struct report *report, bool is_json)
{
	char *json;

	if (!is_json) {
		REQUIRE(report_write_html(report, stdout) == 0);
		return;
	}
	json = report_json(report);
	fputs(json, stdout);
	free(json);
}

int main(int argc, char **argv)
{
	static struct report report;

	report_init(&report, has_flag(argc, argv, "--run") ? "run" : "compare", argc, argv);
	report.is_sound = true;
	report.slo_limit_ms = report.slo_percent = NAN;
	if (has_flag(argc, argv, "--run"))
		fill_run(&report);
	else
		fill_compare(&report, has_flag(argc, argv, "--hostile"));
	if (has_flag(argc, argv, "--hostile"))
		be_hostile(&report);
	if (has_flag(argc, argv, "--unsound")) {
		report.is_sound = report.loads[0]->check.is_sound = false;
		report.loads[0]->check.reasons[report.loads[0]->check.reason_count++] =
		    "Half of the sends were more than 1.8 ms late: the generator could not keep the schedule.";
	}
	write_report(&report, has_flag(argc, argv, "--json"));
	report_cleanup(&report);
	return 0;
}
