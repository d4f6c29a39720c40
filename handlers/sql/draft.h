/* draft.h - the endpoint at hand while its file is parsed.
 *
 *   file.c        endpoints one after the other; what has to fit together
 *   statement.c   the SQL, its parameters numbered
 *   annotation.c  the lines between the name and the SQL, and what is read of the smaller annotations
 *   *_notes.c     the larger ones, by what they are about; errors.c and given.c too. step_notes.c: `:take.id`
 *   words.c       names, numbers, and what of them a message shows
 *   path.c        the path of a route
 *   slip.c        comments that were meant for annotations
 */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "handlers/sql/file.h"
#include "handlers/sql/parts.h"
#include "db/values/sql_token.h"

enum {
	NAME_BYTES_MAX = 63, /* NAMEDATALEN - 1: what PostgreSQL keeps of a prepared statement's name */
	TIMEOUT_MS_MAX = 600 * 1000,
	MAX_ROWS_MAX = 1000 * 1000,
	SHOWN_BYTES_MAX = 60, /* of the user's text in a message */
};

enum annotation {
	ANNOTATION_NAME,
	ANNOTATION_ROUTE,
	ANNOTATION_SUMMARY,
	ANNOTATION_STATUS,
	ANNOTATION_TIMEOUT,
	ANNOTATION_MAX_ROWS,
	ANNOTATION_STREAM,
	ANNOTATION_ISOLATED,
	ANNOTATION_PARAM,
	ANNOTATION_ERRORS,
	ANNOTATION_ROLES,
	ANNOTATION_PUBLIC,
	ANNOTATION_SETTINGS,
	ANNOTATION_RATE,
	ANNOTATION_INFLIGHT,
	ANNOTATION_COMPRESSION,
	ANNOTATION_ETAG,
	ANNOTATION_LAST_MODIFIED,
	ANNOTATION_CACHE_CONTROL,
	ANNOTATION_CACHE,
	ANNOTATION_BODY,
	ANNOTATION_CONTENT_TYPE,
	ANNOTATION_HEADER,
	ANNOTATION_COLUMN,
	ANNOTATION_WORK,
	ANNOTATION_GATHER,
	ANNOTATION_STEP,
	ANNOTATION_OPTIONAL,
	ANNOTATION_EVENTS,
	ANNOTATION_COUNT
};

/* A `-- key: value` line. */
struct note {
	struct text key, value;
	unsigned line;
};

/* A part of it, as it was read. */
struct part_draft {
	struct text name; /* in the file */
	unsigned line;
	enum endpoint_shape shape;
	const char *sql; /* NULL: none so far */
	unsigned sql_line;
	const char *source;
	size_t source_begin;
	unsigned max_rows, max_rows_line;
	bool is_isolated, is_optional;
	unsigned char takes[DB_PARAMETERS_MAX]; /* the draft's parameters, in the order of their use */
	unsigned parameter_count;
	struct step_value values[STEP_VALUES_MAX]; /* of steps before it */
	unsigned value_count;
};

/* The endpoint at hand. */
struct draft {
	struct endpoint endpoint;         /* `name` and `path` stay NULL while they are not there or not right */
	unsigned lines[ANNOTATION_COUNT]; /* 0: not there */
	struct db_parameter parameters[DB_PARAMETERS_MAX], documented[DB_PARAMETERS_MAX];
	unsigned parameter_count, documented_count;
	struct source sources[DB_PARAMETERS_MAX], documented_sources[DB_PARAMETERS_MAX];
	struct db_status_choice choices[DB_STATUS_CHOICES_MAX]; /* endpoint.statement.choice_count of them */
	struct answer answer;
	/* of the statement at hand: which $n a parameter is, 0: none so far; and which parameter $n is, from 0 on */
	unsigned char numbers[DB_PARAMETERS_MAX], used[DB_PARAMETERS_MAX];
	unsigned used_count;
	bool has_shape;   /* on its name line */
	bool is_optional; /* the part at hand */
	struct part_draft parts[PARTS_MAX];
	unsigned part_count;                               /* the last one is at hand */
	unsigned whole_max_rows_line, whole_isolated_line; /* before the first part */
	unsigned dotted_lines[DB_PARAMETERS_MAX];          /* where `:name.` stands in a step; 0: nowhere */
	unsigned setting_line; /* where the SQL mentions transaction_read_only; 0: nowhere */
};

