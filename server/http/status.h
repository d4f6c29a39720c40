/* status.h - the words that stand behind a status.
 *
 * Limits:  statuses from 200 on.
 */
#pragma once

/* Those of the registry; "OK" or "Error" for a status that is not registered. */
const char *http_status_reason(unsigned status);
