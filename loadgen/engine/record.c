#include "loadgen/engine/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const words[] = {
#define WORD(name, word, help) word,
    OUTCOMES(WORD)
#undef WORD
};

static const char *const helps[] = {
#define HELP(name, word, help) help,
    OUTCOMES(HELP)
#undef HELP
};

const char *outcome_word(enum outcome outcome)
{
	return words[outcome];
}

const char *outcome_help(enum outcome outcome)
{
	return helps[outcome];
}

void record_log_init(struct record_log *log)
{
	*log = (struct record_log){0};
}

void record_log_cleanup(struct record_log *log)
{
	for (size_t i = 0; i < log->chunk_count; i++)
		free(log->chunks[i]);
	free(log->chunks);
	record_log_init(log);
}

static void add_chunk(struct record_log *log)
{
	if (log->chunk_count == log->chunk_capacity) {
		size_t capacity = log->chunk_capacity == 0 ? 64 : log->chunk_capacity * 2;
		struct record **chunks = memory_alloc(capacity * sizeof(struct record *));

		if (log->chunk_count > 0)
			memcpy(chunks, log->chunks, log->chunk_count * sizeof(struct record *));
		free(log->chunks);
		log->chunks = chunks;
		log->chunk_capacity = capacity;
	}
	log->chunks[log->chunk_count++] = memory_alloc(RECORDS_PER_CHUNK * sizeof(struct record));
}

struct record *record_log_add(struct record_log *log)
{
	struct record *record;

	if (log->count == RECORDS_MAX)
		return NULL;
	if (log->count == log->chunk_count * RECORDS_PER_CHUNK)
		add_chunk(log);
	record = record_log_at(log, log->count++);
	*record =
	    (struct record){.queue_us = TIMING_UNKNOWN, .database_us = TIMING_UNKNOWN, .total_us = TIMING_UNKNOWN};
	return record;
}
