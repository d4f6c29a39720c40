#include "server/descriptors.h"

#include "base/log.h"
#include "config/options.h"

#include <sys/resource.h>

enum {
	OWN = 48,          /* log, signals, files of endpoints, names that are looked up, what libraries keep open */
	OWN_OF_LOOP = 8,   /* two epolls, wake-ups, listener, reserve */
	OF_ADMIN = 72,     /* its loop and its clients */
	OF_PAGE = 3,       /* a connection, and what looks its name up */
	CLIENTS_LEAST = 8, /* a service that takes none is of no use */
};

static uint64_t of_database(const struct options *options)
{
	switch (options->mode) {
	case MODE_SYNC:
		return 2;
	case MODE_THREADS:
		return 2 * (uint64_t)options->threads;
	default:
		return options->db_connections;
	}
}

/* Beside the clients of the loops. */
static uint64_t of_all_else(const struct options *options, bool fetches_pages)
{
	uint64_t of_loop = OWN_OF_LOOP + of_database(options) + options->max_streams;

	return OWN + (options->files[0] != '\0' ? options->max_files : 0) + options->loops * of_loop +
	       (options->admin[0] != '\0' ? OF_ADMIN : 0) +
	       (fetches_pages ? OWN_OF_LOOP + OF_PAGE * (uint64_t)options->fetch_connections : 0);
}

struct descriptors descriptors_within(const struct options *options, bool fetches_pages, uint64_t limit)
{
	uint64_t else_needed = of_all_else(options, fetches_pages),
		 left = limit > else_needed ? limit - else_needed : 0;
	uint64_t possible = left / options->loops;
	struct descriptors descriptors = {
	    .limit = limit,
	    .needed = else_needed + options->loops * (uint64_t)options->max_connections,
	    .clients_max = options->max_connections,
	};

	if (possible < CLIENTS_LEAST)
		possible = CLIENTS_LEAST;
	if (possible < descriptors.clients_max)
		descriptors.clients_max = (unsigned)possible;
	return descriptors;
}

struct descriptors descriptors_plan(const struct options *options, bool fetches_pages)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return descriptors_within(options, fetches_pages, UINT64_MAX);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return descriptors_within(options, fetches_pages,
				  limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur);
}

void descriptors_warn(const struct descriptors *descriptors, const struct options *options)
{
	if (descriptors->limit >= descriptors->needed)
		return;
	log_warning("server",
		    "%llu file descriptors are allowed, and the options may need %llu: raise the limit (ulimit -n, "
		    "LimitNOFILE=), or lower max_connections",
		    (unsigned long long)descriptors->limit, (unsigned long long)descriptors->needed);
	if (descriptors->clients_max < options->max_connections)
		log_warning("server", "%u client connections a loop are accepted at once, not %u; more wait",
			    descriptors->clients_max, options->max_connections);
}
