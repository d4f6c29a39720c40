/* compare: the service in its modes, or targets that run already, side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loadgen/engine/arm.h"
#include "loadgen/commands/curve.h"
#include "loadgen/report/findings.h"
#include "loadgen/commands/speedup.h"
#include "loadgen/figures/verdict.h"

enum {
	CLIENTS_USUAL = 64,
	WAITING_USUAL = 32,
	UP_TO_USUAL = 64,
	ROUNDS_USUAL = 5,
	QUICK_ROUNDS = 4,
	REPEATS_USUAL = 3
};
enum { BURST_MAX = 16, MODES_MAX = 3, CURVE_ROUNDS = 2 };
enum { URL_BYTES = 2048 };

struct compare {
	struct command *command;
	const char *names[ARMS_MAX], *urls[ARMS_MAX]; /* base of the services, URL of a target */
	unsigned count;
	bool is_ours;
	struct arm arms[ARMS_MAX];
	double delay_ms; /* of the database, now */
	double duration_s, warmup_s;
	unsigned rounds;
	struct gain gains[NUMBERS_MAX]; /* of the last arm over the first, by delay */
};

static const struct {
	const char *mode, *note;
} modes[MODES_MAX] = {
    {"sync", "the loop itself waits for PostgreSQL, and every request with it"},
    {"threads", "a thread of a pool waits for each request"},
    {"async", "nothing waits: the loop goes on and comes back when the row is there"},
};

/* Arms */

static const char *beside_us(struct command *command, const char *name)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	name = arena_printf(&command->report->arena, "%s/%s", path, name);
	return access(name, X_OK) == 0 ? name : NULL;
}

static const char *service_program(struct command *command)
{
	static const char *const places[] = {"meantime", "../server/meantime", "../meantime"};
	const char *found = command->options->program;

	for (size_t i = 0; i < ARRAY_LENGTH(places) && found == NULL; i++)
		found = beside_us(command, places[i]);
	return found != NULL ? found : "meantime";
}

static int add_arm(struct compare *compare, const char *name, const char *url, const char *note)
{
	struct report *report = compare->command->report;

	if (compare->count == ARMS_MAX) {
		snprintf(compare->command->why, sizeof(compare->command->why), "more than %d to compare", ARMS_MAX);
		return -1;
	}
	compare->names[compare->count] = name;
	compare->urls[compare->count++] = url;
	report->arms[report->arm_count++] =
	    (struct report_arm){.name = name, .url = url, .note = note, .is_ours = compare->is_ours};
	return 0;
}

static int add_targets(struct compare *compare)
{
	struct command *command = compare->command;

	for (unsigned i = 0; i < command->options->targets.count; i++) {
		const char *target = command->options->targets.at[i], *equals = strchr(target, '=');

		if (equals == NULL || equals == target || strncmp(equals + 1, "http://", 7) != 0) {
			snprintf(command->why, sizeof(command->why),
				 "--target %s: expected a name and a URL, such as new=http://127.0.0.1:8080/countries",
				 target);
			return -1;
		}
		target = arena_copy(&command->report->arena, (struct text){target, (size_t)(equals - target)});
		if (add_arm(compare, target, equals + 1, NULL) != 0)
			return -1;
	}
	return 0;
}

/* What the service was told, or its own default. */
static unsigned service_option(const struct load_options *options, const char *name, unsigned usual)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < options->service_options.count; i++) {
		const char *option = options->service_options.at[i];

		if (strncmp(option, name, length) == 0 && option[length] == '=')
			usual = (unsigned)strtoul(option + length + 1, NULL, 10);
	}
	return usual;
}

/* How many of its requests can wait for the database at once. */
static void set_waiting(const struct load_options *options, struct report_arm *arm)
{
	if (strcmp(arm->name, "sync") == 0)
		arm->threads = 1;
	else if (strcmp(arm->name, "threads") == 0)
		arm->threads =
		    options->threads > 0 ? (unsigned)options->threads : service_option(options, "--threads", 8);
	else {
		arm->threads = service_option(options, "--db-connections", 40);
		arm->pipelined = service_option(options, "--db-shared-connections", 2) *
				 service_option(options, "--db-pipeline-depth", 64);
	}
	arm->threads *= service_option(options, "--loops", 1);
	arm->pipelined *= service_option(options, "--loops", 1);
}

