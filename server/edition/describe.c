#include "server/edition/describe.h"

#include "base/clock.h"
#include "server/edition/as_json.h"
#include "db/learn.h"
#include "db/patience.h"
#include "db/values/parameter.h"
#include "db/pooler.h"
#include "handlers/sql/parts.h"
#include "server/edition/login_role.h"
#include "server/edition/must_find.h"
#include "server/edition/not_null.h"
#include "server/edition/prepare_error.h"
#include "server/edition/read_only.h"
#include "server/edition/step_columns.h"

/* A statement with many types takes some hundred milliseconds to plan and to look up, more on a busy machine. A short
 * deadline of requests says nothing of that. Longer is a lock. */
enum {
	DESCRIBE_TIMEOUT_MS = 5000,
	SESSION_ENDS_MS = 2000,
	SESSION_LOOK_MS = 20,
};

/* One run of describing. */
struct description {
	struct endpoint_set *set;
	struct db_conn conn;
	PGconn *pg; /* lent by it */
	struct learn_catalog catalog;
	bool has_timed_out; /* the others would, too */
	struct read_only_check read_only;
};

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
	prepare_error_add(&d->set->diagnostics, endpoint, result,
			  is_timeout(result) ? "is a table of its locked?" : NULL);
}

static bool prepares(struct description *d, const struct endpoint *endpoint, const char *sql)
{
	PGresult *result;
	bool does;

	db_conn_refresh_lent(&d->conn);
	result = PQprepare(d->pg, "", sql, 0, NULL);
	does = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (is_timeout(result))
		note_error(d, endpoint, result);
	PQclear(result);
	return does;
}

/* A result is cut where it is made. What cannot stand in FROM (SHOW, for one) stays whole, and max_result_bytes bounds
 * it. */
static void limit_rows(struct description *d, struct endpoint *endpoint)
{
	struct db_statement *statement = &endpoint->statement;
	const char *limited = arena_printf(&d->set->arena, "SELECT * FROM (%s\n) AS rows LIMIT %u", statement->sql,
					   statement->row_limit + 1);

	if (prepares(d, endpoint, limited))
		statement->sql = limited;
}

/* Asks for those that are not known yet. */
static bool learn_types(struct description *d, const struct endpoint *endpoint, const PGresult *described)
{
	const char *oids = learn_missing_types(&d->catalog, described);
	PGresult *rows;
	bool is_good;

	if (oids == NULL)
		return true;
	rows = PQexecParams(d->pg, learn_types_sql, 1, NULL, &oids, NULL, NULL, 0);
	is_good = PQresultStatus(rows) == PGRES_TUPLES_OK;
	if (is_good)
		learn_add_types(&d->catalog, rows);
	else
		note_error(d, endpoint, rows);
	PQclear(rows);
	return is_good;
}

static void check_columns(struct description *d, const struct endpoint *endpoint)
{
	const struct db_statement *statement = &endpoint->statement;
	const char *problem = db_signature_problem(&statement->signature, statement->needs_columns, &d->set->arena);

	if (problem != NULL)
		diagnostics_add(&d->set->diagnostics, endpoint->file, endpoint->sql_line, "%s %s", endpoint->name,
				problem);
	else if (endpoint->answer != NULL)
		answer_check(endpoint, &d->set->diagnostics);
}

/* PostgreSQL has the last word on a default. What only it can judge (enums, intervals, ranges, domains), it judges now
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
	db_conn_refresh_lent(&d->conn);
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

	statement->signatures = db_signatures_create(&statement->signature);
	for (unsigned i = 0; i < statement->parameter_count; i++) {
		struct db_parameter *parameter = &statement->parameters[i];

		parameter->oid = PQparamtype(described, (int)i);
		parameter->type = learn_type(&d->catalog, parameter->oid);
		if (parameter->has_default)
			learn_default(d, endpoint, parameter);
	}
}

/* The columns of what was prepared last. */
static void learn_shown(struct description *d, struct endpoint *endpoint)
{
	struct db_signature before = endpoint->statement.signature;
	PGresult *result = PQdescribePrepared(d->pg, "");

	if (PQresultStatus(result) == PGRES_COMMAND_OK && learn_types(d, endpoint, result)) {
		learn_columns(&endpoint->statement.signature, &d->catalog, result);
		as_json_note(&endpoint->statement.signature, &before, &d->set->arena);
	}
	PQclear(result);
}

