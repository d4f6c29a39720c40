#include "server/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

const char *unix_socket_path(const char *address)
{
	static const char scheme[] = "unix:";

	return strncmp(address, scheme, sizeof(scheme) - 1) == 0 ? address + sizeof(scheme) - 1 : NULL;
}

/* A link is a file of its own. */
static bool is_there(const char *path, bool *is_socket)
{
	struct stat there;

	if (lstat(path, &there) != 0)
		return false;
	*is_socket = S_ISSOCK(there.st_mode);
	return true;
}

/* What another program keeps there is not replaced. */
static const char *find_fault(const char *path)
{
	bool is_socket;

	if (path[0] == '\0' || strlen(path) > UNIX_SOCKET_PATH_MAX)
		return "a path of 1 to 95 bytes is expected";
	if (is_there(path, &is_socket) && !is_socket)
		return "a file of that name is there, and it is no socket";
	return NULL;
}

static int listen_as(const struct sockaddr_un *address, int backlog)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;
	bool is_socket;

	if (fd < 0)
		return -1;
	/* left by a process that crashed in between, and had the same number */
	if (is_there(address->sun_path, &is_socket) && is_socket)
		unlink(address->sun_path);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 && listen(fd, backlog) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int take_path(int fd, const char *from, const char *path)
{
	int error;

	if (rename(from, path) == 0)
		return fd;
	error = errno;
	unlink(from);
	close(fd);
	errno = error;
	return -1;
}

int unix_socket_open(const char *path, int backlog, char *why, size_t why_bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *fault = find_fault(path);
	int fd;

	if (fault != NULL) {
		snprintf(why, why_bytes, "cannot listen on unix:%s: %s", path, fault);
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s.%d", path, (int)getpid());
	fd = listen_as(&address, backlog);
	if (fd >= 0)
		fd = take_path(fd, address.sun_path, path);
	if (fd < 0)
		snprintf(why, why_bytes, "cannot listen on unix:%s: %s", path, strerror(errno));
	return fd;
}
