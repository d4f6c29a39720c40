#include "db/describe.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/backoff.h"
#include "db/parameter.h"
#include "db/prepare_error.h"
#include "db/read_only.h"
#include "db/wait.h"

#include <stdlib.h>
#include <time.h>

enum {
	TYPES_MAX = 1024,
	/* "vector" types look like arrays in the catalog, but their text form is "1 2 3" */
	OID_INT2VECTOR = 22,
	OID_OIDVECTOR = 30,
};

/* One run of describing. */
struct description {
	struct endpoint_set *set;
	struct db_conn conn;
	PGconn *pg; /* lent by it */
	struct {
		Oid oid;
		struct db_type type;
	} types[TYPES_MAX];
	unsigned type_count;
	bool has_timed_out; /* the others would, too */
	struct read_only_check read_only;
};

/* Types */

static struct db_type type_from_catalog(struct description *d, Oid oid, unsigned depth);

static struct db_type type_of_row(struct description *d, const PGresult *row, Oid oid, unsigned depth)
{
	struct arena *arena = &d->set->arena;
	struct db_type type = {.kind = db_type_kind_of(oid), .delimiter = ','};
	Oid base = (Oid)strtoul(PQgetvalue(row, 0, 1), NULL, 10);
	Oid element = (Oid)strtoul(PQgetvalue(row, 0, 2), NULL, 10);

	if (base != 0 && depth < 16)
		type = type_from_catalog(d, base, depth + 1);
	if (element != 0 && depth < 16 && oid != OID_INT2VECTOR && oid != OID_OIDVECTOR) {
		type = type_from_catalog(d, element, depth + 1);
		/* whose elements are arrays themselves, by way of a domain: PostgreSQL's text is all there is of it */
		if (type.is_array)
			type = (struct db_type){.kind = DB_TYPE_OTHER};
		else
			type.is_array = true;
		type.delimiter = PQgetvalue(row, 0, 3)[0];
	}
	if (!PQgetisnull(row, 0, 4))
		type.labels = arena_copy(arena, text_of(PQgetvalue(row, 0, 4)));
	type.name = arena_copy(arena, text_of(PQgetvalue(row, 0, 0)));
	return type;
}

static struct db_type type_from_catalog(struct description *d, Oid oid, unsigned depth)
{
	static const char sql[] = "SELECT format_type(oid, NULL), CASE typtype WHEN 'd' THEN typbasetype ELSE 0 END,"
				  " CASE WHEN typcategory = 'A' AND typtype = 'b' THEN typelem ELSE 0 END,"
				  " (SELECT e.typdelim FROM pg_catalog.pg_type e WHERE e.oid = t.typelem),"
				  " (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_catalog.pg_enum"
				  " WHERE enumtypid = t.oid)"
				  " FROM pg_catalog.pg_type t WHERE oid = $1::oid";
	struct db_type type = {.kind = DB_TYPE_OTHER, .delimiter = ',', .name = "unknown"};
	char text[16];
	const char *values[] = {text};
	PGresult *row;

	snprintf(text, sizeof(text), "%u", oid);
	row = PQexecParams(d->pg, sql, 1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(row) == PGRES_TUPLES_OK && PQntuples(row) == 1)
		type = type_of_row(d, row, oid, depth);
	PQclear(row);
	return type;
}

static struct db_type type_of(struct description *d, Oid oid)
{
	struct db_type type;

	for (unsigned i = 0; i < d->type_count; i++)
		if (d->types[i].oid == oid)
			return d->types[i].type;
	type = type_from_catalog(d, oid, 0);
	if (d->type_count < TYPES_MAX) {
		d->types[d->type_count].oid = oid;
		d->types[d->type_count++].type = type;
	}
	return type;
}

/* Statements */

static bool is_timeout(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && strcmp(sqlstate, "57014") == 0;
}

static void note_error(struct description *d, const struct endpoint *endpoint, const PGresult *result)
{
	if (is_timeout(result))
		d->has_timed_out = true;
	prepare_error_add(&d->set->diagnostics, endpoint, result, is_timeout(result) ? "is a table of its locked?" : NULL);
}

static bool prepares(struct description *d, const struct endpoint *endpoint, const char *sql)
{
	PGresult *result = PQprepare(d->pg, "", sql, 0, NULL);
	bool does = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (is_timeout(result))
		note_error(d, endpoint, result);
	PQclear(result);
	return does;
}

/* A result is cut where it is made. What can not stand in FROM (SHOW, for one) stays whole, and max_result_bytes bounds
 * it. */
static void limit_rows(struct description *d, struct endpoint *endpoint)
{
	struct db_statement *statement = &endpoint->statement;
	const char *limited = arena_printf(&d->set->arena, "SELECT * FROM (%s\n) AS rows LIMIT %u", statement->sql,
					   statement->row_limit + 1);

	if (prepares(d, endpoint, limited))
		statement->sql = limited;
}

static void learn_columns(struct description *d, struct db_statement *statement, const PGresult *described)
{
	struct arena *arena = &d->set->arena;

	statement->column_count = (unsigned)PQnfields(described);
	statement->columns = arena_alloc(arena, statement->column_count * sizeof(*statement->columns));
	for (unsigned i = 0; i < statement->column_count; i++) {
		struct db_column *column = &statement->columns[i];
		struct buffer key = buffer_in(arena);

		column->name = arena_copy(arena, text_of(PQfname(described, (int)i)));
		buffer_add_json_string(&key, text_of(column->name));
		buffer_add_char(&key, ':');
		column->key = buffer_text(&key);
		column->oid = PQftype(described, (int)i);
		column->type = type_of(d, column->oid);
	}
}

