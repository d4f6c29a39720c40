/* describe.h - asks PostgreSQL about every endpoint's statement: does it prepare, which types has it?
 *
 * Life:    once at start, before anything is served.
 * Thread:  start-up; blocks, with settings->connect_timeout_ms, start_wait_ms and, for each statement, the longer of
 *          statement_timeout_ms and 5 s as its deadlines.
 * Errors:  diagnostics in the set, file:line of the place PostgreSQL names. -1: there are some, or no connection
 *          (`why`).
 */
#pragma once

#include "db/settings.h"
#include "handlers/sql/file.h"

/* Fills in types and columns, checks the defaults against them, and lets PostgreSQL cut what is longer than row_limit.
 */
MUST_CHECK int db_describe(struct endpoint_set *set, const struct db_settings *settings, const char **why);
