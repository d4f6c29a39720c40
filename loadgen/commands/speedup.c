#include "loadgen/commands/speedup.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "loadgen/report/findings.h"

enum { ROUNDS_USUAL = 3, REPEATS = 3 };

#define ROUND_S 1.5 /* what a round is expected to take */
struct contest {
	struct command *command;
	struct arm arms[SPEEDUP_POINTS_MAX];
	const char *urls[SPEEDUP_POINTS_MAX];
	unsigned threads[SPEEDUP_POINTS_MAX], count, rounds;
	double ms[SPEEDUP_POINTS_MAX][16];
};

/* As asked for, or 1, 2, 4 ... up to the cores; returns how many. */
static unsigned choose_threads(const struct load_options *options, unsigned cores, unsigned threads[SPEEDUP_POINTS_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < options->compute_count && count < SPEEDUP_POINTS_MAX; i++)
		threads[count++] = (unsigned)options->compute_threads[i];
	if (count > 0)
		return count;
	for (unsigned n = 1; n < cores && count < SPEEDUP_POINTS_MAX - 1; n *= 2)
		threads[count++] = n;
	threads[count++] = cores;
	return count;
}

static unsigned rounds_of(const struct load_options *options)
{
	return options->rounds > 0 ? (unsigned)options->rounds : ROUNDS_USUAL;
}

double speedup_seconds(const struct load_options *options, unsigned cores)
{
	unsigned threads[SPEEDUP_POINTS_MAX];

	return choose_threads(options, cores, threads) * rounds_of(options) * ROUND_S;
}

static int start(struct contest *contest, const struct arm_settings *service, const char *path)
{
	struct command *command = contest->command;

	for (unsigned i = 0; i < contest->count; i++) {
		struct arm_settings settings = *service;
		const char *options[ARM_OPTIONS_MAX];

		if (settings.option_count == ARM_OPTIONS_MAX) {
			snprintf(command->why, sizeof(command->why), "--service-option: too many for --compute-path");
			return -1;
		}
		memcpy(options, service->options, service->option_count * sizeof(*options));
		options[settings.option_count++] =
		    arena_printf(&command->report->arena, "--compute-threads=%u", contest->threads[i]);
		settings.options = options;
		live_say(command->live, "starting a service with %u compute threads", contest->threads[i]);
		if (arm_start(&contest->arms[i], &settings, command->why, sizeof(command->why)) != 0)
			return -1;
		contest->urls[i] = arena_printf(&command->report->arena, "%s%s%s", contest->arms[i].url,
						path[0] == '/' ? "" : "/", path);
	}
	return 0;
}

/* In turns, A B C, C B A. */
static int measure(struct contest *contest)
{
	struct command *command = contest->command;

	for (unsigned round = 0; round < contest->rounds && !command_is_interrupted(command); round++)
		for (unsigned i = 0; i < contest->count; i++) {
			unsigned at = round % 2 == 0 ? i : contest->count - 1 - i;

			live_begin(command->live, ROUND_S, "%u compute threads, round %u of %u", contest->threads[at],
				   round + 1, contest->rounds);
			if (command_measure_solo(command, contest->urls[at], REPEATS, &contest->ms[at][round]) != 0)
				return -1;
			if (isnan(contest->ms[at][round])) {
				snprintf(command->why, sizeof(command->why),
					 "--compute-path: %s was not answered with 2xx", contest->urls[at]);
				return -1;
			}
		}
	return 0;
}

static void watch_others(struct contest *contest)
{
	struct others_server servers = {.is_local = true};

	for (unsigned i = 0; i < contest->count; i++)
		servers.processes[servers.count++] = contest->arms[i].pid;
	command_watch_others(contest->command, &servers);
}

static void fill_points(struct contest *contest, struct report_speedup *speedup)
{
	for (unsigned i = 0; i < contest->count; i++) {
		struct report_speedup_point *point = &speedup->points[speedup->point_count++];

		point->threads = contest->threads[i];
		point->low_ms = INFINITY;
		for (unsigned round = 0; round < contest->rounds; round++) {
			point->low_ms = fmin(point->low_ms, contest->ms[i][round]);
			point->high_ms = fmax(point->high_ms, contest->ms[i][round]);
		}
		point->ms = median_of(contest->ms[i], contest->rounds);
		point->speedup = speedup->points[0].ms / point->ms;
	}
}

static void fit_share(struct report_speedup *speedup)
{
	double threads[SPEEDUP_POINTS_MAX], ms[SPEEDUP_POINTS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < speedup->point_count; i++) {
		if (speedup->points[i].threads > speedup->cores)
			continue;
		threads[count] = speedup->points[i].threads;
		ms[count++] = speedup->points[i].ms;
	}
	speedup->serial_share = amdahl_share(threads, ms, count);
	for (unsigned i = 0; i < speedup->point_count; i++)
		speedup->points[i].bound =
		    amdahl_speedup(speedup->serial_share, fmin(speedup->points[i].threads, speedup->cores));
}

int speedup_measure(struct command *command, const struct arm_settings *service, const char *path)
{
	struct report *report = command->report;
	struct contest *contest = arena_alloc_zeroed(&report->arena, sizeof(*contest));
	struct report_speedup *speedup = &report->speedup;
	int result;

	contest->command = command;
	contest->rounds = rounds_of(command->options);
	speedup->path = path;
	speedup->cores = report->machine.cores;
	contest->count = choose_threads(command->options, speedup->cores, contest->threads);
	result = start(contest, service, path);
	if (result == 0) {
		watch_others(contest);
		result = measure(contest);
		speedup->others_share = command_others_share(command);
	}
	for (unsigned i = 0; i < contest->count; i++)
		arm_stop(&contest->arms[i]);
	if (result != 0 || command_is_interrupted(command))
		return result;
	fill_points(contest, speedup);
	fit_share(speedup);
	find_speedup(report);
	return 0;
}