/* What stands in no FROM may stand in WITH: INSERT with RETURNING, for one. */
static bool shows_as_json(struct description *d, struct endpoint *endpoint)
{
	struct db_statement *statement = &endpoint->statement;
	const char *list = statement->needs_columns && endpoint->work == NULL
			       ? as_json_list(&statement->signature, &d->catalog)
			       : NULL;
	const char *sql;

	if (list == NULL)
		return false;
	sql = as_json_in_from(statement->sql, list, statement->row_limit, &d->set->arena);
	if (!prepares(d, endpoint, sql))
		sql = as_json_in_with(statement->sql, list, &d->set->arena);
	if (sql == NULL || !prepares(d, endpoint, sql)) {
		as_json_show_text(&statement->signature);
		return false;
	}
	statement->sql = sql;
	learn_shown(d, endpoint);
	return true;
}

/* With composite columns as JSON where that prepares. */
static bool fails_without_row(struct description *d, struct endpoint *endpoint, const char *list, bool is_first_only)
{
	const char *sql = must_find_row(endpoint->statement.sql, list, is_first_only, &d->set->arena);

	if (sql == NULL || !prepares(d, endpoint, sql))
		return false;
	endpoint->statement.sql = sql;
	return true;
}

static void refuse_as_step_of_one(struct description *d, const struct endpoint *endpoint)
{
	if (!d->has_timed_out && d->set->diagnostics.count == 0)
		diagnostics_add(&d->set->diagnostics, endpoint->file, endpoint->sql_line,
				"%s cannot be a step of :one: its SQL must begin with SELECT, INSERT, UPDATE, DELETE, "
				"VALUES, TABLE or WITH",
				endpoint->name);
}

static void fail_without_row(struct description *d, struct endpoint *endpoint)
{
	struct db_signature *signature = &endpoint->statement.signature;
	const char *list = as_json_list(signature, &d->catalog);

	if (list != NULL && fails_without_row(d, endpoint, list, false)) {
		learn_shown(d, endpoint);
		return;
	}
	as_json_show_text(signature);
	if (!fails_without_row(d, endpoint, "*", false))
		refuse_as_step_of_one(d, endpoint);
}

/* A step whose row is not answered, and used by later ones. */
static void hand_on_row(struct description *d, struct endpoint *whole, unsigned part)
{
	struct endpoint *endpoint = &whole->parts[part].endpoint;
	const char *list;

	db_conn_refresh_lent(&d->conn);
	list = step_columns_list(whole, part, d->pg, d->set);
	if (list == NULL)
		return;
	if (fails_without_row(d, endpoint, list, true))
		step_columns_learn(endpoint, d->pg, &d->catalog);
	else
		refuse_as_step_of_one(d, endpoint);
}

/* `whole` has it as this part; NULL: it is none. */
static void describe_endpoint(struct description *d, struct endpoint *endpoint, struct endpoint *whole, unsigned part)
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
	if (learn_types(d, endpoint, result)) {
		learn_columns(&statement->signature, &d->catalog, result);
		learn_parameters(d, endpoint, result);
		check_columns(d, endpoint);
		whole_body_check(endpoint, &d->set->diagnostics);
	}
	if (endpoint->work == NULL) {
		not_null_note(endpoint, result, d->pg, &d->set->arena);
		db_conn_refresh_lent(&d->conn);
	}
	column_notes_apply(endpoint, &d->set->diagnostics);
	PQclear(result);
	read_only_check_endpoint(&d->read_only, endpoint);
	if (whole != NULL && step_columns_are_used(whole, part)) {
		hand_on_row(d, whole, part);
		return;
	}
	if (endpoint->must_find) {
		fail_without_row(d, endpoint);
		return;
	}
	if (shows_as_json(d, endpoint))
		return;
	if (statement->row_limit > 0)
		limit_rows(d, endpoint);
}

