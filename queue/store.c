#include "queue/store_parts.h"

#include "base/memory.h"
#include "base/require.h"

#include <signal.h>
#include <stdlib.h>

enum { PACE_MS = 10 }; /* how often deadlines are looked at, while an order waits for PostgreSQL */

static const char not_here[] = "the queues are being read, or another service owns them";

/* Orders */

void store_await(struct queue_store *store, struct queue_order *order)
{
	deadlines_put(&store->deadlines, &order->ends, order->deadline_ns);
	store->awaiting++;
}

void store_await_no_more(struct queue_store *store, struct queue_order *order)
{
	if (!deadline_is_in(&order->ends))
		return;
	deadline_take_out(&order->ends);
	store->awaiting--;
}

void store_end(struct queue_store *store, struct queue_order *order)
{
	store_await_no_more(store, order);
	order->done(order);
}

void store_fail(struct queue_store *store, struct queue_order *order, enum error error, const char *why,
		unsigned retry_s)
{
	order->error = error;
	order->why = why;
	order->retry_s = retry_s;
	store_end(store, order);
}

/* The batch is many requests', and lasts less long. What it says is known to be safe where it is our own. */
void store_fail_as(struct queue_store *store, struct queue_order *order, const struct db_batch *batch)
{
	if (batch->sqlstate[0] != '\0')
		store_fail(store, order, error_status(batch->error) >= 500 ? batch->error : ERROR_DATABASE_ERROR,
			   "PostgreSQL refused to write it; the log says why", batch->retry_s);
	else
		store_fail(store, order, batch->error, arena_copy(order->arena, text_of(batch->message)), 0);
}

int store_queue_of(struct queue_store *store, struct queue_order *order)
{
	int queue = dispatcher_find_queue(store->dispatcher, order->queue);

	if (queue < 0)
		queue = dispatcher_add_queue(store->dispatcher, order->queue);
	if (queue < 0)
		store_fail(store, order, ERROR_BUSY, "there are as many queues as there may be", 60);
	return queue;
}

static void tell_figures(struct queue_store *store, struct queue_order *order)
{
	int queue = dispatcher_find_queue(store->dispatcher, order->queue);
	uint64_t time_ns = store_time_ns(store, clock_now_ns());

	order->is_queue_known = queue >= 0;
	if (order->is_queue_known) {
		dispatcher_figures(store->dispatcher, (unsigned)queue, &order->figures);
		order->settings = *dispatcher_queue_settings(store->dispatcher, (unsigned)queue);
	}
	if (order->figures.oldest_ns > 0 && order->figures.oldest_ns < time_ns)
		order->oldest_age_ns = time_ns - order->figures.oldest_ns;
	store_end(store, order);
}

/* Leases are in memory only: PostgreSQL does not tell whether they are given by the owner. */
static bool is_about_leases(const struct queue_order *order)
{
	return order->errand == ORDER_CLAIM || order->errand == ORDER_EXTEND;
}

static void take_order(struct queue_store *store, struct queue_order *order)
{
	uint64_t now_ns = clock_now_ns();

	if (store->phase != STORE_SERVING && order->errand == ORDER_ENQUEUE) {
		relay_take(store, order, now_ns);
		return;
	}
	if (store->phase != STORE_SERVING || (is_about_leases(order) && !ownership_is_sure(store, now_ns))) {
		store_fail(store, order, ERROR_BUSY, not_here, 1);
		return;
	}
	switch (order->errand) {
	case ORDER_ENQUEUE:
		writing_take(store, order, now_ns);
		break;
	case ORDER_CLAIM:
		claims_take(store, order, now_ns);
		break;
	case ORDER_GIVE_BACK:
		claims_give_back(store, order);
		break;
	case ORDER_FIGURES:
		tell_figures(store, order);
		break;
	case ORDER_ACK:
	case ORDER_NACK:
	case ORDER_EXTEND:
	case ORDER_CANCEL:
		settling_take(store, order, now_ns);
		break;
	default:
		upkeep_take(store, order);
	}
}

