/* document.h - writes indented JSON, member by member, in the order it is given. What is written as a number stays
 * as it is, digit by digit, which jansson's values do not.
 *
 * Life:    struct document document = {.out = out}; document_open_object(&document, NULL) -> members ->
 *          document_close().
 * Owner:   the caller; what is written is in `out`.
 * Limits:  DOCUMENT_NESTING_MAX brackets open at once.
 */
#pragma once

#include "base/buffer.h"

enum { DOCUMENT_NESTING_MAX = 32 };

struct document {
	struct buffer *out;
	char closing[DOCUMENT_NESTING_MAX]; /* the brackets that are open, by what closes them */
	unsigned depth;
	bool has_members; /* what is open has some */
};

/* `key` is NULL for an element of an array, and for the document itself. The value is the caller's to add. */
void document_begin_member(struct document *document, const char *key);
void document_open_object(struct document *document, const char *key);
void document_open_array(struct document *document, const char *key);
void document_close(struct document *document);
/* Until so many are open. */
void document_close_above(struct document *document, unsigned depth);
/* `json` is a value as it is to be seen. */
void document_add_json(struct document *document, const char *key, const char *json);
void document_add_string(struct document *document, const char *key, const char *string);
