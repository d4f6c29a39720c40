/* token_error.h - why a token is refused: a closed set, each with one fixed sentence for its client.
 *
 * Thread:  any.
 */
#pragma once

enum token_error {
	TOKEN_GOOD,
#define TOKEN_ERROR(name, sentence) TOKEN_##name,
#include "identity/token_error.def"
#undef TOKEN_ERROR
	TOKEN_ERROR_COUNT
};

/* Of RFC 6750, section 3.1: what stands in `error="..."` for each of them. */
#define TOKEN_ERROR_CODE "invalid_token"

/* What stands in `error_description="..."`: ASCII without quotes and backslashes. */
const char *token_error_sentence(enum token_error error);
/* "KEY_UNKNOWN": for the log alone. */
const char *token_error_word(enum token_error error);
