#include "server/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Returns its length, or 0 when $NOTIFY_SOCKET names no socket. */
static socklen_t find_socket(struct sockaddr_un *address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path != NULL ? strlen(path) : 0;

	if (length < 2 || length >= sizeof(address->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path, length);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void notify_manager(const char *state)
{
	struct sockaddr_un address;
	socklen_t length = find_socket(&address);
	struct timespec now;
	char message[128];
	int fd;

	if (length == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* the time tells this reload from the one before */
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(message, sizeof(message), "%s\nMONOTONIC_USEC=%lld\n", state,
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	/* a service manager that does not listen is no reason to stop */
	sendto(fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, length);
	close(fd);
}
