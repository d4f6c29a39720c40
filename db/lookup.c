#include "db/lookup.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 512 * 1024 };

struct db_lookup {
	pthread_mutex_t lock; /* guards the next four */
	pthread_cond_t over;
	bool is_over, is_released;
	void (*wake)(void *data);
	void *data;
	/* the thread's own, until it is over */
	char *names; /* owned: the host list, cut at its commas */
	char *ports; /* owned: the same of the ports; NULL: not one for each host */
	unsigned name_count, address_count;
	bool has_failed;
	char addresses[LOOKUP_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 1)];
	char hosts[LOOKUP_ADDRESSES_MAX * 256];
	char port_list[LOOKUP_ADDRESSES_MAX * 8];
	char error[256];
};

static atomic_uint lookups; /* threads that are under way */

static bool is_name(const char *host)
{
	struct in6_addr ignored;

	return host[0] != '\0' && host[0] != '/' && host[0] != '@' && inet_pton(AF_INET, host, &ignored) != 1 &&
	       inet_pton(AF_INET6, host, &ignored) != 1;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	while (options->keyword != NULL && strcmp(options->keyword, keyword) != 0)
		options++;
	return options->val;
}

/* The hosts as libpq would use them: of the string, else of PGHOST. Returns a copy or NULL; NULL too when the addresses
 * are given already, or a service file may give them. `ports` is a copy when there is one for each host. */
static char *host_list(const char *conninfo, char **ports)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	const char *hosts, *port;
	char *copy = NULL;

	if (options == NULL)
		return NULL; /* PQconnectStart says what is wrong with it */
	hosts = value_of(options, "host");
	port = value_of(options, "port");
	if (hosts == NULL && value_of(options, "service") == NULL && getenv("PGSERVICE") == NULL)
		hosts = getenv("PGHOST");
	if (hosts != NULL && value_of(options, "hostaddr") == NULL && getenv("PGHOSTADDR") == NULL)
		copy = memory_copy_string(hosts);
	if (copy != NULL && port != NULL && strchr(port, ',') != NULL)
		*ports = memory_copy_string(port);
	PQconninfoFree(options);
	return copy;
}

/* Returns how many it has. */
static unsigned cut_at_commas(char *list)
{
	unsigned count = 1;

	for (char *comma = strchr(list, ','); comma != NULL; comma = strchr(comma + 1, ',')) {
		*comma = '\0';
		count++;
	}
	return count;
}

/* Returns how many names the list has, cut; 0 when libpq is to be left alone with it. */
static unsigned cut_into_names(char *list)
{
	unsigned count = cut_at_commas(list), names = 0;
	const char *name = list;

	for (unsigned i = 0; i < count; i++, name += strlen(name) + 1)
		names += is_name(name);
	return names == count && count <= LOOKUP_HOSTS_MAX ? count : 0;
}

static void destroy(struct db_lookup *lookup)
{
	pthread_cond_destroy(&lookup->over);
	pthread_mutex_destroy(&lookup->lock);
	free(lookup->names);
	free(lookup->ports);
	free(lookup);
}

/* In the lookup's thread */

static void append(char *list, size_t bytes, const char *text)
{
	size_t used = strlen(list);

	snprintf(list + used, bytes - used, "%s%s", used > 0 ? "," : "", text);
}

static void add_address(struct db_lookup *lookup, const char *name, const char *port, const struct addrinfo *address)
{
	char text[INET6_ADDRSTRLEN];

	if (address->ai_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address->ai_addr)->sin_addr, text,
			  sizeof(text));
	else
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address->ai_addr)->sin6_addr, text,
			  sizeof(text));
	append(lookup->addresses, sizeof(lookup->addresses), text);
	append(lookup->hosts, sizeof(lookup->hosts), name);
	if (port != NULL)
		append(lookup->port_list, sizeof(lookup->port_list), port);
	lookup->address_count++;
}

