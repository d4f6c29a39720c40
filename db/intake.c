#include "db/intake.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_SOCKET = -1 };

static _Thread_local struct {
	int socket;
	size_t left;
} metered = {NO_SOCKET, 0};

void intake_begin(int socket)
{
	metered.socket = socket;
	metered.left = INTAKE_BYTES;
}

size_t intake_end(void)
{
	metered.socket = NO_SOCKET;
	return INTAKE_BYTES - metered.left;
}

/* ThreadSanitizer has to see what a thread hands to another through a socket. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_WATCHED 1
ssize_t __interceptor_recv(int socket, void *bytes, size_t count, int flags);
#endif
#endif

static ssize_t recv_raw(int socket, void *bytes, size_t count, int flags)
{
#ifdef IS_WATCHED
	return __interceptor_recv(socket, bytes, count, flags);
#else
	return syscall(SYS_recvfrom, socket, bytes, count, flags, NULL, NULL);
#endif
}

/* In front of libc's. */
ssize_t recv(int socket, void *bytes, size_t count, int flags)
{
	ssize_t received;

	if (socket != metered.socket)
		return recv_raw(socket, bytes, count, flags);
	if (metered.left == 0) {
		errno = EAGAIN;
		return -1;
	}
	received = recv_raw(socket, bytes, count < metered.left ? count : metered.left, flags);
	if (received > 0)
		metered.left -= (size_t)received;
	return received;
}
