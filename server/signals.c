#include "server/signals.h"

#include "base/clock.h"
#include "base/require.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static sigset_t heard(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

/* Before it serves */

static void end_silently(int number)
{
	(void)number;
	_exit(EXIT_SUCCESS);
}

static void end_at_once(int number)
{
	static const char message[] = "meantime: asked to end before it served\n";
	ssize_t ignored = 0;

	/* stderr may take nothing, and be filled by another process just now */
	signal(SIGALRM, end_silently);
	alarm(1);
	if (poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, 0) == 1)
		ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
	(void)number;
	(void)ignored;
	_exit(EXIT_SUCCESS);
}

void signals_hold(void)
{
	sigset_t set;

	/* nothing is in flight yet, and a process that is a container's first dies of no signal by itself */
	signal(SIGTERM, end_at_once);
	signal(SIGINT, end_at_once);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* While it serves */

void signals_block(void)
{
	sigset_t set = heard();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int next(void)
{
	sigset_t set = heard();
	int number;

	do
		number = sigwaitinfo(&set, NULL);
	while (number < 0 && errno == EINTR);
	return number;
}

/* The next that is no SIGHUP. Returns 0 when none has come in time. */
static int next_end(uint64_t deadline_ns)
{
	sigset_t set = heard();
	uint64_t now_ns;
	int number = SIGHUP;

	while ((now_ns = clock_now_ns()) < deadline_ns && (number == SIGHUP || number < 0)) {
		uint64_t left_ns = deadline_ns - now_ns;

		number = sigtimedwait(&set, NULL,
				      &(struct timespec){(time_t)(left_ns / NS_PER_S), (long)(left_ns % NS_PER_S)});
	}
	return number > 0 && number != SIGHUP ? number : 0;
}

static void *hear(void *data)
{
	struct signals *signals = data;
	int number;

	while ((number = next()) == SIGHUP)
		signals->again(signals->data);
	if (atomic_load(&signals->is_stopped))
		return NULL;
	signals->first(signals->data, number);
	number = next_end(clock_now_ns() + signals->patience_ms * NS_PER_MS);
	if (!atomic_load(&signals->is_stopped))
		signals->second(signals->data, number);
	return NULL;
}

void signals_start(struct signals *signals)
{
	REQUIRE(pthread_create(&signals->thread, NULL, hear, signals) == 0);
}

void signals_stop(struct signals *signals)
{
	/* not pthread_cancel(), which wants a library that the container's image does without */
	atomic_store(&signals->is_stopped, true);
	pthread_kill(signals->thread, SIGTERM);
	pthread_join(signals->thread, NULL);
}
