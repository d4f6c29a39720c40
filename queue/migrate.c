#include "queue/migrate.h"

#include "base/arena.h"
#include "queue/migrations.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_NOT_AVAILABLE "55P03"

/* The lock's number is this program's own: "meantime" in ASCII. READ COMMITTED, so that what is looked at behind the lock
 * is what the program before has left. */
#define BEGIN                                                                                                          \
	"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = %u; SET LOCAL statement_timeout = " \
	"0; SET LOCAL search_path = pg_catalog, pg_temp; SELECT pg_advisory_xact_lock(x'6d65616e74696d65'::bigint)"

enum {
	HAS_SCHEMA,
	SCHEMA_OWNER,
	IS_OWNER,
	HAS_VERSION,
	MAY_READ_VERSION,
	MAY_MAKE_SCHEMA,
	ROLE,
	DATABASE,
	ENCODING,
};

static const char state_sql[] =
    "SELECT space.oid IS NOT NULL, quote_ident(pg_get_userbyid(nspowner)), pg_has_role(nspowner, 'MEMBER'),"
    " version.oid IS NOT NULL, has_schema_privilege(space.oid, 'USAGE') AND has_table_privilege(version.oid, 'SELECT'),"
    " has_database_privilege(current_database(), 'CREATE'), quote_ident(current_user), quote_ident(current_database()),"
    " current_setting('server_encoding') FROM (SELECT) AS one LEFT JOIN pg_namespace AS space"
    " ON nspname = 'meantime_queue' LEFT JOIN pg_class AS version ON relnamespace = space.oid AND relname = 'version'";

/* A role that may insert jobs serves the queue, and is to serve it after an upgrade as well. */
static const char service_roles_sql[] =
    "SELECT DISTINCT quote_ident(pg_get_userbyid(grantee)) FROM pg_class, aclexplode(relacl) WHERE oid ="
    " 'meantime_queue.job'::regclass AND privilege_type = 'INSERT' AND grantee NOT IN (0, relowner)";

static const char role_sql[] =
    "SELECT quote_ident(rolname), oid = (SELECT nspowner FROM pg_namespace WHERE nspname = 'meantime_queue')"
    " FROM pg_roles WHERE rolname = $1";

struct migrating {
	PGconn *pg;
	const struct queue_migrate_settings *settings;
	struct arena arena;
	PGresult *state;
	unsigned version; /* of the tables */
	char *why;
};

__attribute__((format(printf, 2, 3))) static int fail(struct migrating *m, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(m->why, QUEUE_MIGRATE_WHY_BYTES, format, values);
	va_end(values);
	return -1;
}

static int fail_by(struct migrating *m, const PGresult *result)
{
	const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE),
		   *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (code != NULL && strcmp(code, LOCK_NOT_AVAILABLE) == 0)
		return fail(
		    m, "another migration, or a session that uses the tables, has held a lock for %u ms; try again",
		    m->settings->lock_timeout_ms);
	if (message == NULL)
		message = PQerrorMessage(m->pg);
	return fail(m, "%.*s", (int)strcspn(message, "\n"), message);
}

/* Returns NULL after a failure. */
static PGresult *ask(struct migrating *m, const char *sql, const char *value)
{
	PGresult *result =
	    value != NULL ? PQexecParams(m->pg, sql, 1, NULL, &value, NULL, NULL, 0) : PQexec(m->pg, sql);

	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	fail_by(m, result);
	PQclear(result);
	return NULL;
}

static int run(struct migrating *m, const char *sql)
{
	PGresult *result = ask(m, sql, NULL);

	PQclear(result);
	return result != NULL ? 0 : -1;
}

static const char *text(const struct migrating *m, int column)
{
	return PQgetvalue(m->state, 0, column);
}

static bool is_true(const struct migrating *m, int column)
{
	return text(m, column)[0] == 't';
}

/* What is there */

static int read_version(struct migrating *m)
{
	PGresult *result;

	m->version = 0;
	if (!is_true(m, HAS_VERSION))
		return 0;
	if (!is_true(m, MAY_READ_VERSION))
		return fail(m, "the role %s may not read meantime_queue.version: run this as %s", text(m, ROLE),
			    text(m, SCHEMA_OWNER));
	result = ask(m, "SELECT coalesce(max(number), 0) FROM meantime_queue.version", NULL);
	if (result == NULL)
		return -1;
	m->version = (unsigned)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return 0;
}

/* Whether the role may do what is left to do. */
static int check_rights(struct migrating *m)
{
	if (strcmp(text(m, ENCODING), "UTF8") != 0)
		return fail(m, "the database %s is encoded in %s; the queue expects UTF8", text(m, DATABASE),
			    text(m, ENCODING));
	if (!is_true(m, HAS_SCHEMA) && !is_true(m, MAY_MAKE_SCHEMA))
		return fail(m,
			    "the role %s may not make a schema in the database %s: GRANT CREATE ON DATABASE %s TO %s",
			    text(m, ROLE), text(m, DATABASE), text(m, DATABASE), text(m, ROLE));
	if (is_true(m, HAS_SCHEMA) && !is_true(m, IS_OWNER))
		return fail(m, "the schema meantime_queue belongs to %s: run this as that role, or GRANT %s TO %s",
			    text(m, SCHEMA_OWNER), text(m, SCHEMA_OWNER), text(m, ROLE));
	return 0;
}

/* A dry run is one transaction. */
static int begin(struct migrating *m)
{
	if (PQtransactionStatus(m->pg) == PQTRANS_INTRANS)
		return 0;
	return run(m, arena_printf(&m->arena, BEGIN, m->settings->lock_timeout_ms));
}

