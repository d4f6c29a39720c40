#include "server/inherited.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { FIRST_FD = 3 }; /* SD_LISTEN_FDS_START */

static long number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text != NULL ? strtol(text, NULL, 10) : 0;
}

static bool is_listening_stream(int fd)
{
	int type = 0, listens = 0;
	socklen_t bytes = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &bytes) == 0 && listens != 0;
}

/* It came without these. */
static void make_own(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int take(struct inherited *inherited, int fd, struct text name)
{
	if (!is_listening_stream(fd))
		return -1;
	make_own(fd);
	if (inherited->admin_fd < 0 && text_equal(name, TEXT("admin")))
		inherited->admin_fd = fd;
	else
		inherited->fds[inherited->count++] = fd;
	return 0;
}

static int take_all(struct inherited *inherited, long count, char *why, size_t why_bytes)
{
	const char *variable = getenv("LISTEN_FDNAMES");
	struct text names = text_of(variable != NULL ? variable : "");

	if (count < 0 || count > INHERITED_MAX) {
		snprintf(why, why_bytes, "LISTEN_FDS is no number from 1 to %d", INHERITED_MAX);
		return -1;
	}
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++)
		if (take(inherited, fd, text_cut_at(&names, ':')) != 0) {
			snprintf(why, why_bytes,
				 "file descriptor %d of the service manager is no stream socket that listens", fd);
			return -1;
		}
	return 0;
}

int inherited_take(struct inherited *inherited, char *why, size_t why_bytes)
{
	long count = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;
	int status;

	*inherited = (struct inherited){.admin_fd = -1};
	status = take_all(inherited, count, why, why_bytes);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return status;
}
