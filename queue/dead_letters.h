/* dead_letters.h - what is asked of the tables of dead letters and of settings, and what they answer.
 *
 * Owner:   what is read is in the arena that is given.
 * Thread:  the store's.
 */
#pragma once

#include "queue/store_parts.h"

/* Ids from `first` to `last`, so many at most. */
struct dead_range {
	int64_t first, last;
	unsigned most;
	int64_t payload_bytes_max; /* a larger one is not read, where it only becomes a job's again */
};

/* That are to be jobs again, or to go. */
struct dead_letters {
	struct job_spec *jobs;
	unsigned count;
};

void dead_letters_ask_list(struct errand *errand, const char *queue, const struct dead_range *range);
struct order_dead *dead_letters_list(const struct db_result *rows, struct arena *arena);

void dead_letters_ask(struct errand *errand, const char *queue, const struct dead_range *range);
void dead_letters_read(struct dead_letters *letters, const struct db_result *rows, struct arena *arena);
/* Of the id as text; NULL: it is not among them. */
struct job_spec *dead_letters_find(const struct dead_letters *letters, struct text id);
/* The third statement answers with the ids of those that are jobs, also where an earlier batch did it. The last statement of
 * both is that of ownership_ask(). */
void dead_letters_resend(struct errand *errand, const char *epoch, const struct dead_letters *letters);
void dead_letters_purge(struct errand *errand, const char *epoch, const struct dead_letters *letters);

/* What ORDER_PAUSE, ORDER_RESUME and ORDER_LIMIT change. */
void queue_settings_merge(struct queue_settings *settings, enum order_errand errand,
			  const struct queue_settings *wishes);
void queue_settings_write(struct errand *errand, const char *epoch, const char *queue, enum order_errand what,
			  const struct queue_settings *settings);
