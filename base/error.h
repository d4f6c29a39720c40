/* error.h - the errors of the program: one table gives the name, the HTTP status and the title.
 *
 * Errors: functions return 0 or a negative `enum error`; ERROR_NONE is 0.
 */
#pragma once

enum error {
	ERROR_NONE,
#define ERROR(name, status, title) ERROR_##name,
#include "base/error.def"
#undef ERROR
	ERROR_COUNT
};

unsigned error_status(enum error error);
const char *error_title(enum error error);
/* The stable machine-readable word, such as "outcome_unknown"; the last part of a problem's type. */
const char *error_word(enum error error);
