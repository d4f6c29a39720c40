/* libh2o stops reading while a request is under way, and starts again after it. libuv tells the kernel nothing of the
 * stop, and forgets that it has. At the start it adds the socket again (refused: it is there), then sets it to what it
 * waits for all the time. These are two system calls of five for every request, and change nothing. This epoll_ctl()
 * stands in front of libc's for the whole program, the dynamic linker finds the program's symbols first. It remembers
 * what each socket is registered for, and asks the kernel only for what is new.
 *
 * It relies on this: what closes a socket takes it out of its epoll before (EPOLL_CTL_DEL). libuv does so for all its
 * handles (uv__platform_invalidate_fd), db/watch and fetch/multi for libpq's and libcurl's. What libuv leaves in an
 * epoll that it closes is forgotten when the next one is made.
 *
 * Thread: any; a file descriptor belongs to one thread at a time. Limits: descriptors from REMEMBERED_MAX on are not
 * remembered, which costs those two calls and nothing else.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REMEMBERED_MAX = 65536 };

/* The epoll and the events; 0: none, since no descriptor's epoll is 0. Atomic for the memory model's sake: between two
 * threads that use one number stand close() and accept(). */
static _Atomic uint64_t remembered[REMEMBERED_MAX];

static uint64_t entry_of(int epoll, uint32_t events)
{
	return (uint64_t)(unsigned)epoll << 32 | events;
}

static bool is_of(uint64_t entry, int epoll)
{
	return entry >> 32 == (unsigned)epoll;
}

static uint64_t recall(int fd)
{
	return fd >= 0 && fd < REMEMBERED_MAX ? atomic_load_explicit(&remembered[fd], memory_order_relaxed) : 0;
}

static void remember(int fd, uint64_t entry)
{
	if (fd >= 0 && fd < REMEMBERED_MAX)
		atomic_store_explicit(&remembered[fd], entry, memory_order_relaxed);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	uint64_t before = recall(fd);
	bool is_there = epoll != 0 && is_of(before, epoll);
	int result;

	if (operation == EPOLL_CTL_DEL) {
		if (is_there)
			remember(fd, 0);
		return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
	}
	if (is_there && before == entry_of(epoll, event->events))
		return 0;
	result = (int)syscall(SYS_epoll_ctl, epoll, is_there ? EPOLL_CTL_MOD : operation, fd, event);
	/* closed without a word, after all, and another under the same number */
	if (result != 0 && is_there && errno == ENOENT)
		result = (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
	/* edge-triggered and one-shot registrations change, or mean something, each time they are made */
	if (result == 0)
		remember(fd, (event->events & (EPOLLET | EPOLLONESHOT)) == 0 ? entry_of(epoll, event->events) : 0);
	else if (is_there)
		remember(fd, 0);
	return result;
}

int epoll_create1(int flags)
{
	int epoll = (int)syscall(SYS_epoll_create1, flags);

	if (epoll >= 0)
		for (int fd = 0; fd < REMEMBERED_MAX; fd++)
			if (is_of(recall(fd), epoll))
				remember(fd, 0);
	return epoll;
}
