/* migrate.h - makes and upgrades the tables of the queue, in the schema meantime_queue.
 *
 * Each migration is one transaction. Its advisory lock lets one of several programs go on at a time. Each looks at the
 * version again once it has the lock. Nothing is left in the session.
 *
 * Life:    queue_migrate(), in no transaction.
 * Owner:   the connection and the texts are borrowed.
 * Thread:  any; it blocks.
 * Limits:  each lock is waited for lock_timeout_ms. A migration itself may take as long as it takes.
 * Errors:  -1 and `why`. The migrations that were said to be made are made; of the others nothing is.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"

enum { QUEUE_MIGRATE_WHY_BYTES = 1000 };

struct queue_migrate_settings {
	bool is_dry_run;          /* all is done in one transaction, and rolled back */
	const char *service_role; /* is granted what serving takes; NULL: none is */
	uint32_t lock_timeout_ms;
	FILE *out; /* what was done is said there, a line each */
};

/* Whether the tables are those of this program, and the role may serve with them. */
MUST_CHECK int queue_migrate_check(PGconn *pg, char why[static QUEUE_MIGRATE_WHY_BYTES]);
MUST_CHECK int queue_migrate(PGconn *pg, const struct queue_migrate_settings *settings,
			     char why[static QUEUE_MIGRATE_WHY_BYTES]);
