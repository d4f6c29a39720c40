/* fake_queue_statements.h - the statements of the queues' store over tables in memory, for fake_queue_pipeline.c.
 *
 * Thread:  any.
 */
#pragma once

#include "lib/fake_queue_tables.h"

struct db_result;

/* Of enum fake_write, or -1. */
int fake_statement_kind(const char *sql);
struct db_result *fake_statement_answer(const char *sql, const char *const *values);
/* With the tables. */
void fake_failures_reset(void);
void fake_tables_note_sent(int kind);
bool fake_tables_holds(int kind);
/* How the next batch of this kind ends: it counts. */
enum fake_outcome fake_tables_outcome(int kind);
