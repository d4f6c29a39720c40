#include "loop/exhaustion.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	TURNED_AWAY_MAX = 4096, /* at once: as many as may wait to be accepted */
	NO_RESERVE = -1,
};

static _Atomic uint64_t times[EXHAUSTION_COUNT], said_ns[EXHAUSTION_COUNT];
static pthread_mutex_t reserve_lock = PTHREAD_MUTEX_INITIALIZER;
static int reserve = NO_RESERVE;

static bool is_exhaustion(int error)
{
	return error == EMFILE || error == ENFILE;
}

/* One line for many refusals keeps the log readable. */
static bool is_time_to_say(enum exhaustion what)
{
	uint64_t before = atomic_load(&said_ns[what]), now_ns = clock_now_ns();

	return (before == 0 || now_ns - before >= EXHAUSTION_SAID_EVERY_S * NS_PER_S) &&
	       atomic_compare_exchange_strong(&said_ns[what], &before, now_ns);
}

static void note(enum exhaustion what, int error)
{
	atomic_fetch_add_explicit(&times[what], 1, memory_order_relaxed);
	if (!is_time_to_say(what))
		return;
	log_error("server", "no file descriptor is left %s; %s",
		  what == EXHAUSTION_ACCEPT ? "for a client, and it is turned away"
					    : "for a connection to PostgreSQL or another host",
		  error == EMFILE ? "raise the process's limit (ulimit -n, LimitNOFILE=), or lower max_connections"
				  : "the whole machine has none (fs.file-max)");
}

uint64_t exhaustion_times(enum exhaustion what)
{
	return atomic_load_explicit(&times[what], memory_order_relaxed);
}

/* Turning clients away */

static int take_reserve(void)
{
	return open("/", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
}

void exhaustion_prepare(void)
{
	pthread_mutex_lock(&reserve_lock);
	if (reserve == NO_RESERVE)
		reserve = take_reserve();
	pthread_mutex_unlock(&reserve_lock);
}

/* ThreadSanitizer has to see each descriptor that is new, or takes it for the one that had its number before. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_WATCHED 1
int __interceptor_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __interceptor_socket(int domain, int type, int protocol);
#endif
#endif

static int accept_raw(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
#ifdef IS_WATCHED
	return __interceptor_accept4(fd, address, length, flags);
#else
	return (int)syscall(SYS_accept4, fd, address, length, flags);
#endif
}

static int socket_raw(int domain, int type, int protocol)
{
#ifdef IS_WATCHED
	return __interceptor_socket(domain, type, protocol);
#else
	return (int)syscall(SYS_socket, domain, type, protocol);
#endif
}

/* Those that wait are accepted in the place of the reserve, and closed; else they would wake the loop for ever. */
static void turn_away(int listener)
{
	pthread_mutex_lock(&reserve_lock);
	if (reserve != NO_RESERVE)
		close(reserve);
	else /* another thread had taken it: the loop is woken again at once, and is not to keep a core busy with that */
		nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
	for (int i = 0; i < TURNED_AWAY_MAX; i++) {
		int client = accept_raw(listener, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0)
			break;
		close(client);
	}
	reserve = take_reserve();
	pthread_mutex_unlock(&reserve_lock);
}

/* In front of libc's */

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *restrict length, int flags)
{
	int client = accept_raw(fd, address.__sockaddr__, length, flags), error = errno;

	if (client >= 0 || !is_exhaustion(error))
		return client;
	note(EXHAUSTION_ACCEPT, error);
	turn_away(fd);
	errno = EAGAIN; /* as if none waited */
	return -1;
}

int socket(int domain, int type, int protocol)
{
	int fd = socket_raw(domain, type, protocol), error = errno;

	if (fd < 0 && is_exhaustion(error))
		note(EXHAUSTION_CONNECT, error);
	errno = error;
	return fd;
}
