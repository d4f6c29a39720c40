#include "db/lookup.h"

#include "base/clock.h"
#include "base/memory.h"

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
	unsigned name_count, address_count;
	bool takes_first_only; /* a list of ports goes with the list of hosts, one each */
	bool has_failed;
	char addresses[LOOKUP_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 1)];
	char hosts[LOOKUP_ADDRESSES_MAX * 256];
	char error[256];
};

static atomic_uint lookups; /* threads that are under way */

static bool is_name(const char *host)
{
	struct in6_addr ignored;

	return host[0] != '\0' && host[0] != '/' && host[0] != '@' && inet_pton(AF_INET, host, &ignored) != 1 &&
	       inet_pton(AF_INET6, host, &ignored) != 1;
}

/* The value of `host` as libpq would use it: from the string, else from PGHOST. Returns a copy or NULL; NULL too when
 * the addresses are given already. */
static char *host_list(const char *conninfo, bool *has_ports)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	char *hosts = NULL;
	bool has_address = false;

	if (options == NULL)
		return NULL; /* PQconnectStart says what is wrong with it */
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
		if (strcmp(option->keyword, "host") == 0 && option->val != NULL)
			hosts = memory_copy_string(option->val);
		if (strcmp(option->keyword, "hostaddr") == 0 && option->val != NULL)
			has_address = true;
		if (strcmp(option->keyword, "port") == 0 && option->val != NULL)
			*has_ports = strchr(option->val, ',') != NULL;
	}
	PQconninfoFree(options);
	if (hosts == NULL && getenv("PGHOST") != NULL)
		hosts = memory_copy_string(getenv("PGHOST"));
	if (has_address || getenv("PGHOSTADDR") != NULL) {
		free(hosts);
		return NULL;
	}
	return hosts;
}

/* Cuts the list at its commas. Returns how many names it has; 0 when libpq is to be left alone with it. */
static unsigned cut_into_names(char *list)
{
	bool has_names = false, has_others = false;
	unsigned count = 0;

	for (char *name = list; name != NULL; count++) {
		char *comma = strchr(name, ',');

		if (comma != NULL)
			*comma = '\0';
		*(is_name(name) ? &has_names : &has_others) = true;
		name = comma != NULL ? comma + 1 : NULL;
	}
	return has_names && !has_others && count <= LOOKUP_HOSTS_MAX ? count : 0;
}

static void destroy(struct db_lookup *lookup)
{
	pthread_cond_destroy(&lookup->over);
	pthread_mutex_destroy(&lookup->lock);
	free(lookup->names);
	free(lookup);
}

/* In the lookup's thread */

static void add_address(struct db_lookup *lookup, const char *name, const struct addrinfo *address)
{
	size_t used = strlen(lookup->addresses), hosts_used = strlen(lookup->hosts);
	const char *comma = lookup->address_count++ > 0 ? "," : "";
	char text[INET6_ADDRSTRLEN];

	if (address->ai_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address->ai_addr)->sin_addr, text,
			  sizeof(text));
	else
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address->ai_addr)->sin6_addr, text,
			  sizeof(text));
	snprintf(lookup->hosts + hosts_used, sizeof(lookup->hosts) - hosts_used, "%s%s", comma, name);
	snprintf(lookup->addresses + used, sizeof(lookup->addresses) - used, "%s%s", comma, text);
}

/* Returns getaddrinfo()'s status. */
static int look_up(struct db_lookup *lookup, const char *name)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
	int status = getaddrinfo(name, NULL, &hints, &found);

	if (status != 0)
		return status;
	for (const struct addrinfo *address = found; address != NULL; address = address->ai_next) {
		if (lookup->address_count < LOOKUP_ADDRESSES_MAX)
			add_address(lookup, name, address);
		if (lookup->takes_first_only)
			break;
	}
	freeaddrinfo(found);
	return 0;
}

/* One name of several that is gone is no harm, as long as there is another. */
static void look_up_all(struct db_lookup *lookup)
{
	const char *name = lookup->names;

	for (unsigned i = 0; i < lookup->name_count; i++, name += strlen(name) + 1) {
		int status = look_up(lookup, name);

		if (status != 0)
			snprintf(lookup->error, sizeof(lookup->error), "can not resolve \"%s\": %s", name,
				 gai_strerror(status));
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

/* For who waits */

static int start_thread(struct db_lookup *lookup)
{
	pthread_attr_t detached;
	pthread_t thread;
	int status;

	if (atomic_fetch_add(&lookups, 1) >= LOOKUPS_MAX) {
		atomic_fetch_sub(&lookups, 1);
		return -1;
	}
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, STACK_BYTES);
	status = pthread_create(&thread, &detached, run, lookup);
	pthread_attr_destroy(&detached);
	if (status != 0)
		atomic_fetch_sub(&lookups, 1);
	return status == 0 ? 0 : -1;
}

struct db_lookup *db_lookup_start(const char *conninfo)
{
	bool has_ports = false;
	char *names = host_list(conninfo, &has_ports);
	unsigned count = names != NULL ? cut_into_names(names) : 0;
	struct db_lookup *lookup;
	pthread_condattr_t monotonic;

	if (count == 0) {
		free(names);
		return NULL;
	}
	lookup = memory_alloc_zeroed(1, sizeof(*lookup));
	*lookup = (struct db_lookup){.names = names, .name_count = count, .takes_first_only = has_ports};
	pthread_mutex_init(&lookup->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&lookup->over, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (start_thread(lookup) != 0) {
		lookup->is_over = lookup->has_failed = true;
		snprintf(lookup->error, sizeof(lookup->error),
			 "can not resolve \"%s\": too many lookups of it have no answer yet", lookup->names);
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
	return (struct db_found){lookup->hosts, lookup->addresses, lookup->has_failed ? lookup->error : NULL};
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
