/* db_capacity.h - how many connections to PostgreSQL the service would like to have, with all those that share the
 * database, and how many they may have.
 *
 * Thread:  any; blocks for a connect and a query, at most options->connect_timeout_ms.
 * Errors:  what cannot be asked is not said.
 */
#pragma once

#include "server/service.h"

/* Says both in the log: a warning when they are too few. Before the loops have connected. `is_check`: of one service
 * alone, that they are enough is not said. */
void db_capacity_say(const struct service *service, bool has_streams, bool listens, bool is_check);