static int add_modes(struct compare *compare)
{
	struct command *command = compare->command;
	const char *names = command->options->modes != NULL ? command->options->modes : "sync,threads,async";

	while (*names != '\0') {
		size_t length = strcspn(names, ","), i = 0;

		while (i < MODES_MAX && (strlen(modes[i].mode) != length || memcmp(modes[i].mode, names, length) != 0))
			i++;
		if (i == MODES_MAX) {
			snprintf(command->why, sizeof(command->why),
				 "--modes: '%.*s' is none; expected sync, threads, async, with commas between",
				 (int)length, names);
			return -1;
		}
		if (add_arm(compare, modes[i].mode, "", modes[i].note) != 0)
			return -1;
		set_waiting(command->options, &command->report->arms[compare->count - 1]);
		names += length + (names[length] == ',');
	}
	return 0;
}

static void stop_services(struct compare *compare)
{
	for (unsigned i = 0; i < compare->count; i++)
		arm_stop(&compare->arms[i]);
}

static struct arm_settings service_settings(struct command *command, const char *mode)
{
	const struct load_options *options = command->options;
	const char *database = options->database != NULL ? options->database : getenv("DATABASE_URL");

	return (struct arm_settings){
	    .program = service_program(command),
	    .database = database != NULL ? database : "",
	    .endpoints = options->endpoints != NULL ? options->endpoints : "config/endpoints",
	    .options = options->service_options.at,
	    .option_count = options->service_options.count,
	    .mode = mode,
	    .threads = strcmp(mode, "threads") == 0 ? (unsigned)options->threads : 0,
	};
}

static int start_services(struct compare *compare)
{
	struct command *command = compare->command;

	for (unsigned i = 0; compare->is_ours && i < compare->count; i++) {
		struct arm_settings settings = service_settings(command, compare->names[i]);

		settings.delay_ms = compare->delay_ms;
		live_say(command->live, "starting the service, %s", compare->names[i]);
		if (arm_start(&compare->arms[i], &settings, command->why, sizeof(command->why)) != 0)
			return -1;
		compare->urls[i] = arena_copy(&command->report->arena, text_of(compare->arms[i].url));
		command->report->arms[i].url = compare->urls[i];
	}
	return 0;
}

/* `path` below an arm; without one the arm's own URL. */
static const char *url_of(const struct compare *compare, unsigned arm, const char *path)
{
	const char *base = compare->urls[arm];
	size_t length = strlen(base);

	if (path == NULL)
		return base;
	while (length > 0 && base[length - 1] == '/')
		length--;
	return arena_printf(&compare->command->report->arena, "%.*s%s%s", (int)length, base, path[0] == '/' ? "" : "/",
			    path);
}

/* Bursts */

static const char *const usual_burst[] = {"/wait/400", "/wait/300", "/wait/100"};

static unsigned burst_requests(const struct load_options *options)
{
	return options->burst_paths.count > 0 ? options->burst_paths.count : ARRAY_LENGTH(usual_burst);
}

static unsigned burst_repeats(const struct load_options *options)
{
	return (unsigned)(options->repeats > 0 ? options->repeats : REPEATS_USUAL);
}

static int measure_bursts(struct compare *compare)
{
	struct command *command = compare->command;
	const struct strings *paths = &command->options->burst_paths;
	unsigned count = burst_requests(command->options), repeats = burst_repeats(command->options);
	const char *urls[BURST_MAX];

	for (unsigned arm = 0; arm < compare->count && !command_is_interrupted(command); arm++) {
		for (unsigned i = 0; i < count && i < BURST_MAX; i++)
			urls[i] = url_of(compare, arm,
					 paths->count > 0   ? paths->at[i]
					 : compare->is_ours ? usual_burst[i]
							    : NULL);
		live_begin(command->live, command_burst_seconds(count, repeats), "%s, burst of %u", compare->names[arm],
			   count);
		if (command_measure_burst(command, arm, urls, count, repeats) != 0)
			return -1;
	}
	return 0;
}

/* Loads */