/* An order that is over time. What it asked for may have been done, or may be done yet. */
static void end_late(struct queue_store *store, struct queue_order *order)
{
	bool may_be_written = true;

	if (order->errand == ORDER_ENQUEUE) {
		may_be_written = writing_was_sent(order);
		if (order->write->is_relayed)
			relay_forget(order);
		else
			writing_forget(store, order);
	} else if (order->task != NULL) {
		may_be_written = upkeep_was_sent(order);
		upkeep_forget(store, order);
	} else if (order->errand == ORDER_CLAIM && order->left == 0) { /* its acks are written */
		payloads_forget(store, order);
		claims_fail(store, order, ERROR_DEADLINE, "the deadline passed before PostgreSQL gave the payloads", 0);
		return;
	} else {
		settling_forget(store, order);
	}
	if (may_be_written)
		store_fail(store, order, ERROR_DEADLINE_OUTCOME_UNKNOWN,
			   "the deadline passed before PostgreSQL answered; whether it was written is not known", 0);
	else
		store_fail(store, order, ERROR_DEADLINE, "the deadline passed before PostgreSQL was asked", 0);
}

static void end_late_ones(struct queue_store *store, uint64_t now_ns)
{
	struct list due;

	list_init(&due);
	deadlines_take_due(&store->deadlines, &due, now_ns);
	while (!list_is_empty(&due)) {
		struct deadline *deadline = CONTAINER_OF(due.next, struct deadline, link);

		deadline_take_out(deadline);
		store->awaiting--;
		end_late(store, CONTAINER_OF(deadline, struct queue_order, ends));
	}
}

/* Turns */

static void on_has_work(uv_idle_t *idle)
{
	(void)idle;
}

void store_note_work(struct queue_store *store)
{
	if (!store->is_ending)
		uv_idle_start(&store->has_work, on_has_work);
}

static void on_timer(uv_timer_t *timer)
{
	store_note_work(timer->data);
}

static uint64_t next_wake_ms(const struct queue_store *store, uint64_t now_ns)
{
	uint64_t wake_ns = store->dispatcher != NULL && ownership_is_sure(store, now_ns)
			       ? dispatcher_next_wake_ns(store->dispatcher)
			       : UINT64_MAX,
		 time_ns = store_time_ns(store, now_ns), wake_ms = PACE_MS;

	if (store->awaiting == 0)
		wake_ms = STORE_RETRY_MS;
	if (wake_ns <= time_ns)
		return 0;
	if (wake_ns != UINT64_MAX && (wake_ns - time_ns) / NS_PER_MS < wake_ms)
		return (wake_ns - time_ns) / NS_PER_MS + 1;
	return wake_ms;
}

static void turn(struct queue_store *store)
{
	uint64_t now_ns = clock_now_ns();

	uv_idle_stop(&store->has_work);
	ownership_turn(store, now_ns);
	loading_turn(store, now_ns);
	claims_turn(store, now_ns);
	writing_turn(store, now_ns);
	settling_turn(store, now_ns);
	payloads_turn(store, now_ns);
	relay_turn(store, now_ns);
	inbox_rows_turn(store, now_ns);
	upkeep_turn(store, now_ns);
	sweeping_turn(store, now_ns);
	if (store->awaiting > 0)
		end_late_ones(store, now_ns);
	uv_timer_start(&store->timer, on_timer, next_wake_ms(store, now_ns), 0);
}

/* Before the loop waits; what is submitted here leaves in the pipeline's own, which comes behind. */
static void on_turn_end(uv_prepare_t *prepare)
{
	struct queue_store *store = prepare->data;

	if (!store->is_ending)
		turn(store);
}

/* Life */

static _Thread_local struct queue_store *here;

static bool is_busy(const struct queue_store *store)
{
	return store->ownership.watch.is_under_way || store->ownership.take.is_under_way ||
	       store->ownership.beat.is_under_way || store->loading.errand.is_under_way ||
	       store->writing.insert.is_under_way || store->writing.resolve.is_under_way ||
	       store->acks.errand.is_under_way || store->changes.errand.is_under_way || store->payloads.is_under_way ||
	       store->sweeping.is_under_way || store->upkeep.errand.is_under_way || store->relay.errand.is_under_way ||
	       store->inbox_rows.errand.is_under_way;
}

static void on_last_timer(uv_timer_t *timer);

