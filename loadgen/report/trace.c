/* A timeline in Chrome's trace event format, which Perfetto opens. It has a process an arm and a row for each request
 * under way at the same time. So the height of the picture is the concurrency. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "loadgen/report/format.h"
#include "loadgen/report/report_formats.h"

struct event {
	const struct record *record;
	const char *label;
	uint64_t start_ns, end_ns; /* on the monotonic clock */
	unsigned row;
};

struct timeline {
	struct event *events;
	size_t count;
};

static int by_start(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->start_ns != y->start_ns ? (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns)
					  : (x->end_ns > y->end_ns) - (x->end_ns < y->end_ns);
}

static void add_event(struct timeline *timeline, const struct measurement *m, const struct record *record,
		      const char *label)
{
	if (timeline->count < TRACE_REQUESTS_MAX && record->outcome != OUTCOME_NOT_SENT)
		timeline->events[timeline->count++] = (struct event){.record = record,
								     .label = label,
								     .start_ns = m->started_ns + record->intended_ns,
								     .end_ns = m->started_ns + record->done_ns};
}

static uint64_t slowest(const struct measurement *m)
{
	uint64_t best = 0;

	for (uint64_t i = 0; i < m->records.count; i++)
		if (record_response_ns(record_log_at(&m->records, i)) >
		    record_response_ns(record_log_at(&m->records, best)))
			best = i;
	return best;
}

/* The bursts whole; of each load an equal share of what is left, around its slowest request. */
static struct timeline collect(const struct report *report, unsigned arm)
{
	struct timeline timeline = {.events = memory_alloc(TRACE_REQUESTS_MAX * sizeof(struct event))};
	size_t loads = 0, share;

	for (unsigned i = 0; i < report->burst_count; i++) {
		const struct report_burst *burst = &report->bursts[i];

		for (uint64_t j = 0; burst->arm == arm && j < burst->measurement.records.count; j++)
			add_event(&timeline, &burst->measurement, record_log_at(&burst->measurement.records, j),
				  burst->bars[j % burst->bar_count].label);
	}
	for (unsigned i = 0; i < report->load_count; i++)
		loads += report->loads[i]->arm == arm && report->loads[i]->measurement.records.count > 0;
	share = loads == 0 ? 0 : (TRACE_REQUESTS_MAX - timeline.count) / loads;
	for (unsigned i = 0; i < report->load_count; i++) {
		const struct measurement *m = &report->loads[i]->measurement;
		uint64_t from, middle;

		if (report->loads[i]->arm != arm || m->records.count == 0)
			continue;
		middle = slowest(m);
		from = middle > share / 2 ? middle - share / 2 : 0;
		for (uint64_t j = from; j < m->records.count && j < from + share; j++)
			add_event(&timeline, m, record_log_at(&m->records, j), report->loads[i]->what);
	}
	qsort(timeline.events, timeline.count, sizeof(struct event), by_start);
	return timeline;
}

/* Greedy interval partitioning: each takes the row that has been free the longest; a heap of (end, row). */
struct row {
	uint64_t end_ns;
	unsigned number;
};

static void sift_down(struct row *heap, size_t count)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;
		struct row swap;

		if (child + 1 < count && heap[child + 1].end_ns < heap[child].end_ns)
			child++;
		if (child >= count || heap[at].end_ns <= heap[child].end_ns)
			return;
		swap = heap[at];
		heap[at] = heap[child];
		heap[child] = swap;
		at = child;
	}
}