static void check_columns(struct description *d, const struct endpoint *endpoint)
{
	const struct db_statement *statement = &endpoint->statement;

	if (endpoint->shape != ENDPOINT_EXEC && statement->column_count == 0)
		diagnostics_add(&d->set->diagnostics, endpoint->file, endpoint->line,
				"%s returns no columns; a statement without RETURNING is :exec", endpoint->name);
	for (unsigned i = 0; i < statement->column_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(statement->columns[i].name, statement->columns[j].name) == 0)
				diagnostics_add(&d->set->diagnostics, endpoint->file, endpoint->sql_line,
						"%s returns two columns named \"%s\"; a JSON object can hold one",
						endpoint->name, statement->columns[i].name);
}

/* PostgreSQL has the last word on a default: what only it can judge (enums, intervals, ranges, domains), it judges now
 * and not at the first request. */
static void check_default(struct description *d, const struct endpoint *endpoint, const struct db_parameter *parameter)
{
	const char *sql = arena_printf(&d->set->arena, "SELECT $1::%s", parameter->type.name);
	PGresult *result = PQexecParams(d->pg, sql, 1, NULL, &parameter->default_text, NULL, NULL, 0);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		diagnostics_add(&d->set->diagnostics, endpoint->file, parameter->line, "the default of %s is no %s: %s",
				parameter->name, parameter->type.name,
				message != NULL ? message : PQerrorMessage(d->pg));
	PQclear(result);
}

/* In the form that is bound. Arrays are written as PostgreSQL writes them: = '{}'. */
static void learn_default(struct description *d, const struct endpoint *endpoint, struct db_parameter *parameter)
{
	const char *bound = parameter->default_text;

	if (bound != NULL && !parameter->type.is_array &&
	    !parameter_from_text(&parameter->type, text_of(bound), &d->set->arena, &bound)) {
		diagnostics_add(&d->set->diagnostics, endpoint->file, parameter->line,
				"the default of %s must be %s, got %s", parameter->name,
				db_type_expectation(&parameter->type), parameter->default_text);
		return;
	}
	parameter->default_text = bound;
	check_default(d, endpoint, parameter);
}

static void learn_parameters(struct description *d, struct endpoint *endpoint, const PGresult *described)
{
	struct db_statement *statement = &endpoint->statement;

	for (unsigned i = 0; i < statement->parameter_count; i++) {
		struct db_parameter *parameter = &statement->parameters[i];

		parameter->type = type_of(d, PQparamtype(described, (int)i));
		if (parameter->has_default)
			learn_default(d, endpoint, parameter);
	}
}

static void describe_endpoint(struct description *d, struct endpoint *endpoint)
{
	struct db_statement *statement = &endpoint->statement;
	PGresult *result = PQprepare(d->pg, statement->name, statement->sql, 0, NULL);

	if (PQresultStatus(result) == PGRES_COMMAND_OK) {
		PQclear(result);
		result = PQdescribePrepared(d->pg, statement->name);
	}
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		note_error(d, endpoint, result);
		PQclear(result);
		return;
	}
	learn_columns(d, statement, result);
	learn_parameters(d, endpoint, result);
	PQclear(result);
	check_columns(d, endpoint);
	read_only_check_endpoint(&d->read_only, endpoint);
	if (statement->row_limit > 0)
		limit_rows(d, endpoint);
}

static void sleep_ns(uint64_t ns)
{
	struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

	/* a signal that does not end the program is no reason to look again */
	nanosleep(&time, NULL);
}

/* Connects as serving does, and tries again for start_wait_ms: a database that starts with us may need longer than we
 * do. Said once, and again when the reason changes. Returns -1 and conn->error. */
static int reach(struct db_conn *conn, const struct db_settings *settings)
{
	uint64_t end_ns = clock_now_ns() + settings->start_wait_ms * NS_PER_MS;
	char said[sizeof(conn->error)] = "";

	db_conn_init(conn, settings, true, 0, NULL);
	for (unsigned failures = 0; db_wait_open(conn, UINT64_MAX) != 0; failures++) {
		uint64_t pause_ns = backoff_ns(failures);

		if (clock_now_ns() + pause_ns >= end_ns)
			return -1;
		if (strcmp(said, conn->error) != 0) {
			memcpy(said, conn->error, sizeof(said));
			log_warning("db", "waiting for the database, %u ms at most: %s", settings->start_wait_ms, said);
		}
		sleep_ns(pause_ns);
	}
	return 0;
}

int db_describe(struct endpoint_set *set, const struct db_settings *settings, const char **why)
{
	struct description *d = arena_alloc_zeroed(&set->arena, sizeof(*d));

	*why = NULL;
	d->set = set;
	if (reach(&d->conn, settings) != 0) {
		*why = arena_copy(&set->arena, text_of(d->conn.error));
		return -1;
	}
	d->pg = db_conn_lend(&d->conn);
	d->read_only = (struct read_only_check){.set = set, .pg = d->pg};
	for (unsigned i = 0; i < set->count && !d->has_timed_out; i++)
		describe_endpoint(d, &set->endpoints[i]);
	if (PQstatus(d->pg) != CONNECTION_OK)
		*why = "connected, but the connection was lost while the statements were being prepared";
	db_conn_close(&d->conn);
	return *why != NULL || set->diagnostics.count > 0 ? -1 : 0;
}
