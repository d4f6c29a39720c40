/* format.h - numbers and times as people read them: three digits and a unit.
 *
 * Limits: FORMATTED bytes, NUL included; longer is cut.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { FORMATTED = 32 };

/* "850 us", "1.20 ms", "2.35 s"; "-" for NAN. */
const char *format_ms(double ms, char text[static FORMATTED]);
/* The same with ">=" before a lower bound. */
const char *format_bound(double ms, bool is_at_least, char text[static FORMATTED]);
/* "78.5k", "1.20M", "850", "12.5", "0.250". */
const char *format_count(double count, char text[static FORMATTED]);
/* "12.3 MiB". */
const char *format_bytes(double bytes, char text[static FORMATTED]);

/* Writes `text` as a JSON string, quotes included. */
void format_json_string(FILE *out, const char *text);