static int look(struct migrating *m)
{
	PQclear(m->state);
	m->state = ask(m, state_sql, NULL);
	if (m->state == NULL || read_version(m) != 0)
		return -1;
	if (m->version > queue_migration_count)
		return fail(
		    m,
		    "the tables have version %u, and this program knows versions up to %u: a newer meantime has made "
		    "them",
		    m->version, queue_migration_count);
	return 0;
}

static int end(struct migrating *m)
{
	return m->settings->is_dry_run ? 0 : run(m, "COMMIT");
}

/* What is done */

/* `role` is an identifier with its quotes. Which version there is, only a migration writes. */
static int grant(struct migrating *m, const char *role)
{
	return run(m, arena_printf(&m->arena,
				   "GRANT USAGE ON SCHEMA meantime_queue TO %s;"
				   "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA meantime_queue TO %s;"
				   "REVOKE INSERT, UPDATE, DELETE ON meantime_queue.version FROM %s;"
				   "GRANT USAGE ON ALL SEQUENCES IN SCHEMA meantime_queue TO %s",
				   role, role, role, role));
}

static int grant_to_service_roles(struct migrating *m)
{
	PGresult *roles = ask(m, service_roles_sql, NULL);
	int status = roles != NULL ? 0 : -1;

	for (int i = 0; status == 0 && i < PQntuples(roles); i++)
		status = grant(m, PQgetvalue(roles, i, 0));
	PQclear(roles);
	return status;
}

/* All of it belongs to one role, also what an administrator has upgraded. */
static int enter_schema(struct migrating *m)
{
	if (!is_true(m, HAS_SCHEMA))
		return run(m, "CREATE SCHEMA meantime_queue");
	return run(m, arena_printf(&m->arena, "SET LOCAL ROLE %s", text(m, SCHEMA_OWNER)));
}

static void say(const struct migrating *m, const char *what, const char *done)
{
	fprintf(m->settings->out, "meantime: %s%s %s\n", what, m->settings->is_dry_run ? " would be" : " is", done);
}

static int make(struct migrating *m, const struct queue_migration *migration)
{
	const char *note =
		       arena_printf(&m->arena, "INSERT INTO meantime_queue.version (number, name) VALUES (%u, '%s')",
				    migration->number, migration->name),
		   *what = arena_printf(&m->arena, "version %u (%s) of the queue's tables", migration->number,
					migration->name);

	if (check_rights(m) != 0 || enter_schema(m) != 0 || run(m, migration->sql) != 0 || run(m, note) != 0)
		return -1;
	if (grant_to_service_roles(m) != 0 || end(m) != 0)
		return -1;
	say(m, what, "made");
	return 0;
}

static int make_all(struct migrating *m)
{
	for (;;) {
		if (begin(m) != 0 || look(m) != 0)
			return -1;
		if (m->version == queue_migration_count)
			return 0;
		if (make(m, &queue_migrations[m->version]) != 0)
			return -1;
	}
}

static int let_serve(struct migrating *m, const char *name)
{
	PGresult *role = ask(m, role_sql, name);
	int status = role != NULL ? 0 : -1;

	if (status == 0 && PQntuples(role) == 0)
		status = fail(m, "no role is called \"%s\": CREATE ROLE makes it", name);
	else if (status == 0 && PQgetvalue(role, 0, 1)[0] != 't')
		status = check_rights(m) != 0 || enter_schema(m) != 0 ? -1 : grant(m, PQgetvalue(role, 0, 0));
	if (status == 0 && end(m) == 0)
		say(m, arena_printf(&m->arena, "the role %s", PQgetvalue(role, 0, 0)), "allowed to serve the queue");
	else
		status = -1;
	PQclear(role);
	return status;
}

static int migrate(struct migrating *m)
{
	if (make_all(m) != 0)
		return -1;
	if (m->settings->service_role != NULL)
		return let_serve(m, m->settings->service_role);
	return end(m);
}

static int check_all(struct migrating *m)
{
	PGresult *result;
	bool may_write;

	if (look(m) != 0)
		return -1;
	if (m->version < queue_migration_count)
		return fail(m, "the tables have version %u, and this program needs version %u: run meantime migrate",
			    m->version, queue_migration_count);
	result = ask(m, "SELECT has_table_privilege('meantime_queue.job', 'INSERT')", NULL);
	may_write = result != NULL && PQgetvalue(result, 0, 0)[0] == 't';
	PQclear(result);
	if (result != NULL && !may_write)
		return fail(m, "the role %s may not write them: run meantime migrate --service-role %s", text(m, ROLE),
			    text(m, ROLE));
	return result != NULL ? 0 : -1;
}

int queue_migrate_check(PGconn *pg, char why[static QUEUE_MIGRATE_WHY_BYTES])
{
	static const struct queue_migrate_settings nothing;
	struct migrating m = {.pg = pg, .settings = &nothing, .why = why};
	int status = check_all(&m);

	PQclear(m.state);
	arena_cleanup(&m.arena);
	return status;
}

int queue_migrate(PGconn *pg, const struct queue_migrate_settings *settings, char why[static QUEUE_MIGRATE_WHY_BYTES])
{
	struct migrating m = {.pg = pg, .settings = settings, .why = why};
	int status = migrate(&m);

	if (PQtransactionStatus(pg) != PQTRANS_IDLE)
		PQclear(PQexec(pg, "ROLLBACK"));
	if (status == 0 && settings->is_dry_run)
		fputs("meantime: dry run: nothing was changed\n", settings->out);
	else if (status == 0)
		fprintf(settings->out, "meantime: the queue's tables have version %u\n", m.version);
	PQclear(m.state);
	arena_cleanup(&m.arena);
	return status;
}
