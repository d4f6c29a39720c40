#include "server/state/metrics_parts.h"

#include "base/log.h"
#include "loop/exhaustion.h"
#include "server/state/metrics_text.h"

static uint64_t sum(const struct metrics *metrics, unsigned name, size_t offset)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < metrics->loop_count; i++)
		total += metrics_get(
		    (const _Atomic uint64_t *)((const char *)metrics_counters_of(metrics, i, name) + offset));
	return total;
}

#define SUM(route, field) sum(metrics, route, offsetof(struct counters, field))

static void write_requests(const struct metrics *metrics, struct buffer *out)
{
	unsigned names = atomic_load_explicit(&metrics->name_count, memory_order_acquire);

	metrics_write_header(out, "requests_total", "counter", "Responses sent, by route and class of status.");
	for (unsigned route = 0; route < names; route++)
		for (unsigned class = 1; class < CLASSES; class ++) {
			uint64_t count = sum(metrics, route, offsetof(struct counters, by_class) + class * 8);

			if (count > 0)
				buffer_printf(out, "meantime_requests_total{route=\"%s\",status=\"%uxx\"} %llu\n",
					      metrics->names[route], class, (unsigned long long)count);
		}
}

static double bound_s(unsigned bucket)
{
	return (double)(UINT64_C(1) << (bucket + FIRST_BUCKET_LOG2_NS)) / 1e9;
}

static void write_seconds(const struct metrics *metrics, struct buffer *out)
{
	unsigned names = atomic_load_explicit(&metrics->name_count, memory_order_acquire);

	metrics_write_header(out, "request_seconds", "histogram", "From a request's arrival to its response.");
	for (unsigned route = 0; route < names; route++) {
		const char *name = metrics->names[route];
		uint64_t count = 0;

		if (SUM(route, count) == 0)
			continue;
		for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
			count += sum(metrics, route, offsetof(struct counters, buckets) + bucket * 8);
			buffer_printf(out, "meantime_request_seconds_bucket{route=\"%s\",le=\"%.6g\"} %llu\n", name,
				      bound_s(bucket), (unsigned long long)count);
		}
		buffer_printf(out,
			      "meantime_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n"
			      "meantime_request_seconds_sum{route=\"%s\"} %.6f\n"
			      "meantime_request_seconds_count{route=\"%s\"} %llu\n",
			      name, (unsigned long long)SUM(route, count), name, (double)SUM(route, total_ns) / 1e9,
			      name, (unsigned long long)SUM(route, count));
	}
}

static void write_turns(const struct metrics *metrics, struct buffer *out)
{
	metrics_write_header(out, "loop_turn_seconds", "histogram",
			     "What a turn of a loop takes: what comes meanwhile waits.");
	for (unsigned i = 0; i < metrics->loop_count; i++) {
		const struct loop_counters *loop = &metrics->loops[i];
		unsigned long long count = 0;

		for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
			count += metrics_get(&loop->turn_buckets[bucket]);
			buffer_printf(out, "meantime_loop_turn_seconds_bucket{loop=\"%u\",le=\"%.6g\"} %llu\n", i,
				      bound_s(bucket), count);
		}
		count = metrics_get(&loop->turns);
		buffer_printf(out,
			      "meantime_loop_turn_seconds_bucket{loop=\"%u\",le=\"+Inf\"} %llu\n"
			      "meantime_loop_turn_seconds_sum{loop=\"%u\"} %.6f\n"
			      "meantime_loop_turn_seconds_count{loop=\"%u\"} %llu\n",
			      i, count, i, (double)metrics_get(&loop->turns_ns) / 1e9, i, count);
	}
}

static void write_shares(const struct metrics *metrics, struct buffer *out)
{
	unsigned names = atomic_load_explicit(&metrics->name_count, memory_order_acquire);

	metrics_write_header(out, "queue_seconds_total", "counter",
			     "Time requests waited for a connection or a worker.");
	for (unsigned route = 0; route < names; route++)
		if (SUM(route, queue_ns) > 0)
			buffer_printf(out, "meantime_queue_seconds_total{route=\"%s\"} %.6f\n", metrics->names[route],
				      (double)SUM(route, queue_ns) / 1e9);
	metrics_write_header(out, "database_seconds_total", "counter", "Time requests waited for PostgreSQL.");
	for (unsigned route = 0; route < names; route++)
		if (SUM(route, db_ns) > 0)
			buffer_printf(out, "meantime_database_seconds_total{route=\"%s\"} %.6f\n",
				      metrics->names[route], (double)SUM(route, db_ns) / 1e9);
}

