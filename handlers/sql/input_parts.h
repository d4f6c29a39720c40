/* input_parts.h - the parameters of one request as they are found, for handlers/sql/input*.c only.
 *
 *   input.c        path, body, sources, defaults; what is bound in all
 *   input_query.c  the query string
 *
 * Owner:   the exchange's arena.
 * Thread:  the exchange's.
 */
#pragma once

#include "db/values/parameter.h"
#include "handlers/sql/input.h"

/* The values of an array parameter in the query string, in their order. */
struct repeated {
	struct text *values;
	unsigned count, capacity;
};

/* The parameters of one request, as they are found. */
struct input {
	struct exchange *x;
	const struct sql_plan *plan;
	const struct db_signature *signature;
	const char **values;                    /* to bind */
	enum error error;                       /* that a problem stands for */
	const char *origins[DB_PARAMETERS_MAX]; /* where it was given; NULL: not given so far */
	struct repeated *repeated;              /* of each parameter; NULL: no array in the query string so far */
};

extern const char input_in_query[];

static inline const struct db_parameter *input_parameter_at(const struct input *input, unsigned index)
{
	return &input->signature->parameters[index];
}

/* Each of these returns NULL, or a sentence for the client. */

/* What the service takes from elsewhere is not the client's to give. */
const char *input_refuse_given(struct input *input, unsigned index);
/* Several texts, for an array; or one. */
const char *input_bind_texts(struct input *input, unsigned index, const struct text *texts, unsigned count,
			     const char *origin);
const char *input_bind_query(struct input *input);
