/* record.h - what is known of one request, and the log that keeps every one of them.
 *
 * Times are nanoseconds on the monotonic clock since the load's start. Nothing is sampled, rounded or dropped.
 *
 * Life:    record_log_init() -> record_log_add()* -> record_log_at()* -> record_log_cleanup().
 * Owner:   records belong to the log and do not move; it grows in chunks.
 * Thread:  one.
 * Limits:  RECORDS_MAX; a load that reaches it ends there and says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a request ended. The words are those of the reports and of the JSON. */
#define OUTCOMES(_)                                                                                                    \
	_(ANSWERED, "answered", "a whole response, whatever its status")                                               \
	_(REFUSED, "refused", "the connection was refused")                                                            \
	_(UNREACHABLE, "unreachable", "the connection could not be made: no route, no free port, no file")             \
	_(RESET, "reset", "the server reset the connection")                                                           \
	_(CLOSED, "closed", "the server closed the connection before the response was whole")                          \
	_(TIMED_OUT, "timed out", "no whole response within --timeout; it stays in as \"at least that long\"")         \
	_(MALFORMED, "malformed", "what came is no HTTP/1.1 response")                                                 \
	_(NOT_SENT, "not sent", "due, but --max-in-flight requests were under way: it was never sent")                 \
	_(CUT_OFF, "cut off", "still under way when the drain was over, or when the run was interrupted")

enum outcome {
#define OUTCOME(name, word, help) OUTCOME_##name,
	OUTCOMES(OUTCOME)
#undef OUTCOME
	    OUTCOME_COUNT
};

const char *outcome_word(enum outcome outcome);
const char *outcome_help(enum outcome outcome);

enum { REQUEST_UNKNOWN = UINT8_MAX };
#define TIMING_UNKNOWN UINT32_MAX

struct record {
	uint64_t intended_ns; /* when it was due; in a closed loop when it was sent */
	uint64_t sent_ns;     /* just before its first byte was written; 0 when it never was */
	uint64_t first_ns;    /* when the first byte of its response was read; 0 when none came */
	uint64_t done_ns;     /* when its response was whole, or when it was given up */
	/* of Server-Timing, in microseconds; TIMING_UNKNOWN when the response did not say */
	uint32_t queue_us, database_us, total_us;
	uint32_t bytes;      /* of the response, head and body, as read; at most UINT32_MAX */
	uint32_t connection; /* counted from 0; a new one after each reconnect */
	uint16_t status;     /* 0 when none came */
	uint8_t outcome;     /* enum outcome */
	uint8_t request;     /* which of the request set; REQUEST_UNKNOWN when it never was sent */
	uint8_t is_warmup;   /* due before the measured window began */
	uint8_t is_late;     /* done after the window had ended: counted, since it was due within it */
	uint8_t redirects;   /* that were followed to get it; its times are of all of them together */
	uint8_t unused[5];
};
_Static_assert(sizeof(struct record) == 64, "a record is one cache line");

enum { RECORDS_PER_CHUNK = 16384 };
#define RECORDS_MAX UINT64_C(200000000)

struct record_log {
	struct record **chunks;
	size_t chunk_count, chunk_capacity;
	uint64_t count;
};

void record_log_init(struct record_log *log);
void record_log_cleanup(struct record_log *log);
/* Returns a record for the caller to fill, all zero but for the times of Server-Timing, which are unknown; NULL at
 * RECORDS_MAX. */
struct record *record_log_add(struct record_log *log);
static inline struct record *record_log_at(const struct record_log *log, uint64_t index)
{
	return &log->chunks[index / RECORDS_PER_CHUNK][index % RECORDS_PER_CHUNK];
}

/* Answered with 2xx or 3xx. */
static inline bool record_is_good(const struct record *record)
{
	return record->outcome == OUTCOME_ANSWERED && record->status >= 200 && record->status < 400;
}
/* From when it was due; what a client of the service has waited. */
static inline uint64_t record_response_ns(const struct record *record)
{
	return record->done_ns - record->intended_ns;
}
/* From when it was sent. */
static inline uint64_t record_service_ns(const struct record *record)
{
	return record->done_ns - record->sent_ns;
}
/* Is its time a lower bound only (timed out, or cut off)? */
static inline bool record_is_at_least(const struct record *record)
{
	return record->outcome == OUTCOME_TIMED_OUT || record->outcome == OUTCOME_CUT_OFF;
}

/* Does its time say something of the service? A failure's does not: most of them are quick. */
static inline bool record_has_time(const struct record *record)
{
	return record_is_good(record) || record_is_at_least(record);
}
