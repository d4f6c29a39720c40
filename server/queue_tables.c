#include "server/queue_tables.h"

#include "base/clock.h"
#include "db/conninfo.h"
#include "db/patience.h"
#include "db/pooler.h"
#include "queue/migrate.h"

static int open_connection(const struct options *options, struct db_settings *settings, struct db_conn *conn)
{
	const struct db_settings own = {
	    .conninfo = options->database,
	    .connect_timeout_ms = options->connect_timeout_ms,
	    .start_wait_ms = options->database_wait_ms,
	    .statement_timeout_ms = options->request_timeout_ms,
	    .result_limit_bytes = options->max_result_bytes,
	};
	const char *fault = db_conninfo_fault(options->database), *origin = options_origin(options, "database");

	if (fault != NULL) {
		fprintf(stderr, "%s: database: %s\n", origin, fault);
		return -1;
	}
	pooler_init_probe(conn, settings, &own);
	if (db_patience_open(conn, clock_now_ns() + own.start_wait_ms * NS_PER_MS) == 0)
		return 0;
	fprintf(stderr, "meantime: cannot connect to the database (from %s): %s\n", origin, conn->error);
	return -1;
}

PGconn *queue_tables_connect(const struct options *options, struct db_settings *settings, struct db_conn *conn)
{
	PGconn *pg;

	if (open_connection(options, settings, conn) != 0)
		return NULL;
	pg = db_conn_lend(conn);
	/* what it was lent in ends here: each migration is a transaction of its own */
	PQclear(PQexec(pg, "ROLLBACK"));
	return pg;
}

int queue_tables_check(const struct options *options)
{
	char why[QUEUE_MIGRATE_WHY_BYTES];
	struct db_settings settings;
	struct db_conn conn;
	PGconn *pg = queue_tables_connect(options, &settings, &conn);
	int status;

	if (pg == NULL)
		return -1;
	status = queue_migrate_check(pg, why);
	if (status != 0)
		fprintf(stderr, "%s: queue: %s\n", options_origin(options, "queue"), why);
	db_conn_close(&conn);
	return status;
}
