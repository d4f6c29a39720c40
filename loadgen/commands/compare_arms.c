#include "loadgen/commands/compare_arms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODES_MAX = 3 };

static const struct {
	const char *mode, *note;
} modes[MODES_MAX] = {
    {"sync", "the loop itself waits for PostgreSQL, and every request with it"},
    {"threads", "a thread of a pool waits for each request"},
    {"async", "nothing waits: the loop goes on and comes back when the row is there"},
};

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

static int add_arm(struct compare_arms *arms, const char *name, const char *url, const char *note)
{
	struct report *report = arms->command->report;

	if (arms->count == ARMS_MAX) {
		snprintf(arms->command->why, sizeof(arms->command->why), "more than %d to compare", ARMS_MAX);
		return -1;
	}
	arms->names[arms->count] = name;
	arms->urls[arms->count++] = url;
	report->arms[report->arm_count++] =
	    (struct report_arm){.name = name, .url = url, .note = note, .is_ours = arms->is_ours};
	return 0;
}

static int add_targets(struct compare_arms *arms)
{
	struct command *command = arms->command;

	for (unsigned i = 0; i < command->options->targets.count; i++) {
		const char *target = command->options->targets.at[i], *equals = strchr(target, '=');

		if (equals == NULL || equals == target || strncmp(equals + 1, "http://", 7) != 0) {
			snprintf(command->why, sizeof(command->why),
				 "--target %s: expected a name and a URL, such as new=http://127.0.0.1:8080/countries",
				 target);
			return -1;
		}
		target = arena_copy(&command->report->arena, (struct text){target, (size_t)(equals - target)});
		if (add_arm(arms, target, equals + 1, NULL) != 0)
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

static int add_modes(struct compare_arms *arms)
{
	struct command *command = arms->command;
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
		if (add_arm(arms, modes[i].mode, "", modes[i].note) != 0)
			return -1;
		set_waiting(command->options, &command->report->arms[arms->count - 1]);
		names += length + (names[length] == ',');
	}
	return 0;
}

void compare_arms_stop(struct compare_arms *arms)
{
	for (unsigned i = 0; i < arms->count; i++)
		arm_stop(&arms->services[i]);
}

struct arm_settings compare_arms_settings(struct command *command, const char *mode)
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

int compare_arms_start(struct compare_arms *arms, double delay_ms)
{
	struct command *command = arms->command;

	for (unsigned i = 0; arms->is_ours && i < arms->count; i++) {
		struct arm_settings settings = compare_arms_settings(command, arms->names[i]);

		settings.delay_ms = delay_ms;
		live_say(command->live, "starting the service, %s", arms->names[i]);
		if (arm_start(&arms->services[i], &settings, command->why, sizeof(command->why)) != 0)
			return -1;
		arms->urls[i] = arena_copy(&command->report->arena, text_of(arms->services[i].url));
		command->report->arms[i].url = arms->urls[i];
	}
	return 0;
}

const char *compare_arms_url(const struct compare_arms *arms, unsigned arm, const char *path)
{
	const char *base = arms->urls[arm];
	size_t length = strlen(base);

	if (path == NULL)
		return base;
	while (length > 0 && base[length - 1] == '/')
		length--;
	return arena_printf(&arms->command->report->arena, "%.*s%s%s", (int)length, base, path[0] == '/' ? "" : "/",
			    path);
}

int compare_arms_init(struct compare_arms *arms, struct command *command)
{
	*arms = (struct compare_arms){.command = command, .is_ours = command->options->targets.count == 0};
	return arms->is_ours ? add_modes(arms) : add_targets(arms);
}