struct parser {
	struct endpoint_set *set;
	const char *file;
	const char *begin;
	struct sql_scanner scanner;
	struct draft draft;
};

#define complain(parser, line, ...) diagnostics_add(&(parser)->set->diagnostics, (parser)->file, line, __VA_ARGS__)

/* words.c */

struct text sql_trim(struct text text);
/* Takes the first word off `rest`, which is trimmed and stays so. */
struct text sql_take_word(struct text *rest);
/* False: it is no number, or not within these bounds. */
bool sql_read_number(struct text digits, unsigned least, unsigned most, unsigned *number);
/* [A-Za-z_][A-Za-z0-9_]*: what can stand after a colon in the SQL. */
bool sql_is_parameter_name(struct text name);
bool sql_is_endpoint_name(struct text name);
/* Takes the name of a column off `rest`, which is trimmed and stays so: a word, or what stands in double quotes. */
bool sql_take_column(struct text *rest, struct text *name);
/* As much of the user's text as a message should hold, cut between characters. */
struct text sql_shown(struct text text);

/* annotation.c */

/* Reads `-- key: value`. A key alone counts where it is a flag: `-- isolated`. */
bool sql_note_from(struct text comment, struct note *note);
/* ANNOTATION_COUNT when there is none of that name. */
enum annotation sql_annotation_of(struct text key);
const char *sql_annotation_key(enum annotation annotation);
/* "GET, POST, ... followed by a path": what a diagnostic says was expected. */
const char *sql_annotation_expected(enum annotation annotation);
/* At an annotation of this key: it must stand at the start of its line, in an SQL text as well. */
bool sql_is_at_note(const struct parser *parser, struct text key);
/* At the `-- name:` that begins an endpoint: it must stand at the start of its line, in an SQL text as well. */
bool sql_is_at_endpoint(const struct parser *parser);
/* `note` has the key of an annotation. */
void sql_read_note(struct parser *parser, const struct note *note);
void sql_complain_of_place(struct parser *parser, const struct note *note);
/* Reads up to the first token of the SQL, the next endpoint or the end. */
void sql_parse_annotations(struct parser *parser);

/* False: it is none of `:one`, `:many` and `:exec`. */
bool sql_take_shape(struct text text, enum endpoint_shape *shape);

/* errors.c */

bool sql_read_errors(struct parser *parser, const struct note *note);

/* access_notes.c */

bool sql_read_roles(struct parser *parser, const struct note *note);
bool sql_read_public(struct parser *parser, const struct note *note);
bool sql_is_setting(struct text name);
bool sql_read_settings(struct parser *parser, const struct note *note);
bool sql_read_rate(struct parser *parser, const struct note *note);
/* Takes `claim PATH`, `header NAME`, `cookie NAME` or `address` off `rest`, which is trimmed. `kind` stays as it is where
 * something else stands. False: it begins so, and is none. */
bool sql_take_source(struct parser *parser, struct text *rest, struct source *source);
/* What of these annotations does not fit together. */
void sql_check_access(struct parser *parser);
/* Returns those of the endpoint's parameters; NULL: the client gives all. */
const struct source *sql_keep_sources(struct parser *parser);

/* body_notes.c */

bool sql_read_body(struct parser *parser, const struct note *note);
/* Whether the endpoint can have it. */
void sql_check_body(struct parser *parser);

/* given.c */

/* Whether the parameter before it is asked for: `:name?`. */
bool sql_asks_given(const struct sql_scanner *scanner);
/* Makes parameters that are asked for ones that may be left out. */
void sql_check_given(struct parser *parser);

/* answer_notes.c */

bool sql_read_status(struct parser *parser, const struct note *note);
bool sql_read_content_type(struct parser *parser, const struct note *note);
bool sql_read_header(struct parser *parser, const struct note *note);
/* What of these annotations does not fit the shape. */
void sql_check_answer(struct parser *parser);
/* NULL: the endpoint has none of them. */
const struct answer *sql_keep_answer(struct parser *parser);

