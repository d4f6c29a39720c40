/* stuck_poll.c - preloaded: while the file that STUCK_POLL names is there, ppoll() does not come back in the first
 * thread, the first loop's, as if it waited for something that never happens. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRY_US = 10000 };

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	static int (*real)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
	const char *file = getenv("STUCK_POLL");

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "ppoll");
	while (file != NULL && gettid() == getpid() && access(file, F_OK) == 0)
		usleep(TRY_US);
	return real(fds, count, timeout, mask);
}