/* What is under way ends by its time; then the queues are let go of. */
static void end_slowly(struct queue_store *store)
{
	if (is_busy(store)) {
		uv_timer_start(&store->timer, on_last_timer, PACE_MS, 0);
		return;
	}
	if (store->phase != STORE_WATCHING) {
		store->phase = STORE_WATCHING;
		ownership_release(store);
		uv_timer_start(&store->timer, on_last_timer, PACE_MS, 0);
		return;
	}
	db_pipeline_close(store->pipeline);
	inbox_close(&store->inbox);
	uv_close((uv_handle_t *)&store->timer, NULL);
	uv_close((uv_handle_t *)&store->turn_end, NULL);
	uv_close((uv_handle_t *)&store->has_work, NULL);
}

static void on_last_timer(uv_timer_t *timer)
{
	end_slowly(timer->data);
}

static void on_message(struct list *item)
{
	if (item == &here->stop) {
		here->is_ending = true;
		uv_idle_stop(&here->has_work);
		end_slowly(here);
		return;
	}
	if (item == &here->drain)
		here->is_draining = true;
	else
		take_order(here, CONTAINER_OF(item, struct queue_order, link));
	store_note_work(here);
}

static void *run(void *data)
{
	here = data;
	uv_run(&here->loop, UV_RUN_DEFAULT);
	return NULL;
}

/* Signals are for the loops that serve. */
static void start_thread(struct queue_store *store)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	REQUIRE(pthread_create(&store->thread, NULL, run, store) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void open_handles(struct queue_store *store)
{
	REQUIRE(uv_loop_init(&store->loop) == 0);
	inbox_open(&store->inbox, &store->loop, on_message);
	store->pipeline = db_pipeline_create(&store->loop, &(struct db_pipeline_settings){
							       .db = &store->db,
							       .connections = STORE_CONNECTIONS,
							       .shared_connections = 1,
							       .write_connections = STORE_CONNECTIONS - 1,
							       .queue_limit = STORE_CONNECTIONS * 2,
							   });
	uv_timer_init(&store->loop, &store->timer);
	uv_prepare_init(&store->loop, &store->turn_end);
	uv_idle_init(&store->loop, &store->has_work);
	store->timer.data = store->turn_end.data = store->has_work.data = store;
	uv_prepare_start(&store->turn_end, on_turn_end);
}

static uint64_t time_of_day_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

struct queue_store *queue_store_create(const struct queue_store_settings *settings)
{
	struct queue_store *store = memory_alloc_zeroed(1, sizeof(*store));
	uint64_t now_ns = clock_now_ns();

	store->settings = *settings;
	store->db = *settings->db;
	store->db.catalog = (struct db_catalog){0};
	store->db.has_contexts = false;
	store->epoch_ns = time_of_day_ns() - now_ns;
	store->given = memory_alloc(CLAIM_MAX * sizeof(*store->given));
	deadlines_init(&store->deadlines, now_ns);
	list_init(&store->stop);
	list_init(&store->drain);
	list_init(&store->parked);
	open_handles(store);
	ownership_init(store);
	loading_init(store);
	payloads_init(store);
	writing_init(store);
	settling_init(store);
	upkeep_init(store);
	relay_init(store);
	inbox_rows_init(store);
	sweeping_init(store);
	store_note_work(store);
	start_thread(store);
	return store;
}

void queue_store_destroy(struct queue_store *store)
{
	inbox_put(&store->inbox, &store->stop);
	pthread_join(store->thread, NULL);
	REQUIRE(uv_loop_close(&store->loop) == 0);
	inbox_cleanup(&store->inbox);
	db_pipeline_destroy(store->pipeline);
	ownership_cleanup(store);
	loading_cleanup(store);
	payloads_cleanup(store);
	writing_cleanup(store);
	settling_cleanup(store);
	upkeep_cleanup(store);
	relay_cleanup(store);
	inbox_rows_cleanup(store);
	sweeping_cleanup(store);
	if (store->dispatcher != NULL)
		dispatcher_destroy(store->dispatcher);
	free(store->given);
	free(store);
}

void queue_store_submit(struct queue_store *store, struct queue_order *order)
{
	inbox_put(&store->inbox, &order->link);
}

void queue_store_drain(struct queue_store *store)
{
	inbox_put(&store->inbox, &store->drain);
}
