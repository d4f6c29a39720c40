/* options.h - the command line of meantime-load, as its table (option_table.h) has it.
 *
 * Life:    options_read() -> constant.
 * Owner:   strings are argv's own.
 * Errors:  -1 and `why` names the option, the value, and what was expected.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "loadgen/engine/load.h"

enum command_name {
	COMMAND_RUN,
	COMMAND_BURST,
	COMMAND_SWEEP,
	COMMAND_COMPARE,
	COMMAND_DIFF,
	COMMAND_LOOP,
	COMMAND_QUEUE,
	COMMAND_COUNT
};

enum { STRINGS_MAX = 64, NUMBERS_MAX = 32 };

struct strings {
	const char *at[STRINGS_MAX];
	unsigned count;
};

/* What is 0, NULL or empty was not given; the command has a default for it. */
struct load_options {
	enum command_name command;
	struct strings arguments; /* URLs or files */

	uint64_t connections, pipeline, max_in_flight, requests, seed, repeats, rounds, up_to, threads, waiting_clients,
	    actions, queue, redirects, items;
	uint64_t compute_threads[NUMBERS_MAX];
	unsigned compute_count;
	double rate;
	enum load_arrivals arrivals;
	uint64_t duration_ns, warmup_ns, timeout_ns, drain_ns, gap_ns, make_ns, process_ns;
	uint64_t levels[NUMBERS_MAX], delays_ns[NUMBERS_MAX], rates[NUMBERS_MAX];
	unsigned level_count, delay_count, rate_count;
	const char *method, *body, *requests_file;
	struct strings headers, goals, targets, service_options, burst_paths, peers;
	const char *max_errors;
	const char *program, *database, *endpoints, *modes, *path, *wait_path, *compute_path;
	const char *json, *csv, *ndjson, *trace, *html;
	bool has_warmup, has_seed, no_keep_alive, quiet, quick, help;
};

/* argv[1] is the command. --help stops the reading: `help` is set. */
int options_read(struct load_options *options, int argc, char *const *argv, char *why, size_t why_size);
/* options_help.c */
void options_print_help(enum command_name command, FILE *out);
void options_print_commands(FILE *out);
