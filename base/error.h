/* error.h - the errors of the program: one table gives the name, the HTTP status and the title.
 *
 * Thread:  any.
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
/* The stable word, such as "OUTCOME_UNKNOWN"; the last part of a problem's type, where it is "outcome-unknown". */
const char *error_word(enum error error);
