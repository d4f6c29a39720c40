/* Bursts: every request of the set at one instant, each on a connection that is there already; and again. */
#include "loadgen/engine/load_model.h"

enum stage { STAGE_RESTING, STAGE_OPENING, STAGE_FIRING, STAGE_UNDER_WAY };

/* Nothing but the writes happens between the first request and the last. */
static void fire(struct load *load)
{
	uint64_t now = load_clock(load);

	load->burst_stage = STAGE_FIRING;
	for (unsigned i = 0; i < load->connection_count; i++)
		connection_put(&load->connections[i], now);
	for (unsigned i = 0; i < load->connection_count; i++)
		connection_flush(&load->connections[i]);
	/* those that could not be opened before are tried with their request, so that its record says why */
	for (unsigned i = 0; i < load->connection_count; i++)
		if (load->connections[i].state == CONNECTION_CLOSED && load->connections[i].ring.count > 0)
			connection_open(&load->connections[i]);
	load->burst_stage = STAGE_UNDER_WAY;
}

static void go_on(struct load *load)
{
	if (load->burst_stage == STAGE_OPENING && load->connecting_count == 0)
		fire(load);
	if (load->burst_stage != STAGE_UNDER_WAY || load->in_flight > 0)
		return;
	load->burst_stage = STAGE_RESTING;
	if (++load->repeat >= load->plan->repeats)
		load_stop(load);
	else
		pacer_wake_at(&load->pacer, load->now_ns + load->plan->gap_ns);
}

static void burst_start(struct load *load)
{
	load->burst_stage = STAGE_OPENING;
	go_on(load);
}

/* The rest between two repeats is over. */
static void burst_on_due(struct load *load, uint64_t now_ns)
{
	(void)now_ns;
	if (load->burst_stage != STAGE_RESTING)
		return;
	load->burst_stage = STAGE_FIRING; /* a connect that fails at once must not go on */
	for (unsigned i = 0; i < load->connection_count; i++)
		if (load->connections[i].state == CONNECTION_CLOSED)
			connection_open(&load->connections[i]);
	load->burst_stage = STAGE_OPENING;
	go_on(load);
}

static void burst_on_change(struct load *load, struct connection *connection)
{
	(void)connection;
	if (load->phase == LOAD_RUNNING)
		go_on(load);
}

static unsigned burst_write(struct load *load, struct connection *connection, struct text *bytes)
{
	unsigned index = (unsigned)(connection - load->connections);

	request_set_bytes(load->plan->requests, index, bytes);
	return index;
}

static void burst_on_sent(struct load *load, struct record *record)
{
	load_count_lateness(load, record->sent_ns - record->intended_ns);
}

const struct load_class load_burst = {
    .start = burst_start,
    .on_due = burst_on_due,
    .on_free = burst_on_change,
    .on_down = burst_on_change,
    .write = burst_write,
    .on_sent = burst_on_sent,
};
