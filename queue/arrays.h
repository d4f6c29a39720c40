/* arrays.h - an array in PostgreSQL's text form, written element by element into a buffer that is empty at first.
 *
 * Thread:  one at a time.
 */
#pragma once

#include <stdint.h>

#include "base/buffer.h"

void array_add_number(struct buffer *array, int64_t number);
void array_add_text(struct buffer *array, const char *text);
/* Nanoseconds since 1970 as microseconds; 0 is NULL. */
void array_add_time(struct buffer *array, uint64_t time_ns);
/* Returns it, with its NUL. */
const char *array_end(struct buffer *array);
