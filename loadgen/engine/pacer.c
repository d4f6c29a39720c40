#include "loadgen/engine/pacer.h"

#include <math.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/require.h"
#include "loadgen/engine/random.h"

void pacer_init(struct pacer *pacer, uint64_t seed)
{
	*pacer = (struct pacer){.random = seed};
	pacer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	REQUIRE(pacer->fd >= 0);
}

void pacer_cleanup(struct pacer *pacer)
{
	close(pacer->fd);
}

void pacer_wake_at(struct pacer *pacer, uint64_t at_ns)
{
	struct itimerspec at = {.it_value = {(time_t)(at_ns / NS_PER_S), (long)(at_ns % NS_PER_S)}};

	REQUIRE(timerfd_settime(pacer->fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
}

void pacer_take(struct pacer *pacer)
{
	uint64_t count;
	ssize_t bytes = read(pacer->fd, &count, sizeof(count));

	(void)bytes; /* nothing to take is as good */
}

void pacer_schedule(struct pacer *pacer, double rate, enum load_arrivals arrivals, uint64_t from_ns)
{
	pacer->gap_ns = (double)NS_PER_S / rate;
	pacer->arrivals = arrivals;
	pacer->next_ns = (double)from_ns;
	if (arrivals == ARRIVALS_POISSON)
		pacer_next(pacer);
}

uint64_t pacer_due_ns(const struct pacer *pacer)
{
	return (uint64_t)pacer->next_ns;
}

void pacer_next(struct pacer *pacer)
{
	/* gaps between Poisson arrivals are exponential: -ln U / rate, U in (0, 1] */
	double gaps = pacer->arrivals == ARRIVALS_POISSON ? -log(random_unit(&pacer->random)) : 1;

	pacer->next_ns += gaps * pacer->gap_ns;
}