static const char *group_of(const struct compare *compare, const char *path, unsigned clients)
{
	struct arena *arena = &compare->command->report->arena;

	path = path == NULL ? "the URL" : path;
	return compare->delay_ms > 0
		   ? arena_printf(arena, "%s, %u clients, database %.3g ms away", path, clients, compare->delay_ms)
		   : arena_printf(arena, "%s, %u clients", path, clients);
}

static struct report_load *measure_one(struct compare *compare, struct request_set *set, unsigned arm, unsigned round,
				       unsigned clients)
{
	struct command *command = compare->command;
	struct load_plan plan = command_plan(command, set, compare->duration_s, compare->warmup_s);
	struct report_load *load;

	plan.connections = clients;
	live_begin(command->live, command_load_seconds(command, compare->duration_s, compare->warmup_s),
		   "%s, round %u of %u", compare->names[arm], round, compare->rounds);
	live_detail(command->live, set->requests[0]->label);
	load = command_measure(command, arm, &plan);
	if (load != NULL) {
		load->round = round;
		load->delay_ms = compare->delay_ms;
	}
	return load;
}

/* Every arm against every earlier one; said is how the last one does, the gain is the one over the first. */
static void compare_arms(struct compare *compare, const char *group, struct report_load *(*loads)[ROUNDS_MAX],
			 const struct report_difference **gain)
{
	struct report *report = compare->command->report;
	const struct report_difference *difference;

	for (unsigned b = 1; b < compare->count; b++)
		for (unsigned a = 0; a < b; a++) {
			struct verdict_side of_a = {a, loads[a], compare->rounds},
					    of_b = {b, loads[b], compare->rounds};

			difference = verdict_add(report, group, &of_a, &of_b, compare->command->request_options.seed);
			if (difference == NULL || b + 1 < compare->count)
				continue;
			report_say(report, "%s", difference->sentence);
			if (a == 0)
				*gain = difference;
		}
}

/* --slo, on the requests of all rounds together, as the table shows them. */
static void judge_arms(struct compare *compare, struct report_load *(*loads)[ROUNDS_MAX])
{
	for (unsigned arm = 0; arm < compare->count; arm++)
		command_judge(compare->command, arm, (const struct report_load *const *)loads[arm], compare->rounds);
}

/* Rounds in turns, A B C, C B A: what disturbs the machine disturbs all alike. */
static int measure_group(struct compare *compare, const char *path, unsigned clients,
			 const struct report_difference **gain)
{
	struct command *command = compare->command;
	struct report_load *loads[ARMS_MAX][ROUNDS_MAX];
	struct request_set sets[ARMS_MAX];
	const char *group = group_of(compare, path, clients);
	unsigned set_count = 0;
	int result = 0;

	*gain = NULL;
	for (; set_count < compare->count && result == 0; set_count++)
		result = command_requests(command, &sets[set_count], url_of(compare, set_count, path));
	for (unsigned round = 0; round < compare->rounds && result == 0; round++)
		for (unsigned i = 0; i < compare->count && result == 0 && !command_is_interrupted(command); i++) {
			unsigned arm = round % 2 == 0 ? i : compare->count - 1 - i;

			loads[arm][round] = measure_one(compare, &sets[arm], arm, round + 1, clients);
			if (loads[arm][round] == NULL)
				result = -1;
			else
				loads[arm][round]->group = group;
		}
	if (result == 0 && !command_is_interrupted(command)) {
		compare_arms(compare, group, loads, gain);
		judge_arms(compare, loads);
	}
	for (unsigned i = 0; i < set_count; i++)
		request_set_cleanup(&sets[i]);
	return result;
}

/* Curves */

static struct curve_plan curve_plan(const struct compare *compare)
{
	return (struct curve_plan){
	    .rounds = CURVE_ROUNDS,
	    .duration_s = compare->duration_s / 2,
	    .warmup_s = compare->warmup_s,
	    .delay_ms = compare->delay_ms,
	    .group = "curve",
	};
}

static uint64_t curve_up_to(const struct compare *compare)
{
	uint64_t asked = compare->command->options->up_to;

	return asked > 0 ? asked : UP_TO_USUAL;
}

