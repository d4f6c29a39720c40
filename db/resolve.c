#include "db/resolve.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct db_resolve {
	uv_getaddrinfo_t request;
	uv_loop_t *loop;
	db_resolved_fn *done; /* NULL: nobody waits any more */
	void *data;
	char *names;      /* owned: the host list, cut at its commas */
	const char *next; /* the name being resolved */
	unsigned left, address_count;
	bool takes_first_only; /* a list of ports goes with the list of hosts, one each */
	char addresses[RESOLVE_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 1)];
	char hosts[RESOLVE_ADDRESSES_MAX * 256];
};

static int resolve_next(struct db_resolve *resolve);

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

static void finish(struct db_resolve *resolve, const char *error)
{
	db_resolved_fn *done = resolve->done;

	if (done != NULL)
		done(resolve->data, resolve->hosts, resolve->addresses, error);
	free(resolve->names);
	free(resolve);
}

static void add_address(struct db_resolve *resolve, const struct sockaddr *address)
{
	size_t used = strlen(resolve->addresses), hosts_used = strlen(resolve->hosts);

	if (resolve->address_count++ > 0)
		resolve->addresses[used++] = ',';
	snprintf(resolve->hosts + hosts_used, sizeof(resolve->hosts) - hosts_used, "%s%s", hosts_used > 0 ? "," : "",
		 resolve->next);
	if (address->sa_family == AF_INET)
		uv_ip4_name((const struct sockaddr_in *)(const void *)address, resolve->addresses + used,
			    sizeof(resolve->addresses) - used);
	else
		uv_ip6_name((const struct sockaddr_in6 *)(const void *)address, resolve->addresses + used,
			    sizeof(resolve->addresses) - used);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct db_resolve *resolve = request->data;
	char error[256];

	/* one name of several that is gone is no harm, as long as there is another */
	if (resolve->done == NULL || (status != 0 && resolve->left == 1 && resolve->address_count == 0)) {
		snprintf(error, sizeof(error), "can not resolve \"%s\": %s", resolve->next, uv_strerror(status));
		uv_freeaddrinfo(found);
		finish(resolve, error);
		return;
	}
	for (const struct addrinfo *address = found; address != NULL; address = address->ai_next) {
		if (resolve->address_count < RESOLVE_ADDRESSES_MAX)
			add_address(resolve, address->ai_addr);
		if (resolve->takes_first_only)
			break;
	}
	uv_freeaddrinfo(found);
	resolve->next += strlen(resolve->next) + 1;
	if (--resolve->left == 0)
		finish(resolve, NULL);
	else if (resolve_next(resolve) != 0)
		finish(resolve, "can not start to resolve the database's name");
}

static int resolve_next(struct db_resolve *resolve)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

	resolve->request.data = resolve;
	return uv_getaddrinfo(resolve->loop, &resolve->request, on_resolved, resolve->next, NULL, &hints);
}

struct db_resolve *db_resolve_start(uv_loop_t *loop, const char *conninfo, db_resolved_fn *done, void *data)
{
	bool has_names = false, has_others = false, has_ports = false;
	char *names = host_list(conninfo, &has_ports);
	struct db_resolve *resolve;
	unsigned count = 0;

	if (names == NULL)
		return NULL;
	for (char *name = names; name != NULL; count++) {
		char *comma = strchr(name, ',');

		if (comma != NULL)
			*comma = '\0';
		*(is_name(name) ? &has_names : &has_others) = true;
		name = comma != NULL ? comma + 1 : NULL;
	}
	/* a list that mixes socket paths with names is left to libpq, which blocks for it */
	if (!has_names || has_others || count > RESOLVE_HOSTS_MAX) {
		free(names);
		return NULL;
	}
	resolve = memory_alloc_zeroed(1, sizeof(*resolve));
	*resolve = (struct db_resolve){
	    .loop = loop,
	    .done = done,
	    .data = data,
	    .names = names,
	    .next = names,
	    .left = count,
	    .takes_first_only = has_ports,
	};
	if (resolve_next(resolve) == 0)
		return resolve;
	/* libpq resolves it then, and blocks for it: better than no connection */
	free(resolve->names);
	free(resolve);
	return NULL;
}

void db_resolve_forget(struct db_resolve *resolve)
{
	resolve->done = NULL;
	uv_cancel((uv_req_t *)&resolve->request);
}
