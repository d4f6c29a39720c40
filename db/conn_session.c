#include "db/conn_parts.h"

#include "base/hash.h"

#include <string.h>

/* Settings */

/* A statement may call a function that SETs what the statements behind it rely on. PostgreSQL reports these, and no
 * others, whenever they change; what it does not report (search_path, a role) is for the function's author to keep. */
static const char *const reported_settings[] = {
    "default_transaction_read_only", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "is_superuser",
    "session_authorization",
};
_Static_assert(ARRAY_LENGTH(reported_settings) == DB_CONN_REPORTED, "a mark for each");

static uint32_t mark_of(const struct db_conn *conn, const char *setting)
{
	const char *value = PQparameterStatus(conn->pg, setting);

	return hash_fnv1a(text_of(value != NULL ? value : ""));
}

void conn_mark_session(struct db_conn *conn)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(reported_settings); i++)
		conn->reported_marks[i] = mark_of(conn, reported_settings[i]);
}

const char *conn_changed_setting(const struct db_conn *conn)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(reported_settings); i++)
		if (mark_of(conn, reported_settings[i]) != conn->reported_marks[i])
			return reported_settings[i];
	return NULL;
}

bool conn_has_become_read_only(const struct db_conn *conn)
{
	const char *value = PQparameterStatus(conn->pg, reported_settings[0]);

	return value != NULL && strcmp(value, "on") == 0 &&
	       mark_of(conn, reported_settings[0]) != conn->reported_marks[0];
}
