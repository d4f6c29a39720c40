/* fake_error.h - libpq's results made by hand, for tests that link no libpq: an error's fields, or one text.
 *
 *     const PGresult *error = FAKE_ERROR(.sqlstate = "42P01", .message = "relation \"t\" does not exist");
 *
 * Life:    FAKE_ERROR(): the block it stands in. PQclear() counts, and frees nothing.
 * Thread:  one at a time.
 */
#pragma once

#include <libpq-fe.h>

struct pg_result {
	const char *sqlstate, *message, *detail, *hint, *position;
	const char *words; /* of PQresultErrorMessage() */
	const char *text;  /* of the only row; NULL: it is an error */
	int rows;
	unsigned cleared;
};

#define FAKE_ERROR(...) (&(PGresult){__VA_ARGS__})
