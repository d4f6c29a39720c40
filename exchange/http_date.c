#include "exchange/http_date.h"

#include "base/compiler.h"

#include <stdio.h>
#include <time.h>

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* By itself: strftime() asks the locale. */
void http_date_write(char out[static HTTP_DATE_BYTES], int64_t seconds)
{
	struct tm tm;
	time_t time = (time_t)seconds;

	gmtime_r(&time, &tm);
	snprintf(out, HTTP_DATE_BYTES, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
		 (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* The preferred form, and the two obsolete ones that a recipient must know. The program stays in the C locale. */
bool http_date_read(struct text text, int64_t *seconds)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
					    "%a %b %e %H:%M:%S %Y"};
	char copy[64];

	if (text.length == 0 || text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(copy, forms[i], &tm);

		if (end == NULL || *end != '\0' || end != copy + text.length)
			continue;
		*seconds = timegm(&tm);
		return true;
	}
	return false;
}
