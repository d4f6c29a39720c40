/* lease_token.h - what a consumer shows when it says what became of a job. No other lease ever has the same.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct lease_token {
	uint64_t epoch;  /* of the dispatcher: each start has a larger one */
	uint64_t number; /* of the lease, from 1 */
};

enum { LEASE_TOKEN_BYTES_MAX = 33 };

/* Writes "EPOCH-NUMBER", both in hexadecimal, without NUL. Returns its length. */
size_t lease_token_write(struct lease_token token, char text[static LEASE_TOKEN_BYTES_MAX]);
/* Takes only what lease_token_write() writes. */
bool lease_token_read(struct text text, struct lease_token *token);
