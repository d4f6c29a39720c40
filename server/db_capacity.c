#include "server/db_capacity.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/values/result.h"
#include "db/wait.h"

#include <stdio.h>
#include <stdlib.h>

enum { TRIES = 5, MOMENT_MS = 50 };

/* The least of what the role, the database and the server allow; a superuser is bound by the last alone. */
static const char capacity_sql[] =
    "SELECT least(CASE WHEN NOT rolsuper THEN nullif(rolconnlimit, -1) END,"
    " CASE WHEN NOT rolsuper THEN nullif(datconnlimit, -1) END,"
    " current_setting('max_connections')::integer"
    " - CASE WHEN rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::integer"
    " + coalesce(current_setting('reserved_connections', true), '0')::integer END)"
    " FROM pg_roles, pg_database WHERE rolname = session_user AND datname = current_database()";

static unsigned wanted_by_a_loop(const struct options *options)
{
	switch (options->mode) {
	case MODE_SYNC:
		return 2;
	case MODE_THREADS:
		return 2 * options->threads;
	default:
		return options->db_connections;
	}
}

/* A session that has ended takes a moment to be gone, and counts until then. */
static void wait_a_moment(void)
{
	struct timespec moment = {.tv_nsec = MOMENT_MS * NS_PER_MS};

	nanosleep(&moment, NULL);
}

/* 0: it could not be asked. */
static unsigned ask_capacity(const struct service *service)
{
	const struct db_statement statement = {.sql = capacity_sql, .is_read_only = true};
	unsigned capacity = 0;
	struct db_wait wait;
	struct db_batch batch;

	db_wait_init(&wait, &service->run.db_for_streams, 0);
	db_batch_init(&batch);
	db_batch_add(&batch, &statement, NULL);
	batch.deadline_ns = clock_now_ns() + service->options->connect_timeout_ms * NS_PER_MS;
	db_wait_run(&wait, &batch);
	if (batch.error == ERROR_NONE && db_row_count(batch.queries[0].result) == 1)
		capacity = (unsigned)strtoul(db_value(batch.queries[0].result, 0, 0).at, NULL, 10);
	db_batch_cleanup(&batch);
	db_wait_cleanup(&wait);
	return capacity;
}

/* The one that looked at the endpoints may have been the only one that is granted. */
static unsigned capacity_of(const struct service *service)
{
	unsigned capacity = 0;

	for (unsigned i = 0; i < TRIES && capacity == 0; i++) {
		if (i > 0)
			wait_a_moment();
		capacity = ask_capacity(service);
	}
	return capacity;
}

/* Nothing for one alone. */
static void write_sum(const struct options *options, unsigned each, char *text, size_t bytes)
{
	text[0] = '\0';
	if (options->services > 1)
		snprintf(text, bytes, " by %u services of %u", options->services, each);
}

void db_capacity_say(const struct service *service, bool has_streams, bool listens, bool is_check)
{
	const struct options *options = service->options;
	unsigned streams = has_streams ? options->max_streams : 0, listening = listens ? 1 : 0,
		 each = (wanted_by_a_loop(options) + streams) * options->loops + listening,
		 wanted = each * options->services, capacity = capacity_of(service);
	char sum[64];

	if (capacity == 0)
		return;
	write_sum(options, each, sum, sizeof(sum));
	if (capacity < wanted)
		wait_a_moment();
	if (capacity < options->loops * options->services)
		log_warning(
		    "db",
		    "up to %u connections to PostgreSQL are wanted%s, and %u may be had: less than one for each "
		    "of %u loops",
		    wanted, sum, capacity, options->loops * options->services);
	else if (capacity < wanted)
		log_warning("db", "up to %u connections to PostgreSQL are wanted%s, and %u may be had: they have to do",
			    wanted, sum, capacity);
	else if (!is_check || options->services > 1)
		log_info("db", "up to %u connections to PostgreSQL are wanted%s, and %u may be had", wanted, sum,
			 capacity);
}
