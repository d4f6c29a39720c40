/* file.h - SQL files become endpoints: the parser of one file, and the set of those in a folder.
 *
 * Life:    endpoint_set_init() -> endpoint_set_load(), or sql_file_parse() for each file -> describe.h fills the types
 *          -> constant -> endpoint_set_cleanup().
 * Owner:   everything is in the set's arena, file names and texts copied.
 * Thread:  one at a time. endpoint_set_load() reads the disk; sql_file_parse() does no I/O.
 * Limits:  ENDPOINTS_MAX endpoints, with each part counted; DB_PARAMETERS_MAX parameters each; a file of SQL_FILE_BYTES_MAX.
 * Errors:  each is added to the set's diagnostics as file:line: what is wrong and what was expected. Parsing goes on
 *          with the next endpoint, so that one run shows them all.
 */
#pragma once

#include "base/arena.h"
#include "base/text.h"
#include "base/diagnostics.h"
#include "db/values/statement.h"
#include "exchange/access.h"
#include "exchange/limits.h"
#include "handlers/sql/answer.h"
#include "handlers/sql/cached.h"
#include "handlers/sql/column_notes.h"
#include "handlers/sql/events.h"
#include "handlers/sql/source.h"
#include "handlers/sql/whole_body.h"
#include "base/http_method.h"

/* What the SQL has behind the number of a parameter that is asked for: `:name?` is `$n::bool`. */
#define GIVEN_CAST "::bool"

enum {
	ENDPOINTS_MAX = 4096,
	SQL_FILE_BYTES_MAX = 1024 * 1024,
	ENDPOINT_MAX_ROWS_DEFAULT = 1000,
};

enum endpoint_shape { ENDPOINT_ONE, ENDPOINT_MANY, ENDPOINT_EXEC };

struct endpoint {
	const char *file;
	unsigned line;     /* of `-- name:` */
	unsigned sql_line; /* the line on which statement.sql begins */
	/* The lines of the file that the SQL stands on, as they are; the SQL begins at source_begin. */
	const char *source;
	size_t source_begin;
	const char *name; /* [a-z][a-z0-9_]* , at most 63 bytes, unique in the set */
	enum endpoint_shape shape;
	enum http_method method;
	const char *path;    /* "/countries/{code}" */
	unsigned route_line; /* of `-- route:` */
	const char *summary; /* "" when there is none */
	unsigned status;     /* of the good answer: 200, 204 for :exec, or what `-- status:` says */
	unsigned timeout_ms; /* 0: the service's */
	unsigned max_rows;   /* of :many */
	bool is_isolated;
	bool is_stream; /* :many, read-only: rows are sent as they come, without max_rows */
	/* What runs instead of the SQL, by its name; NULL: the SQL runs. The SQL then only says what goes in and out.
	 */
	const char *work;
	unsigned work_line;
	enum body_kind body; /* what the request's body is to the SQL */
	unsigned body_line;
	struct column_note *column_notes; /* NULL: none */
	const struct answer *answer;      /* what of a row is no part of the body; NULL: nothing */
	struct access access;             /* which identities may call it, where keys are configured */
	/* What PostgreSQL is told of the request besides the role, as `-- settings:` says. */
	struct endpoint_settings {
		bool claims, headers, method, path;
	} settings;
	struct rate_limit rate;
	bool shares_rate;      /* with the other endpoints that have none of their own */
	unsigned inflight_max; /* 0: no limit */
	bool is_uncompressed;  /* its responses are, whatever a client accepts */
	/* Of the good answer to a GET: by what a client knows whether it has it. */
	bool has_etag;
	const char *etag_column;     /* NULL: the tag is made of the body */
	const char *modified_column; /* NULL: none */
	unsigned etag_line, modified_line, if_match_line;
	struct endpoint_events *events;     /* `-- events:` (events.h); NULL: none */
	const char *cache_control;          /* of every good answer; NULL: nothing is said */
	const struct endpoint_cache *cache; /* `-- cache:` (cached.h); NULL: answers are not kept */
	bool takes_if_match;                /* one of its parameters is the version that If-Match names */
	const struct source *sources;       /* of each parameter; NULL: the client gives all of them */
	unsigned identity_line;             /* of the first annotation that needs keys to be configured; 0: none does */
	struct db_statement statement;
	/* Of several statements (parts.h): then its own has their parameters, and is never run. */
	enum parts_kind { PARTS_NONE, PARTS_GATHERED, PARTS_STEPS } parts_kind;
	struct endpoint_part *parts;
	unsigned part_count;
	bool must_find; /* a step: no row is an error, which ends its transaction */
};

struct endpoint_set {
	struct arena arena;
	struct endpoint *endpoints; /* count of them, in order of files and lines */
	unsigned count, capacity;
	unsigned statement_count; /* their indices are below it */
	struct diagnostics diagnostics;
};

void endpoint_set_init(struct endpoint_set *set);
void endpoint_set_cleanup(struct endpoint_set *set);

/* Adds the endpoints of one file. Returns how many diagnostics it added. */
unsigned sql_file_parse(struct endpoint_set *set, const char *file_name, struct text source);

/* Reads every *.sql (or *.SQL) of a folder and its subfolders in the order of their names, and parses it. What is hidden,
 * and a link to a folder, is passed over; where it looks like an endpoint file, the log says so. Returns 0, or -1 with a
 * diagnostic when a folder cannot be read, none holds an endpoint, or anything in them is wrong. */
MUST_CHECK int endpoint_set_load(struct endpoint_set *set, const char *folder);
