/* fake_queue_tables.h: which batches fail, and which ones wait. */
#include <pthread.h>
#include <string.h>

#include "lib/fake_queue_statements.h"
#include "lib/fake_queue_tables.h"

static struct {
	pthread_mutex_t lock;
	struct {
		enum fake_outcome outcome;
		unsigned times, sent;
		bool is_held;
	} writes[FAKE_WRITES];
} failures = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define LOCKED(...)                                                                                                    \
	do {                                                                                                           \
		pthread_mutex_lock(&failures.lock);                                                                    \
		__VA_ARGS__;                                                                                           \
		pthread_mutex_unlock(&failures.lock);                                                                  \
	} while (0)

void fake_failures_reset(void)
{
	memset(failures.writes, 0, sizeof(failures.writes));
}

void fake_tables_fail(enum fake_write kind, enum fake_outcome outcome, unsigned times)
{
	LOCKED(failures.writes[kind].outcome = outcome; failures.writes[kind].times = times);
}

void fake_tables_hold(enum fake_write kind, bool is_held)
{
	LOCKED(failures.writes[kind].is_held = is_held);
}

unsigned fake_tables_sent(enum fake_write kind)
{
	unsigned sent;

	LOCKED(sent = failures.writes[kind].sent);
	return sent;
}

void fake_tables_note_sent(int kind)
{
	if (kind >= 0)
		LOCKED(failures.writes[kind].sent++);
}

bool fake_tables_holds(int kind)
{
	bool is_held;

	LOCKED(is_held = kind >= 0 && failures.writes[kind].is_held);
	return is_held;
}

enum fake_outcome fake_tables_outcome(int kind)
{
	enum fake_outcome outcome = FAKE_GOOD;

	LOCKED(if (kind >= 0 && failures.writes[kind].times > 0) {
		failures.writes[kind].times--;
		outcome = failures.writes[kind].outcome;
	});
	return outcome;
}
