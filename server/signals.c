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

/* Returns 0 when none has come in time. The thread may be cancelled here, and nowhere else: it may hold the log. */
static int next(const struct timespec *time)
{
	sigset_t set = both();
	int number, ignored;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &ignored);
	do
		number = time != NULL ? sigtimedwait(&set, NULL, time) : sigwaitinfo(&set, NULL);
	while (number < 0 && errno == EINTR);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored);
	return number > 0 ? number : 0;
}

static void *hear(void *data)
{
	const struct signals *signals = data;
	struct timespec patience = {(time_t)(signals->patience_ms / 1000),
				    (long)(signals->patience_ms % 1000 * NS_PER_MS)};
	int ignored;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ignored);
	signals->first(signals->data, next(NULL));
	signals->second(signals->data, next(&patience));
	return NULL;
}

void signals_start(struct signals *signals)
{
	REQUIRE(pthread_create(&signals->thread, NULL, hear, signals) == 0);
}

void signals_stop(struct signals *signals)
{
	pthread_cancel(signals->thread);
	pthread_join(signals->thread, NULL);
}
