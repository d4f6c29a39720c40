#include "db/conn_parts.h"

#include "base/log.h"

#include <string.h>

/* What is taken and dropped is no part of a result, however much of it comes: what is still on its way counts. */
static void leave_out(struct db_conn *conn, size_t bytes)
{
	if (conn->head_bytes > 0)
		conn->head_bytes = conn->head_bytes > bytes ? conn->head_bytes - bytes : 1;
}

/* On the wire: a type and a length, then each field with its code and a NUL, and a NUL. */
static size_t notice_bytes(const PGresult *notice)
{
	static const char codes[] = {
	    PG_DIAG_SEVERITY,           PG_DIAG_SEVERITY_NONLOCALIZED,
	    PG_DIAG_SQLSTATE,           PG_DIAG_MESSAGE_PRIMARY,
	    PG_DIAG_MESSAGE_DETAIL,     PG_DIAG_MESSAGE_HINT,
	    PG_DIAG_STATEMENT_POSITION, PG_DIAG_INTERNAL_POSITION,
	    PG_DIAG_INTERNAL_QUERY,     PG_DIAG_CONTEXT,
	    PG_DIAG_SCHEMA_NAME,        PG_DIAG_TABLE_NAME,
	    PG_DIAG_COLUMN_NAME,        PG_DIAG_DATATYPE_NAME,
	    PG_DIAG_CONSTRAINT_NAME,    PG_DIAG_SOURCE_FILE,
	    PG_DIAG_SOURCE_LINE,        PG_DIAG_SOURCE_FUNCTION,
	};
	size_t bytes = 1 + 4 + 1;

	for (size_t i = 0; i < sizeof(codes); i++) {
		const char *field = PQresultErrorField(notice, codes[i]);

		bytes += field != NULL ? 1 + strlen(field) + 1 : 0;
	}
	return bytes;
}

/* A crash and an immediate shutdown are told as warnings. */
static bool announces_end(const PGresult *notice)
{
	const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

	return conn_is_farewell(notice) || (sqlstate != NULL && strncmp(sqlstate, "57P", 3) == 0);
}

void conn_take_notice(void *data, const PGresult *notice)
{
	struct db_conn *conn = data;
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	/* libpq takes a goodbye that comes while nothing is asked for a notice */
	if (announces_end(notice))
		conn_note_farewell(conn, notice);
	leave_out(conn, notice_bytes(notice));
	log_debug("db", "conn %u: %s", conn->number, message != NULL ? message : "a notice without text");
}

void conn_drop_notifications(struct db_conn *conn)
{
	PGnotify *notification;

	while (UNLIKELY((notification = PQnotifies(conn->pg)) != NULL)) {
		/* a type and a length, the sender, and two texts with a NUL each */
		leave_out(conn, 1 + 4 + 4 + strlen(notification->relname) + 1 + strlen(notification->extra) + 1);
		if (!conn->was_notified)
			log_warning("db",
				    "conn %u: a statement has made its session LISTEN on \"%s\"; what comes is dropped",
				    conn->number, notification->relname);
		conn->was_notified = true;
		PQfreemem(notification);
	}
}
