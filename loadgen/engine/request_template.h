/* request_template.h - the bytes of a request with what varies in them: {n}, {random:a-b}, and the length of the body.
 *
 * Life:    all zero -> request_template_add()*, request_template_add_piece()* -> constant.
 * Owner:   texts are views of what was added, which has to live as long.
 * Limits:  REQUEST_PIECES_MAX pieces.
 * Errors:  -1, and the place's message names the braces, and what was expected.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "loadgen/engine/request_place.h"

enum { REQUEST_PIECES_MAX = 64 };

struct request_piece {
	enum { PIECE_TEXT, PIECE_NUMBER, PIECE_RANDOM, PIECE_LENGTH } kind; /* PIECE_LENGTH: of the body */
	struct text text;
	uint64_t from, to; /* of PIECE_RANDOM, both included */
};

struct request_template {
	struct request_piece pieces[REQUEST_PIECES_MAX];
	unsigned count;
};

/* Cuts `text` into pieces. A brace that begins neither {n} nor {random:a-b} is itself in a body, which may be JSON, and
 * wrong elsewhere. */
int request_template_add(struct request_template *template, struct text text, bool is_body,
			 const struct request_place *place);
int request_template_add_piece(struct request_template *template, struct request_piece piece,
			       const struct request_place *place);
/* Is it different each time? */
bool request_template_varies(const struct request_template *template);
