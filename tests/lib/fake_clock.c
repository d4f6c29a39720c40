#include "lib/fake_clock.h"

#include "base/clock.h"

#include <sys/syscall.h>
#include <unistd.h>

static uint64_t now_ns = 1000000 * NS_PER_S;

void fake_clock_advance(uint64_t ns)
{
	now_ns += ns;
}

int clock_gettime(clockid_t id, struct timespec *time)
{
	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, id, time);
	*time = (struct timespec){(time_t)(now_ns / NS_PER_S), (long)(now_ns % NS_PER_S)};
	return 0;
}
