/* loop: a loop that turns between actions, beside other programs that do the same. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "loadgen/commands/command.h"
#include "loadgen/report/findings.h"
#include "loadgen/engine/turning.h"

enum { ITEMS_USUAL = 500000, QUEUE_USUAL = 1024, ROUNDS_USUAL = 3, PEER_TIMEOUT_MS = 120000, SAID_BYTES = 4096 };

/* What turns the loop: this program, or a shell's command that prints a line of JSON. */
struct contender {
	const char *name, *shell;
	struct turning rounds[16];
};

/* Peers */

static pid_t start_peer(const char *shell, int *out)
{
	int ends[2];
	pid_t pid, parent = getpid();

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
		setpgid(0, 0); /* so that all it starts can be ended */
		dup2(ends[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", shell, NULL);
		_exit(127);
	}
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	*out = ends[0];
	return pid;
}

/* All it prints, until it closes its output or its time is over. */
static bool read_all(int fd, char said[static SAID_BYTES], const struct command *command)
{
	uint64_t deadline_ns = clock_now_ns() + PEER_TIMEOUT_MS * NS_PER_MS;
	size_t length = 0;

	while (clock_now_ns() < deadline_ns && !command_is_interrupted(command)) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t bytes;

		if (poll(&ready, 1, 100) <= 0)
			continue;
		bytes = read(fd, said + length, SAID_BYTES - 1 - length);
		if (bytes < 0 && errno == EINTR)
			continue;
		said[length += bytes > 0 ? (size_t)bytes : 0] = '\0';
		if (bytes <= 0 || length == SAID_BYTES - 1)
			return true;
	}
	return false;
}

static bool read_number(const json_t *object, const char *key, double *number)
{
	const json_t *value = json_object_get(object, key);

	*number = json_number_value(value);
	return json_is_number(value) && *number >= 0;
}

static bool read_turning(const char *said, struct turning *turning)
{
	json_t *object = json_loads(said, 0, NULL);
	bool is_good = read_number(object, "seconds", &turning->seconds) && turning->seconds > 0 &&
		       read_number(object, "p50_us", &turning->p50_us) &&
		       read_number(object, "p99_us", &turning->p99_us) &&
		       read_number(object, "max_us", &turning->max_us);

	json_decref(object);
	return is_good;
}

static int run_peer(struct command *command, const struct contender *peer, struct turning *turning)
{
	char said[SAID_BYTES] = "";
	int fd, status = -1;
	pid_t pid = start_peer(peer->shell, &fd);
	bool is_whole;

	if (pid < 0) {
		snprintf(command->why, sizeof(command->why), "--peer %s: %s", peer->name, strerror(errno));
		return -1;
	}
	is_whole = read_all(fd, said, command);
	close(fd);
	if (!is_whole)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (is_whole && status == 0 && read_turning(said, turning))
		return 0;
	if (!is_whole)
		snprintf(command->why, sizeof(command->why), "--peer %s was not over within %d s: %s", peer->name,
			 PEER_TIMEOUT_MS / 1000, peer->shell);
	else
		snprintf(
		    command->why, sizeof(command->why),
		    "--peer %s: expected {\"seconds\":S,\"p50_us\":P,\"p99_us\":P,\"max_us\":M} and exit status 0 from "
		    "`%s`; it ended with %d and printed: %.200s",
		    peer->name, peer->shell, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		    said[0] != '\0' ? said : "nothing");
	return -1;
}

/* The report */

static double median_over(const struct contender *contender, unsigned rounds, size_t offset)
{
	double values[16];

	for (unsigned i = 0; i < rounds; i++)
		memcpy(&values[i], (const char *)&contender->rounds[i] + offset, sizeof(values[i]));
	return median_of(values, rounds);
}

static void add_row(struct report *report, const struct contender *contender, unsigned rounds)
{
	struct report_turning *row = &report->turnings[report->turning_count++];

	*row = (struct report_turning){
	    .name = contender->name,
	    .rounds = rounds,
	    .seconds = median_over(contender, rounds, offsetof(struct turning, seconds)),
	    .p50_us = median_over(contender, rounds, offsetof(struct turning, p50_us)),
	    .p99_us = median_over(contender, rounds, offsetof(struct turning, p99_us)),
	    .max_us = median_over(contender, rounds, offsetof(struct turning, max_us)),
	    .turns = contender->rounds[0].turns,
	    .events_made = contender->rounds[0].events_made,
	    .events_seen = contender->rounds[0].events_seen,
	    .longest_queue = contender->rounds[0].longest_queue,
	    .low_seconds = INFINITY,
	};
	for (unsigned i = 0; i < rounds; i++) {
		row->low_seconds = fmin(row->low_seconds, contender->rounds[i].seconds);
		row->high_seconds = fmax(row->high_seconds, contender->rounds[i].seconds);
	}
}

static int read_peers(struct command *command, struct contender *contenders, unsigned *count)
{
	const struct strings *peers = &command->options->peers;

	contenders[(*count)++].name = "meantime-load";
	for (unsigned i = 0; i < peers->count; i++) {
		const char *equals = strchr(peers->at[i], '=');

		if (*count == TURNINGS_MAX || equals == NULL || equals == peers->at[i] || equals[1] == '\0') {
			snprintf(command->why, sizeof(command->why),
				 "--peer %s: expected NAME=COMMAND, at most %d of them", peers->at[i],
				 TURNINGS_MAX - 1);
			return -1;
		}
		contenders[*count].name =
		    arena_copy(&command->report->arena, (struct text){peers->at[i], (size_t)(equals - peers->at[i])});
		contenders[(*count)++].shell = equals + 1;
	}
	return 0;
}

int command_loop(struct command *command)
{
	const struct load_options *options = command->options;
	uint64_t items = options->actions > 0 ? options->actions : ITEMS_USUAL;
	unsigned rounds = (unsigned)(options->rounds > 0 ? options->rounds : ROUNDS_USUAL), count = 0, done = 0;
	struct contender *contenders = arena_alloc_zeroed(&command->report->arena, TURNINGS_MAX * sizeof(*contenders));

	if (read_peers(command, contenders, &count) != 0)
		return EXIT_USAGE;
	for (; done < rounds && !command_is_interrupted(command); done++)
		for (unsigned i = 0; i < count; i++) {
			struct turning *turning = &contenders[i].rounds[done];

			live_say(command->live, "%s, round %u of %u", contenders[i].name, done + 1, rounds);
			if (contenders[i].shell == NULL)
				*turning = turning_run(items, options->queue > 0 ? options->queue : QUEUE_USUAL);
			else if (run_peer(command, &contenders[i], turning) != 0)
				return EXIT_USAGE;
		}
	if (done == 0)
		return EXIT_GOOD;
	for (unsigned i = 0; i < count; i++)
		add_row(command->report, &contenders[i], done);
	find_loop(command->report, items);
	return EXIT_GOOD;
}