/* Behind a transaction pooler the session is the next client's. */
static void leave_nothing(struct description *d, const struct endpoint *endpoint)
{
	if (PQtransactionStatus(d->pg) == PQTRANS_IDLE)
		return;
	db_conn_refresh_lent(&d->conn);
	PQclear(PQexec(d->pg, arena_printf(&d->set->arena, "DEALLOCATE \"%s\"", endpoint->statement.name)));
	db_conn_refresh_lent(&d->conn);
}

static void describe_parts(struct description *d, struct endpoint *endpoint)
{
	unsigned before = d->set->diagnostics.count;

	for (unsigned i = 0; i < endpoint->part_count && !d->has_timed_out; i++) {
		if (!step_columns_put_in(&endpoint->parts[i], &d->set->arena))
			continue;
		describe_endpoint(d, &endpoint->parts[i].endpoint, endpoint, i);
		leave_nothing(d, &endpoint->parts[i].endpoint);
	}
	if (d->set->diagnostics.count == before)
		sql_parts_share_types(endpoint, &d->set->arena, &d->set->diagnostics);
}

static void describe_all(struct description *d)
{
	for (unsigned i = 0; i < d->set->count && !d->has_timed_out; i++) {
		struct endpoint *endpoint = &d->set->endpoints[i];

		if (endpoint->part_count > 0) {
			describe_parts(d, endpoint);
			continue;
		}
		describe_endpoint(d, endpoint, NULL, 0);
		leave_nothing(d, endpoint);
	}
	if (PQtransactionStatus(d->pg) != PQTRANS_IDLE)
		PQclear(PQexec(d->pg, "ROLLBACK"));
}

/* PostgreSQL ends a session a moment after its connection. That of the probe, or of a reload just before, may still count
 * where only so many are granted. */
static int open_when_granted(struct db_conn *conn, uint64_t end_ns)
{
	uint64_t gone_ns = clock_now_ns() + SESSION_ENDS_MS * NS_PER_MS;
	int status = db_patience_open(conn, end_ns);

	while (status != 0 && conn->is_full && clock_now_ns() < gone_ns) {
		db_patience_sleep(SESSION_LOOK_MS * NS_PER_MS);
		status = db_patience_open(conn, end_ns);
	}
	return status;
}

/* Sets up a session only where it is the program's own. Returns -1: `why`, or a diagnostic. */
static int reach(struct description *d, const struct db_settings *settings, const char **why)
{
	uint64_t end_ns = clock_now_ns() + settings->start_wait_ms * NS_PER_MS;
	struct db_settings of_probe;
	struct db_conn *conn = &d->conn;
	int status = 0;

	if (settings->pooler != DB_POOLER_TRANSACTION) {
		const char *fault = NULL;

		pooler_init_probe(conn, &of_probe, settings);
		status = open_when_granted(conn, end_ns);
		if (status == 0)
			fault = pooler_fault(settings, conn);
		if (fault != NULL)
			diagnostics_add(&d->set->diagnostics, "--db-pooler", 0, "%s", fault);
		db_conn_close(conn);
		if (fault != NULL)
			return -1;
	}
	if (status == 0) {
		db_conn_init(conn, settings, true, 0, NULL);
		status = open_when_granted(conn, end_ns);
	}
	if (status != 0)
		*why = arena_copy(&d->set->arena, text_of(conn->error));
	return status;
}

int db_describe(struct endpoint_set *set, const struct db_settings *settings, const char **why)
{
	struct description *d = arena_alloc_zeroed(&set->arena, sizeof(*d));
	struct db_settings patient = *settings;

	*why = NULL;
	d->set = set;
	d->catalog.arena = &set->arena;
	if (patient.statement_timeout_ms < DESCRIBE_TIMEOUT_MS)
		patient.statement_timeout_ms = DESCRIBE_TIMEOUT_MS;
	if (reach(d, &patient, why) != 0)
		return -1;
	d->pg = db_conn_lend(&d->conn);
	if (settings->has_contexts)
		login_role_check(set, d->pg);
	d->read_only = (struct read_only_check){.set = set, .pg = d->pg};
	describe_all(d);
	if (PQstatus(d->pg) != CONNECTION_OK)
		*why = "connected, but the connection was lost while the statements were being prepared";
	db_conn_close(&d->conn);
	return *why != NULL || set->diagnostics.count > 0 ? -1 : 0;
}
