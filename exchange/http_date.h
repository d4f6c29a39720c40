/* http_date.h - dates in header lines (RFC 9110, section 5.6.7).
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { HTTP_DATE_BYTES = sizeof("Sun, 06 Nov 1994 08:49:37 GMT") };

/* Writes seconds since 1970, of the years 1970 to 9999, with a NUL. */
void http_date_write(char out[static HTTP_DATE_BYTES], int64_t seconds);
/* Reads the three forms that there are. False: it is none of them. */
bool http_date_read(struct text text, int64_t *seconds);
