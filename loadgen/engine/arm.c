#include "loadgen/engine/arm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { LOOK_EVERY_MS = 10, SAID_BYTES = 4096, ARGUMENTS_MAX = ARM_OPTIONS_MAX + 16 };

static void sleep_ms(unsigned ms)
{
	struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		;
}

/* What the service has said so far, the end of it. */
static size_t read_log(const struct arm *arm, char said[static SAID_BYTES])
{
	int fd = open(arm->log, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t bytes = 0;

	if (fd >= 0) {
		lseek(fd, size > SAID_BYTES - 1 ? size - (SAID_BYTES - 1) : 0, SEEK_SET);
		bytes = read(fd, said, SAID_BYTES - 1);
		close(fd);
	}
	said[bytes > 0 ? bytes : 0] = '\0';
	return bytes > 0 ? (size_t)bytes : 0;
}

static int fail(struct arm *arm, const struct arm_settings *settings, const char *what, char *why, size_t why_size)
{
	char said[SAID_BYTES];
	size_t length = read_log(arm, said), from = length > 600 ? length - 600 : 0;

	while (length > from && said[length - 1] == '\n')
		said[--length] = '\0';

	snprintf(why, why_size, "%s --mode %s %s; it said: %s", settings->program, settings->mode, what,
		 length > 0 ? said + from : "nothing");
	arm_stop(arm);
	return -1;
}

/* The line that says where it serves; the port was chosen by the kernel. */
static bool read_url(struct arm *arm)
{
	static const char mark[] = "meantime: serving http://";
	char said[SAID_BYTES], *line, *end;

	read_log(arm, said);
	line = strstr(said, mark);
	if (line == NULL || (end = strchr(line + sizeof(mark) - 1, ' ')) == NULL)
		return false;
	*end = '\0';
	snprintf(arm->url, sizeof(arm->url), "%s", line + strlen("meantime: serving "));
	return true;
}

static int fill_arguments(const struct arm_settings *settings, const char *database, char threads[static 16],
			  const char *arguments[static ARGUMENTS_MAX])
{
	unsigned count = 0;

	arguments[count++] = settings->program;
	arguments[count++] = "serve";
	arguments[count++] = "--mode";
	arguments[count++] = settings->mode;
	arguments[count++] = "--listen";
	arguments[count++] = "127.0.0.1:0";
	arguments[count++] = "--database";
	arguments[count++] = database;
	arguments[count++] = "--endpoints";
	arguments[count++] = settings->endpoints;
	if (settings->threads > 0) {
		snprintf(threads, 16, "%u", settings->threads);
		arguments[count++] = "--threads";
		arguments[count++] = threads;
	}
	for (unsigned i = 0; i < settings->option_count && i < ARM_OPTIONS_MAX; i++)
		arguments[count++] = settings->options[i];
	arguments[count] = NULL;
	return 0;
}

/* In the child: only what may be called between fork and exec. */
static _Noreturn void become_service(const char *const *arguments, int log, pid_t parent, char *const *environment)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127); /* it had died before it was asked for */
	setpgid(0, 0);      /* Ctrl-C is for the load generator, which ends the service itself */
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvpe(arguments[0], (char *const *)(uintptr_t)arguments, environment);
	dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

/* MEANTIME_* of the caller would make the arms differ from what the command line says. */
static char **service_environment(void)
{
	size_t count = 0, kept = 0;
	char **environment;

	while (environ[count] != NULL)
		count++;
	environment = calloc(count + 1, sizeof(*environment));
	for (size_t i = 0; environment != NULL && i < count; i++)
		if (strncmp(environ[i], "MEANTIME_", 9) != 0)
			environment[kept++] = environ[i];
	return environment;
}

static int spawn(struct arm *arm, const struct arm_settings *settings, const char *database, char *why, size_t why_size)
{
	const char *arguments[ARGUMENTS_MAX];
	char threads[16], **environment = service_environment();
	pid_t parent = getpid();
	int log;

	snprintf(arm->log, sizeof(arm->log), "/tmp/meantime-load.XXXXXX");
	log = mkostemp(arm->log, O_CLOEXEC);
	if (log < 0) {
		snprintf(why, why_size, "%s: %s", arm->log, strerror(errno));
		free(environment);
		arm->log[0] = '\0';
		return -1;
	}
	fill_arguments(settings, database, threads, arguments);
	arm->pid = fork();
	if (arm->pid == 0)
		become_service(arguments, log, parent, environment);
	close(log);
	free(environment);
	if (arm->pid < 0) {
		arm->pid = 0;
		return fail(arm, settings, "could not be started", why, why_size);
	}
	return 0;
}

static int wait_until_it_serves(struct arm *arm, const struct arm_settings *settings, char *why, size_t why_size)
{
	uint64_t until = clock_now_ns() + ARM_START_MS * NS_PER_MS;

	while (!read_url(arm)) {
		if (waitpid(arm->pid, NULL, WNOHANG) == arm->pid) {
			arm->pid = 0;
			return fail(arm, settings, "ended before it served", why, why_size);
		}
		if (clock_now_ns() > until)
			return fail(arm, settings, "does not serve after 30 s", why, why_size);
		sleep_ms(LOOK_EVERY_MS);
	}
	return 0;
}

int arm_start(struct arm *arm, const struct arm_settings *settings, char *why, size_t why_size)
{
	char *through_relay = NULL;
	int result = 0;

	*arm = (struct arm){0};
	if (settings->delay_ms > 0)
		result =
		    relay_start(&arm->relay, settings->database, settings->delay_ms, &through_relay, why, why_size);
	if (result == 0)
		result =
		    spawn(arm, settings, through_relay != NULL ? through_relay : settings->database, why, why_size);
	if (result == 0)
		result = wait_until_it_serves(arm, settings, why, why_size);
	free(through_relay);
	if (result != 0)
		arm_stop(arm);
	return result;
}

void arm_stop(struct arm *arm)
{
	uint64_t until = clock_now_ns() + ARM_STOP_MS * NS_PER_MS;

	if (arm->pid > 0) {
		kill(arm->pid, SIGTERM);
		while (waitpid(arm->pid, NULL, WNOHANG) == 0) {
			if (clock_now_ns() > until) {
				kill(arm->pid, SIGKILL);
				waitpid(arm->pid, NULL, 0);
				break;
			}
			sleep_ms(LOOK_EVERY_MS);
		}
	}
	if (arm->relay != NULL)
		relay_stop(arm->relay);
	if (arm->log[0] != '\0')
		unlink(arm->log);
	*arm = (struct arm){0};
}