static void write_turned_away(const struct metrics *metrics, struct buffer *out)
{
	metrics_write_header(out, "requests_refused_total", "counter",
			     "Requests that were not let in to wait, by reason.");
	for (unsigned reason = REFUSAL_NONE + 1; reason < REFUSAL_COUNT; reason++) {
		uint64_t count = 0;

		for (unsigned i = 0; i < metrics->loop_count; i++)
			count += metrics_get(&metrics->loops[i].turned_away[reason]);
		buffer_printf(out, "meantime_requests_refused_total{reason=\"%s\"} %llu\n", refusal_name(reason),
			      (unsigned long long)count);
	}
}

static void write_gauges(const struct metrics *metrics, struct buffer *out)
{
	struct metrics_gauges now = {0};

	for (unsigned i = 0; i < metrics->loop_count; i++) {
		const struct loop_counters *loop = &metrics->loops[i];

		now.connections += loop->connections;
		now.refused += loop->refused;
		now.requests += loop->requests;
		now.waiting += loop->waiting;
		now.computations += loop->computations;
		now.db_open += loop->db_open;
		now.db_busy += loop->db_busy;
		now.db_lost += loop->db_lost;
		now.db_run_again += loop->db_run_again;
		now.db_units += loop->db_units;
	}
	metrics_write_header(out, "connections", "gauge", "Client connections.");
	buffer_printf(out, "meantime_connections %u\n", now.connections);
	metrics_write_header(out, "connections_refused_total", "counter",
			     "Connections beyond max_address_connections.");
	buffer_printf(out, "meantime_connections_refused_total %llu\n", (unsigned long long)now.refused);
	metrics_write_header(out, "requests_in_flight", "gauge", "Requests that have no response yet.");
	buffer_printf(out, "meantime_requests_in_flight %u\n", now.requests);
	metrics_write_header(out, "requests_waiting", "gauge", "Requests that wait for a connection or a worker.");
	buffer_printf(out, "meantime_requests_waiting %u\n", now.waiting);
	metrics_write_header(out, "computations", "gauge", "Computations that run, or wait for a compute thread.");
	buffer_printf(out, "meantime_computations %u\n", now.computations);
	metrics_write_header(out, "database_connections", "gauge", "Connections to PostgreSQL.");
	buffer_printf(out,
		      "meantime_database_connections{state=\"open\"} %u\n"
		      "meantime_database_connections{state=\"busy\"} %u\n",
		      now.db_open, now.db_busy);
	metrics_write_header(out, "database_connections_lost_total", "counter",
			     "Connections that broke after they had worked.");
	buffer_printf(out, "meantime_database_connections_lost_total %llu\n", (unsigned long long)now.db_lost);
	metrics_write_header(
	    out, "database_requests_run_again_total", "counter",
	    "Run once more after a loss, a neighbour's failure, from behind a slow one, prepared again, or "
	    "after other transactions were in its way.");
	buffer_printf(out, "meantime_database_requests_run_again_total %llu\n", (unsigned long long)now.db_run_again);
	metrics_write_header(out, "database_units_total", "counter",
			     "Implicit transactions: what ended with one Sync.");
	buffer_printf(out, "meantime_database_units_total %llu\n", (unsigned long long)now.db_units);
}

static void write_log(struct buffer *out)
{
	metrics_write_header(out, "log_lines_dropped_total", "counter", "Log lines that the output did not take.");
	buffer_printf(out, "meantime_log_lines_dropped_total %llu\n", (unsigned long long)log_dropped());
}

static void write_descriptors(struct buffer *out)
{
	metrics_write_header(
	    out, "descriptors_exhausted_total", "counter",
	    "How often no file descriptor was left: for clients, or to connect to PostgreSQL and other hosts.");
	buffer_printf(out,
		      "meantime_descriptors_exhausted_total{operation=\"accept\"} %llu\n"
		      "meantime_descriptors_exhausted_total{operation=\"connect\"} %llu\n",
		      (unsigned long long)exhaustion_times(EXHAUSTION_ACCEPT),
		      (unsigned long long)exhaustion_times(EXHAUSTION_CONNECT));
}

