/* fake_inbox_table.h - the table of jobs that came through other services, for fake_queue_tables.c.
 *
 * Thread:  one at a time.
 * Limits:  FAKE_ROWS_MAX rows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct db_result;

void fake_inbox_reset(void);
/* Of a higher place than those before. */
void fake_inbox_add(int64_t place, int64_t id, const char *queue);
const unsigned *fake_inbox_count(void);
/* False: it is not there. */
bool fake_inbox_take(int64_t place, int64_t *id);
struct db_result *fake_inbox_read(const char *const *values);
