/* datetime.h - is this text an ISO 8601 date or time that exists, or what else PostgreSQL prints for one?
 *
 * Whatever a row shows is taken back: years of more than four digits, a " BC" behind all, infinity and -infinity, the
 * time 24:00:00. Otherwise strict: times are HH:MM[:SS[.fraction]] up to 23:59:59 with at most nine digits of
 * fraction. Leap seconds, and 24:00 behind a date, are refused: PostgreSQL would silently make the next minute or day
 * of them. Between date and time stands 'T' or one space.
 *
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

bool datetime_is_date(struct text text);
/* Without an offset, which PostgreSQL would silently drop. */
bool datetime_is_time(struct text text);
bool datetime_is_timestamp(struct text text);
/* With an offset, since without one it would mean whatever the session's time zone is. The offset is Z, +HH, +HHMM,
 * +HH:MM or +HH:MM:SS, as zones had it before there were any. */
bool datetime_is_timestamptz(struct text text);
/* Reads a timestamp with an offset, as PostgreSQL prints it, into seconds since 1970; a fraction is dropped. False: it is
 * not of the years 1970 to 9999. */
bool datetime_seconds(struct text text, int64_t *seconds);