/* parameter_notes.c */

bool sql_read_param(struct parser *parser, const struct note *note);
/* NULL when there is none of that name. */
struct db_parameter *sql_find_parameter(struct db_parameter *parameters, unsigned count, struct text name);

/* column_notes.c */

bool sql_read_column(struct parser *parser, const struct note *note);

/* representation_notes.c */

bool sql_read_etag(struct parser *parser, const struct note *note);
bool sql_read_last_modified(struct parser *parser, const struct note *note);
extern const char sql_cache_control_expected[];
bool sql_read_cache_control(struct parser *parser, const struct note *note);
/* Of a parameter that comes from If-Match, on this line. */
void sql_check_if_match(struct parser *parser, unsigned line);
/* What of these annotations does not fit together. */
void sql_check_representation(struct parser *parser);

/* cache_notes.c */

extern const char sql_cache_expected[];
bool sql_read_cache(struct parser *parser, const struct note *note);
/* Whether the endpoint can have it. */
void sql_check_cache(struct parser *parser);

/* event_notes.c */

bool sql_read_events(struct parser *parser, const struct note *note);
/* Whether the endpoint can have it, and has its parameters. */
void sql_check_events(struct parser *parser);

/* path.c */

/* Returns whether the path of a route, which is not empty, is well formed; complains if not. */
bool sql_check_path(struct parser *parser, unsigned line, struct text path);
/* Checks the path of the endpoint against the parameters of its SQL. */
void sql_check_path_parameters(struct parser *parser);

/* part_notes.c */

static inline bool sql_begins_part(enum annotation annotation)
{
	return annotation == ANNOTATION_GATHER || annotation == ANNOTATION_STEP;
}
bool sql_read_gather(struct parser *parser, const struct note *note);
bool sql_read_step(struct parser *parser, const struct note *note);
bool sql_read_optional(struct parser *parser, const struct note *note);
/* Complains of an annotation of the whole within a part, or of a part's outside. */
bool sql_part_refuses(struct parser *parser, enum annotation annotation, unsigned line);
/* In an endpoint of parts, at the next one. */
bool sql_is_at_part(const struct parser *parser);
void sql_check_part_has_sql(struct parser *parser);
/* The SQL at hand is that of the last part. */
void sql_keep_part(struct parser *parser);
void sql_check_parts(struct parser *parser);
/* Gives the endpoint, which is otherwise complete, its parts. */
void sql_make_parts(struct parser *parser, struct endpoint *whole);

/* step_notes.c */

/* At `:take.id`, where `take` is a part: keeps it, and where it belongs in the SQL so far. False: it is a parameter. */
bool sql_add_step_value(struct parser *parser, const struct buffer *sql, const struct sql_token *token);
void sql_check_step_values(struct parser *parser);

/* statement.c */

/* Reads the SQL of the endpoint, or that of its parts, the first of which has begun. Returns false when one has none, or
 * could not be read to its end. */
bool sql_parse_statements(struct parser *parser);
/* Passes white space and comments; false at anything else. An annotation is in the wrong place here. */
bool sql_pass_blank(struct parser *parser, const struct sql_token *token);
/* Of a token without an end. */
void sql_complain_of_end(struct parser *parser, const struct sql_token *token);
/* After an error that makes the rest of an endpoint unreadable. */
void sql_skip_to_endpoint(struct parser *parser);

/* file.c */

/* What follows from the rest. */
void sql_complete_endpoint(struct endpoint *endpoint);

/* slip.c */

/* Which annotation a comment was meant for that is none: `-- route GET /x`, `-- Status: 201`. ANNOTATION_COUNT: it is an
 * ordinary comment. */
enum annotation sql_slip_from(struct text comment, struct text *value);
/* Complains of a comment, wherever it stands, that looks like what keeps clients off: none of these is lost in silence. */
void sql_refuse_guard(struct parser *parser, const struct sql_token *comment);
void sql_complain_of_slip(struct parser *parser, const struct sql_token *comment, enum annotation annotation,
			  struct text value);