static int measure_curves(struct compare *compare, const char *path)
{
	struct command *command = compare->command;
	const struct load_options *options = command->options;
	struct curve_plan plan = curve_plan(compare);
	const char *urls[ARMS_MAX];
	struct curves curves;
	int result;

	for (unsigned i = 0; i < compare->count; i++)
		urls[i] = url_of(compare, i, path);
	result = curves_init(&curves, command, &plan, 0, urls, compare->count);
	if (result == 0)
		result = curves_measure(&curves, options->levels, options->level_count, curve_up_to(compare));
	if (result == 0) {
		curves_finish(&curves);
		for (unsigned i = 0; i < curves.count; i++)
			if (curves.curves[i].report->bound_sentence != NULL)
				report_say(command->report, "%s", curves.curves[i].report->bound_sentence);
	}
	curves_cleanup(&curves);
	return result;
}

/* The whole */

/* For the live line; services that start are not counted. */
static void expect_all(struct compare *compare, unsigned groups)
{
	struct command *command = compare->command;
	const struct load_options *options = command->options;
	struct curve_plan plan = curve_plan(compare);
	double group = command_load_seconds(command, compare->duration_s, compare->warmup_s) * compare->rounds,
	       curve = curves_seconds(command, &plan, options->level_count, curve_up_to(compare)),
	       burst = command_burst_seconds(burst_requests(options), burst_repeats(options));

	live_expect(command->live, compare->count * (groups * group + curve + burst));
	if (options->compute_path != NULL)
		live_expect(command->live, speedup_seconds(options, command->report->machine.cores));
}

static int measure_all(struct compare *compare)
{
	struct command *command = compare->command;
	const struct load_options *options = command->options;
	const char *path = options->path != NULL ? options->path
			   : compare->is_ours    ? "/countries/DE"
						 : NULL,
		   *wait_path = options->wait_path != NULL ? options->wait_path
				: compare->is_ours         ? "/wait/20"
							   : NULL;
	unsigned clients = (unsigned)(options->connections > 0 ? options->connections : CLIENTS_USUAL),
		 waiting = (unsigned)(options->waiting_clients > 0 ? options->waiting_clients : WAITING_USUAL),
		 delays = options->delay_count > 0 ? options->delay_count : 1;
	int result = 0;

	expect_all(compare, delays + (wait_path != NULL));
	for (unsigned i = 0; i < delays && result == 0 && !command_is_interrupted(command); i++) {
		const struct report_difference *ignored;

		compare->delay_ms = compare->gains[i].delay_ms =
		    options->delay_count > 0 ? (double)options->delays_ns[i] / 1e6 : 0;
		result = start_services(compare);
		if (result == 0 && i == 0) {
			result = measure_bursts(compare);
			find_bursts(command->report);
		}
		if (result == 0)
			result = measure_group(compare, path, clients, &compare->gains[i].difference);
		if (result == 0 && i == 0 && wait_path != NULL)
			result = measure_group(compare, wait_path, waiting, &ignored);
		if (result == 0 && i == 0)
			result = measure_curves(compare, wait_path != NULL ? wait_path : path);
		stop_services(compare);
	}
	if (result == 0)
		find_gains(command->report, compare->names[0], compare->names[compare->count - 1], path, compare->gains,
			   options->delay_count);
	if (result == 0 && options->compute_path != NULL && !command_is_interrupted(command)) {
		struct arm_settings settings = service_settings(command, compare->names[compare->count - 1]);

		result = speedup_measure(command, &settings, options->compute_path);
	}
	return result;
}

int command_compare(struct command *command)
{
	const struct load_options *options = command->options;
	struct compare compare = {
	    .command = command,
	    .is_ours = options->targets.count == 0,
	    .rounds = options->quick ? QUICK_ROUNDS : ROUNDS_USUAL,
	    .duration_s = options->quick ? 1 : 2,
	    .warmup_s = options->quick ? 0.15 : 0.3,
	};
	int result;

	if (options->rounds > 0)
		compare.rounds = (unsigned)options->rounds;
	result = compare.is_ours ? add_modes(&compare) : add_targets(&compare);
	if (result == 0)
		result = measure_all(&compare);
	for (unsigned arm = 0; result == 0 && arm < compare.count; arm++)
		command_judge_errors(command, arm);
	return result == 0 ? EXIT_GOOD : EXIT_USAGE;
}
