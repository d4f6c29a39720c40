/* channel_name.h - the name of a channel, made of literals and of parameters that were checked: `order_{id}`.
 *
 * Two different sets of values never make one name, where one of the parameters at most is a text. The others have one
 * form for each value. A name begins with a literal, and between two parameters is one without digits and hyphens.
 *
 * Life:    channel_name_read() at start, then constant.
 * Owner:   its texts are borrowed.
 * Thread:  any.
 * Limits:  CHANNEL_NAME_BYTES_MAX, as PostgreSQL has it, which cuts nothing off here: NOTIFY refuses a longer name.
 * Errors:  NULL, or what is wrong, as the end of a sentence.
 */
#pragma once

#include "base/arena.h"

enum {
	CHANNEL_NAME_BYTES_MAX = 63,
	CHANNEL_PIECES_MAX = 16, /* each parameter has a literal before it */
};

enum channel_kind {
	CHANNEL_INTEGER, /* as PostgreSQL prints it: no plus, no zeros in front */
	CHANNEL_UUID,    /* in lower case, with its hyphens */
	CHANNEL_TEXT,
};

struct channel_piece {
	struct text text; /* of a parameter, its name */
	bool is_parameter;
};

struct channel_name {
	struct channel_piece pieces[CHANNEL_PIECES_MAX];
	unsigned count;
};

const char *channel_name_read(struct text text, struct channel_name *name);
/* Adds a value that was checked as one of its kind to `out`, which has its NUL and CHANNEL_NAME_BYTES_MAX bytes. */
const char *channel_name_add(char out[CHANNEL_NAME_BYTES_MAX + 1], enum channel_kind kind, struct text value);
/* Adds a literal. */
const char *channel_name_add_literal(char out[CHANNEL_NAME_BYTES_MAX + 1], struct text literal);
