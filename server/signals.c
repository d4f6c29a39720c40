#include "server/signals.h"

#include "base/clock.h"
#include "base/require.h"

#include <errno.h>
#include <signal.h>

static sigset_t both(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

void signals_block(void)
{
	sigset_t set = both();

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Returns 0 when none has come in time. */
static int next(const struct timespec *time)
{
	sigset_t set = both();
	int number;

	do
		number = time != NULL ? sigtimedwait(&set, NULL, time) : sigwaitinfo(&set, NULL);
	while (number < 0 && errno == EINTR);
	return number > 0 ? number : 0;
}

static void *hear(void *data)
{
	struct signals *signals = data;
	struct timespec patience = {(time_t)(signals->patience_ms / 1000),
				    (long)(signals->patience_ms % 1000 * NS_PER_MS)};
	int number = next(NULL);

	if (atomic_load(&signals->is_stopped))
		return NULL;
	signals->first(signals->data, number);
	number = next(&patience);
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