static void push(struct row *heap, size_t count, struct row row)
{
	size_t at = count;

	for (; at > 0 && heap[(at - 1) / 2].end_ns > row.end_ns; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = row;
}

static unsigned assign_rows(struct timeline *timeline)
{
	struct row *heap = memory_alloc((timeline->count + 1) * sizeof(*heap));
	size_t rows = 0;

	for (size_t i = 0; i < timeline->count; i++) {
		struct event *event = &timeline->events[i];

		if (rows > 0 && heap[0].end_ns <= event->start_ns) {
			event->row = heap[0].number;
			heap[0].end_ns = event->end_ns;
			sift_down(heap, rows);
		} else {
			event->row = (unsigned)rows;
			push(heap, rows++, (struct row){event->end_ns, event->row});
		}
	}
	free(heap);
	return (unsigned)rows;
}

/* Writing */

struct writer {
	FILE *out;
	bool has_events;
	unsigned pid;
	uint64_t zero_ns;
};

static void begin(struct writer *writer)
{
	fputs(writer->has_events ? ",\n" : "\n", writer->out);
	writer->has_events = true;
}

static void name_row(struct writer *writer, unsigned row)
{
	begin(writer);
	fprintf(writer->out,
		"{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"row %u\"}}",
		writer->pid, row + 1, row + 1);
	begin(writer);
	fprintf(writer->out,
		"{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%u}}",
		writer->pid, row + 1, row + 1);
}

static void name_process(struct writer *writer, const char *name)
{
	begin(writer);
	fprintf(writer->out, "{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":", writer->pid);
	format_json_string(writer->out, name);
	fputs("}}", writer->out);
}

static void write_phase(struct writer *writer, const struct event *event, const char *name, double from_us, double us)
{
	if (us <= 0)
		return;
	begin(writer);
	fprintf(writer->out,
		"{\"ph\":\"X\",\"pid\":%u,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"name\":\"%s\",\"cat\":\"phase\"}",
		writer->pid, event->row + 1, from_us, us, name);
}

/* Within the request: wait to send, then what the server said, and what is left. Each is cut to its parent. */
static void write_phases(struct writer *writer, const struct event *event, double start_us, double us)
{
	const struct record *r = event->record;
	double at = start_us, end = start_us + us,
	       wait = r->sent_ns > r->intended_ns ? (double)(r->sent_ns - r->intended_ns) / 1e3 : 0,
	       parts[3] = {wait, 0, 0};
	static const char *const names[] = {"wait to send", "queue", "database"};

	if (r->total_us != TIMING_UNKNOWN && us - wait > r->total_us)
		parts[1] = us - wait - r->total_us; /* unread in the server's socket */
	if (r->queue_us != TIMING_UNKNOWN)
		parts[1] += r->queue_us;
	if (r->database_us != TIMING_UNKNOWN)
		parts[2] = r->database_us;
	for (unsigned i = 0; i < ARRAY_LENGTH(parts); i++) {
		double length = at + parts[i] > end ? end - at : parts[i];

		write_phase(writer, event, names[i], at, length);
		at += length > 0 ? length : 0;
	}
	write_phase(writer, event, "rest", at, end - at);
}

static void write_event(struct writer *writer, const struct event *event)
{
	const struct record *r = event->record;
	double start_us = (double)(event->start_ns - writer->zero_ns) / 1e3,
	       us = (double)(event->end_ns - event->start_ns) / 1e3;

	begin(writer);
	fprintf(writer->out, "{\"ph\":\"X\",\"pid\":%u,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"name\":", writer->pid,
		event->row + 1, start_us, us);
	format_json_string(writer->out, event->label);
	fprintf(writer->out,
		",\"cat\":\"request\",\"args\":{\"status\":%u,\"outcome\":\"%s\",\"bytes\":%" PRIu32
		",\"connection\":%" PRIu32 ",\"intended_us\":%.3f}}",
		r->status, outcome_word((enum outcome)r->outcome), r->bytes, r->connection, start_us);
	write_phases(writer, event, start_us, us);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many are under way, at each change. */
static void write_in_flight(struct writer *writer, const struct timeline *timeline)
{
	uint64_t *ends = memory_alloc((timeline->count + 1) * sizeof(*ends));
	size_t started = 0, ended = 0;

	for (size_t i = 0; i < timeline->count; i++)
		ends[i] = timeline->events[i].end_ns;
	qsort(ends, timeline->count, sizeof(*ends), ascending);
	while (ended < timeline->count) {
		bool is_start = started < timeline->count && timeline->events[started].start_ns < ends[ended];
		uint64_t at = is_start ? timeline->events[started].start_ns : ends[ended];

		started += is_start;
		ended += !is_start;
		begin(writer);
		fprintf(writer->out,
			"{\"ph\":\"C\",\"pid\":%u,\"name\":\"under way\",\"ts\":%.3f,\"args\":{\"n\":%zu}}",
			writer->pid, (double)(at - writer->zero_ns) / 1e3, started - ended);
	}
	free(ends);
}

int report_write_trace(const struct report *report, FILE *out)
{
	struct writer writer = {.out = out, .zero_ns = UINT64_MAX};
	struct timeline timelines[ARMS_MAX];

	for (unsigned arm = 0; arm < report->arm_count; arm++) {
		timelines[arm] = collect(report, arm);
		if (timelines[arm].count > 0 && timelines[arm].events[0].start_ns < writer.zero_ns)
			writer.zero_ns = timelines[arm].events[0].start_ns;
	}
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", out);
	for (unsigned arm = 0; arm < report->arm_count; arm++) {
		unsigned rows = assign_rows(&timelines[arm]);

		writer.pid = arm + 1;
		name_process(&writer, report->arms[arm].name);
		for (unsigned row = 0; row < rows; row++)
			name_row(&writer, row);
		for (size_t i = 0; i < timelines[arm].count; i++)
			write_event(&writer, &timelines[arm].events[i]);
		write_in_flight(&writer, &timelines[arm]);
		free(timelines[arm].events);
	}
	fputs("\n]}\n", out);
	return ferror(out) ? -1 : 0;
}
