/* steps.h - an endpoint of steps: several statements that are one transaction, in one round trip.
 *
 * All are sent at once, with one Sync behind them: all are done, or nothing is. The result of the last step is the answer.
 * A step of :one must find a row. So that this, too, ends the transaction, PostgreSQL itself fails where there is none
 * (server/edition/must_find.h).
 *
 * Errors:  that of the first step that fails.
 */
#pragma once

#include "exchange/router.h"

/* What PostgreSQL's error shows where a step of :one has found nothing: a text that is no number. */
#define STEPS_FOUND_NOTHING "meantime found nothing: "

/* The first step of the exchange; route->data is the plan. */
step_fn sql_steps_begin;
