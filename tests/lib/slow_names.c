/* slow_names.c - preloaded: while the file that SLOW_NAMES names is there, no name that begins with "slow" is found, and
 * getaddrinfo() takes a minute to say so, as with a resolver that does not answer. Without the file it is localhost. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 6000, TRY_US = 10000 };

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	const char *file = getenv("SLOW_NAMES");

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (node == NULL || strncmp(node, "slow", 4) != 0)
		return real(node, service, hints, found);
	for (int i = 0; i < TRIES && file != NULL && access(file, F_OK) == 0; i++)
		usleep(TRY_US);
	return file != NULL && access(file, F_OK) == 0 ? EAI_AGAIN : real("127.0.0.1", service, hints, found);
}
