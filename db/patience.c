#include "db/patience.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/backoff.h"
#include "db/wait.h"

#include <string.h>
#include <time.h>

void db_patience_sleep(uint64_t ns)
{
	struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

	/* a signal that does not end the program is no reason to look again */
	nanosleep(&time, NULL);
}

int db_patience_open(struct db_conn *conn, uint64_t end_ns)
{
	char said[sizeof(conn->error)] = "";

	for (unsigned failures = 0; db_wait_open(conn, UINT64_MAX) != 0; failures++) {
		uint64_t pause_ns = backoff_ns(failures);

		if (clock_now_ns() + pause_ns >= end_ns)
			return -1;
		if (strcmp(said, conn->error) != 0) {
			memcpy(said, conn->error, sizeof(said));
			log_warning("db", "waiting for the database, %u ms at most: %s", conn->settings->start_wait_ms,
				    said);
		}
		db_patience_sleep(pause_ns);
	}
	return 0;
}