/* Returns getaddrinfo()'s status. */
static int look_up(struct db_lookup *lookup, const char *name, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
	int status = getaddrinfo(name, NULL, &hints, &found);

	if (status != 0)
		return status;
	for (const struct addrinfo *address = found; address != NULL; address = address->ai_next)
		if (lookup->address_count < LOOKUP_ADDRESSES_MAX)
			add_address(lookup, name, port, address);
	freeaddrinfo(found);
	return 0;
}

/* One name of several that is gone is no harm, as long as there is another. */
static void look_up_all(struct db_lookup *lookup)
{
	const char *name = lookup->names, *port = lookup->ports;

	for (unsigned i = 0; i < lookup->name_count; i++, name += strlen(name) + 1) {
		int status = look_up(lookup, name, port);

		if (status != 0)
			snprintf(lookup->error, sizeof(lookup->error), "cannot resolve \"%s\": %s", name,
				 gai_strerror(status));
		if (port != NULL)
			port += strlen(port) + 1;
	}
	lookup->has_failed = lookup->address_count == 0;
}

static void *run(void *data)
{
	struct db_lookup *lookup = data;
	bool is_released;

	look_up_all(lookup);
	pthread_mutex_lock(&lookup->lock);
	is_released = lookup->is_released;
	lookup->is_over = true;
	pthread_cond_signal(&lookup->over);
	if (!is_released && lookup->wake != NULL)
		lookup->wake(lookup->data);
	pthread_mutex_unlock(&lookup->lock);
	if (is_released)
		destroy(lookup);
	atomic_fetch_sub(&lookups, 1);
	return NULL;
}

/* For a caller that waits */

static int start_thread(struct db_lookup *lookup)
{
	if (atomic_fetch_add(&lookups, 1) < LOOKUPS_MAX && thread_start(run, lookup, STACK_BYTES) == 0)
		return 0;
	atomic_fetch_sub(&lookups, 1);
	return -1;
}

struct db_lookup *db_lookup_start(const char *conninfo)
{
	char *ports = NULL, *names = host_list(conninfo, &ports);
	unsigned count = names != NULL ? cut_into_names(names) : 0;
	struct db_lookup *lookup;
	pthread_condattr_t monotonic;

	/* a port for each, or PQconnectStart says what is wrong */
	if (count == 0 || (ports != NULL && cut_at_commas(ports) != count)) {
		free(names);
		free(ports);
		return NULL;
	}
	lookup = memory_alloc_zeroed(1, sizeof(*lookup));
	*lookup = (struct db_lookup){.names = names, .name_count = count, .ports = ports};
	pthread_mutex_init(&lookup->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&lookup->over, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (start_thread(lookup) != 0) {
		lookup->is_over = lookup->has_failed = true;
		snprintf(lookup->error, sizeof(lookup->error),
			 "cannot resolve \"%s\": too many lookups of it have no answer yet", lookup->names);
	}
	return lookup;
}

void db_lookup_notify(struct db_lookup *lookup, void (*wake)(void *data), void *data)
{
	pthread_mutex_lock(&lookup->lock);
	lookup->wake = wake;
	lookup->data = data;
	if (lookup->is_over)
		wake(data);
	pthread_mutex_unlock(&lookup->lock);
}

bool db_lookup_wait(struct db_lookup *lookup, uint64_t deadline_ns)
{
	struct timespec until = {(time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S)};
	bool is_over;

	pthread_mutex_lock(&lookup->lock);
	while (!lookup->is_over && pthread_cond_timedwait(&lookup->over, &lookup->lock, &until) == 0)
		;
	is_over = lookup->is_over;
	pthread_mutex_unlock(&lookup->lock);
	return is_over;
}

struct db_found db_lookup_found(const struct db_lookup *lookup)
{
	return (struct db_found){
	    .host = lookup->hosts,
	    .hostaddr = lookup->addresses,
	    .port = lookup->ports != NULL ? lookup->port_list : NULL,
	    .error = lookup->has_failed ? lookup->error : NULL,
	};
}

void db_lookup_release(struct db_lookup *lookup)
{
	bool is_over;

	pthread_mutex_lock(&lookup->lock);
	lookup->is_released = true;
	is_over = lookup->is_over;
	pthread_mutex_unlock(&lookup->lock);
	if (is_over)
		destroy(lookup);
}