static void write_editions(const struct metrics *metrics, struct buffer *out)
{
	metrics_write_header(out, "endpoints", "gauge", "Endpoints that are served.");
	buffer_printf(out, "meantime_endpoints %u\n", metrics->endpoints);
	metrics_write_header(out, "endpoints_loaded_timestamp_seconds", "gauge",
			     "When their files were last read well.");
	buffer_printf(out, "meantime_endpoints_loaded_timestamp_seconds %llu\n",
		      (unsigned long long)metrics_get(&metrics->edition_s));
	metrics_write_header(out, "reloads_total", "counter", "SIGHUPs: the endpoints were read again, or refused.");
	buffer_printf(out,
		      "meantime_reloads_total{result=\"good\"} %llu\n"
		      "meantime_reloads_total{result=\"refused\"} %llu\n",
		      /* the first were read at the start */
		      (unsigned long long)metrics_get(&metrics->editions) - 1,
		      (unsigned long long)metrics_get(&metrics->refused_editions));
}

static void write_number(struct buffer *out, const char *name, const char *type, const char *help, uint64_t number)
{
	metrics_write_header(out, name, type, help);
	buffer_printf(out, "meantime_%s %llu\n", name, (unsigned long long)number);
}

static void write_events(const struct metrics *metrics, struct buffer *out)
{
	write_number(out, "event_subscribers", "gauge", "Subscribers of events.", metrics->subscribers);
	write_number(out, "event_channels", "gauge", "Channels that are listened to.", metrics->channels);
	write_number(out, "events_total", "counter", "Events that came on a channel.",
		     metrics_get(&metrics->events_published));
	write_number(out, "event_subscribers_cut_off_total", "counter",
		     "Subscribers that took events more slowly than they came.",
		     metrics_get(&metrics->subscribers_cut_off));
	write_number(out, "event_connections_lost_total", "counter", "Losses of the connection that listens.",
		     metrics_get(&metrics->listener_losses));
}

static void write_cache(const struct metrics *metrics, struct buffer *out)
{
	metrics_write_header(out, "cache_requests_total", "counter",
			     "Requests to endpoints whose answers are kept, by what they found.");
	buffer_printf(out,
		      "meantime_cache_requests_total{result=\"hit\"} %llu\n"
		      "meantime_cache_requests_total{result=\"stale\"} %llu\n"
		      "meantime_cache_requests_total{result=\"miss\"} %llu\n"
		      "meantime_cache_requests_total{result=\"collapsed\"} %llu\n",
		      (unsigned long long)metrics_get(&metrics->cache.hits),
		      (unsigned long long)metrics_get(&metrics->cache.stale),
		      (unsigned long long)metrics_get(&metrics->cache.misses),
		      (unsigned long long)metrics_get(&metrics->cache.collapsed));
	write_number(out, "cache_answers", "gauge", "Answers that are kept.", metrics_get(&metrics->cache.entries));
	write_number(out, "cache_bytes", "gauge", "Bytes that they take.", metrics_get(&metrics->cache.bytes));
	write_number(out, "cache_listening", "gauge", "Whether NOTIFY meantime_cache is heard: 1 or 0.",
		     metrics_get(&metrics->cache.is_heard));
	write_number(out, "cache_evictions_total", "counter", "Answers that made room for others.",
		     metrics_get(&metrics->cache.evicted));
	write_number(out, "cache_notifications_total", "counter", "Notifications of meantime_cache.",
		     metrics_get(&metrics->cache.forgotten));
}

void metrics_write(const struct metrics *metrics, struct buffer *out)
{
	write_requests(metrics, out);
	write_seconds(metrics, out);
	write_turns(metrics, out);
	write_shares(metrics, out);
	write_turned_away(metrics, out);
	access_metrics_write(metrics->access, metrics->loop_count, &metrics->keys, out);
	write_gauges(metrics, out);
	write_log(out);
	write_editions(metrics, out);
	write_events(metrics, out);
	write_cache(metrics, out);
	write_descriptors(out);
}
