/* command.h - what the commands of meantime-load share.
 *
 * Life:    main fills it; a command measures and fills the report; main writes the report.
 * Errors:  a command returns EXIT_GOOD or EXIT_USAGE with `why`; whether goals were met main reads off the report.
 */
#pragma once

#include "loadgen/commands/goal.h"
#include "loadgen/commands/live.h"
#include "loadgen/commands/options.h"
#include "loadgen/engine/others.h"
#include "loadgen/figures/report.h"

enum { EXIT_GOOD = 0, EXIT_MISSED = 1, EXIT_USAGE = 2, EXIT_UNSOUND = 3 };

struct command {
	struct load_options *options;
	struct report *report;
	struct live *live;
	struct request_options request_options;
	volatile bool *is_interrupted;
	struct goal goals[16]; /* --slo */
	unsigned goal_count;
	struct sockaddr_storage server_address; /* of the server that is known */
	struct others_server server;
	struct others_reading others_before;
	char why[1024];
};

int command_run(struct command *command);
int command_burst(struct command *command);
int command_sweep(struct command *command);
/* sweep, when --rates is given. */
int command_rates(struct command *command);
int command_compare(struct command *command);
int command_diff(struct command *command);
int command_loop(struct command *command);
int command_queue(struct command *command);

/* A plan with what all loads have in common; times that were not given are these. */
struct load_plan command_plan(struct command *command, struct request_set *requests, double duration_s,
			      double warmup_s);
/* What one load takes with these times, or with those that were given. */
double command_load_seconds(struct command *command, double duration_s, double warmup_s);
/* What a burst is expected to take with its requests alone before it: a guess, for the live line. */
double command_burst_seconds(unsigned requests, unsigned repeats);
/* A set with one request to `url`, or with those of --requests-file to its host; -1 and command->why. */
int command_requests(struct command *command, struct request_set *set, const char *url);
/* Measures one load and adds it to the report; NULL and command->why when there was nothing to measure. */
struct report_load *command_measure(struct command *command, unsigned arm, struct load_plan *plan);
/* Each request of `urls` alone, then together; -1 and command->why. */
int command_measure_burst(struct command *command, unsigned arm, const char *const *urls, unsigned count,
			  unsigned repeats);
/* The median of a request alone, again and again; NAN when it was never answered with 2xx or 3xx. -1 and
 * command->why. */
int command_measure_solo(struct command *command, const char *url, unsigned repeats, double *solo_ms);
/* --slo, judged on the requests of all these loads together. */
void command_judge(struct command *command, unsigned arm, const struct report_load *const *loads, unsigned count);
/* How much of the processors others take, from here to command_others_share(); of a load command_measure() sees to it. */
void command_watch_others(struct command *command, const struct others_server *server);
double command_others_share(struct command *command);
/* --max-errors, judged on all loads of an arm together. */
void command_judge_errors(struct command *command, unsigned arm);
bool command_is_interrupted(const struct command *command);
/* The value of a percentile of a load's response time; NAN when too few requests support it. */
double load_percentile(const struct report_load *load, double percent);
