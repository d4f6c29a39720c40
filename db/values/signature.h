/* signature.h - what goes into a statement and what comes out: the types of its parameters, and its columns.
 *
 * A migration changes it while the service runs. A result is written with the signature that its statement had when it
 * was described on the same session. Values are sent only where the signature takes what they were checked for.
 *
 * Life:    a signature is filled once (learn.h) and never changed. The first is the statement's own, the others belong
 *          to `signatures` and live as long: db_signatures_create() -> db_signatures_destroy().
 * Owner:   the endpoint set, by its statement.
 * Thread:  any, at any time; one learns at a time.
 * Limits:  DB_SIGNATURES_MAX signatures a statement.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "db/values/type.h"

enum {
	DB_SIGNATURES_MAX = 64, /* that are remembered of one statement */
};

struct db_parameter {
	const char *name;         /* as in the SQL file, without the colon; $1 is parameters[0] */
	const char *description;  /* "" when there is none */
	const char *default_text; /* the value to bind when none is given; NULL means SQL NULL */
	bool has_default;         /* without one the parameter is required */
	unsigned line;            /* of its `-- param:` or its first use */
	struct db_type type;
	unsigned oid; /* of the type */
};

struct db_column {
	const char *name;
	struct text key; /* `"name":`, escaped */
	struct db_type type;
	unsigned oid;       /* of the type */
	bool is_never_null; /* it is known not to be; not of what was learnt */
};

struct db_signature {
	const struct db_parameter *parameters; /* as many as the statement has */
	struct db_column *columns;
	unsigned column_count;
};

/* One that was learnt, with its memory. */
struct db_learnt {
	struct db_signature signature;
	struct arena arena;
};

struct signature_lock;

struct db_signatures {
	const struct db_signature *first; /* the statement's own */
	_Atomic(const struct db_signature *) newest;
	/* grows with each signature that is published, and with each doubt: what was prepared before is looked at
	 * again */
	atomic_uint generation;
	struct signature_lock *lock; /* of what follows */
	struct db_learnt *learnt[DB_SIGNATURES_MAX];
	unsigned count;
};

struct db_signatures *db_signatures_create(const struct db_signature *first);
void db_signatures_lock(struct db_signatures *signatures);
void db_signatures_unlock(struct db_signatures *signatures);
/* NULL is none. */
void db_signatures_destroy(struct db_signatures *signatures);

static inline const struct db_signature *db_signatures_newest(const struct db_signatures *signatures)
{
	return atomic_load_explicit(&signatures->newest, memory_order_acquire);
}

/* Makes it the newest. Returns the generation that begins with it. */
unsigned db_signatures_publish(struct db_signatures *signatures, const struct db_signature *signature);

/* Its statement is described again before it is next run: a table may have changed. */
void db_signatures_doubt(struct db_signatures *signatures);

/* Whether values that were checked for the one may be bound to the other: PostgreSQL reads their text the same way. */
bool db_signature_takes(const struct db_signature *signature, const struct db_signature *checked_for, unsigned count);

/* Why an endpoint cannot serve rows of this signature, in words that follow its name, from the arena; NULL: it can. */
const char *db_signature_problem(const struct db_signature *signature, bool needs_columns, struct arena *arena);
