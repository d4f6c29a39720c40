/* The requests of a load, from when they are begun to when they are over, and what of them lies within the window. */
#include "loadgen/engine/load_model.h"

/* How much of the time from `from_ns` to `to_ns` lies within the window. */
static double part_in_window(const struct load *load, uint64_t from_ns, uint64_t to_ns)
{
	const struct measurement *m = load->measurement;

	if (from_ns < load->started_ns + m->window_from_ns)
		from_ns = load->started_ns + m->window_from_ns;
	if (to_ns > load->started_ns + m->window_to_ns)
		to_ns = load->started_ns + m->window_to_ns;
	return to_ns > from_ns ? (double)(to_ns - from_ns) : 0;
}

void load_count_in_flight(struct load *load, int change, uint64_t at_ns)
{
	load->in_flight_integral +=
	    (double)load->in_flight * part_in_window(load, load->in_flight_since_ns, load->now_ns);
	load->in_flight_integral += change * part_in_window(load, at_ns, load->now_ns);
	load->in_flight_since_ns = load->now_ns;
	load->in_flight = (uint64_t)((int64_t)load->in_flight + change);
}

void load_count_lateness(struct load *load, uint64_t late_ns)
{
	struct load_self_check *check = &load->measurement->self_check;

	if (load->now_ns < load->started_ns + load->measurement->window_from_ns)
		return;
	check->lateness[lateness_bucket(late_ns)]++;
	check->lateness_count++;
}

bool load_wants_more(struct load *load, uint64_t due_ns)
{
	uint64_t due = due_ns - load->started_ns;

	if (load->phase != LOAD_RUNNING)
		return false;
	load->is_counted_out = load->plan->requests_max > 0 && load->window_requests >= load->plan->requests_max;
	if (due < load->measurement->window_to_ns && !load->is_counted_out)
		return true;
	load_stop(load);
	return false;
}

struct record *load_begin_request(struct load *load, uint64_t intended_ns)
{
	struct record *record = record_log_add(&load->measurement->records);

	if (record == NULL) {
		load->measurement->is_log_full = true;
		load_stop(load);
		return NULL;
	}
	record->intended_ns = intended_ns - load->started_ns;
	load->window_requests += record->intended_ns >= load->measurement->window_from_ns;
	load_count_in_flight(load, 1, intended_ns);
	return record;
}

void load_postpone(struct load *load, struct record *record, uint64_t intended_ns)
{
	load->in_flight_integral -= part_in_window(load, load->started_ns + record->intended_ns, intended_ns);
	load->window_requests -= record->intended_ns >= load->measurement->window_from_ns;
	record->intended_ns = intended_ns - load->started_ns;
	load->window_requests += record->intended_ns >= load->measurement->window_from_ns;
}

void load_end_request(struct load *load, struct record *record, enum outcome outcome, uint64_t done_ns)
{
	uint64_t took;

	record->done_ns = done_ns - load->started_ns;
	record->outcome = (uint8_t)outcome;
	load_count_in_flight(load, -1, done_ns);
	load->done++;
	load->failed += !record_is_good(record);
	if (load->plan->on_progress != NULL) {
		took = record_response_ns(record);
		load->second_done++;
		load->second_times[lateness_bucket(took)]++;
	}
}

void load_count_malformed(struct load *load, const char *what)
{
	if (load->measurement->malformed_count++ == 0)
		load->measurement->malformed_what = what;
}

void load_stop(struct load *load)
{
	uint64_t now = load_clock(load);

	if (load->phase != LOAD_RUNNING)
		return;
	if (!load->is_counted_out && now - load->started_ns < load->measurement->window_to_ns) {
		load_count_in_flight(load, 0, now);
		load->measurement->window_to_ns = now - load->started_ns;
	}
	load->phase = LOAD_DRAINING;
	load->drain_until_ns = now + load->plan->drain_ns;
	pacer_wake_at(&load->pacer, 0);
}
