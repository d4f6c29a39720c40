#include "queue/store_parts.h"

enum { SWEEP_MS = 500 };

#define EVERY_TIME_NS (UINT64_MAX - 1) /* later than any claim waits */

static const char not_sure[] = "PostgreSQL does not answer, so another service may own the queues";

/* What was handed out are views; the payloads that are not there are asked for. */
static void keep(struct queue_order *order, const struct given *given, unsigned count)
{
	order->given = arena_alloc(order->arena, (count + 1) * sizeof(*order->given));
	order->given_count = count;
	for (unsigned i = 0; i < count; i++) {
		struct given *kept = &order->given[i];

		*kept = given[i];
		kept->group.at = arena_copy(order->arena, given[i].group);
		if (given[i].payload.at != NULL)
			kept->payload.at = arena_copy(order->arena, given[i].payload);
	}
}

static bool has_all_payloads(const struct queue_order *order)
{
	for (unsigned i = 0; i < order->given_count; i++)
		if (order->given[i].payload.at == NULL)
			return false;
	return true;
}

void claims_return(struct queue_store *store, const struct queue_order *order)
{
	for (unsigned i = 0; i < order->given_count; i++)
		(void)dispatcher_give_back(store->dispatcher, order->given[i].queue, order->given[i].id,
					   order->given[i].token);
}

/* A client that has left by now gets nothing. */
static void answer(struct queue_store *store, struct queue_order *order)
{
	if (order->given_count > 0 && atomic_load(order->is_abandoned)) {
		claims_return(store, order);
		order->given_count = 0;
		store_note_work(store);
	}
	if (has_all_payloads(order))
		store_end(store, order);
	else
		payloads_take(store, order);
}

static void park(struct queue_store *store, struct queue_order *order, unsigned queue, uint64_t now_ns)
{
	uint64_t until_ns = now_ns + order->wait_ns;

	if (until_ns > order->deadline_ns)
		until_ns = order->deadline_ns;
	if (dispatcher_park(store->dispatcher, queue, &order->parked, order->want, order->lease_ns,
			    store_time_ns(store, until_ns)))
		list_append(&store->parked, &order->link);
	else
		claims_fail(store, order, ERROR_BUSY, "as many claims wait as may", 1);
}

static void claim(struct queue_store *store, struct queue_order *order, unsigned queue)
{
	uint64_t now_ns = clock_now_ns();
	unsigned count = dispatcher_claim(store->dispatcher, queue, order->want, order->lease_ns,
					  store_time_ns(store, now_ns), store->given);

	if (count == 0 && order->wait_ns > 0 && !store->is_draining) {
		park(store, order, queue, now_ns);
		return;
	}
	keep(order, store->given, count);
	answer(store, order);
}

void claims_fail(struct queue_store *store, struct queue_order *order, enum error error, const char *why,
		 unsigned retry_s)
{
	order->given_count = 0;
	if (order->receipt_count > 0)
		store_end(store, order);
	else
		store_fail(store, order, error, why, retry_s);
}

void claims_fail_unsure(struct queue_store *store, struct queue_order *order)
{
	claims_return(store, order);
	claims_fail(store, order, ERROR_BUSY, not_sure, 1);
	store_note_work(store);
}

void claims_go_on(struct queue_store *store, struct queue_order *order)
{
	int queue = dispatcher_find_queue(store->dispatcher, order->queue);

	store_await_no_more(store, order);
	if (ownership_is_sure(store, clock_now_ns()))
		claim(store, order, (unsigned)queue);
	else
		claims_fail(store, order, ERROR_BUSY, not_sure, 1);
}

/* What it acks comes first: the next job of a group is ready when the one before is gone. */
void claims_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns)
{
	int queue = store_queue_of(store, order);

	if (queue < 0)
		return;
	if (order->receipt_count > 0)
		settling_take(store, order, now_ns);
	else
		claim(store, order, (unsigned)queue);
}

void claims_give_back(struct queue_store *store, struct queue_order *order)
{
	int queue = dispatcher_find_queue(store->dispatcher, order->queue);

	for (unsigned i = 0; i < order->receipt_count && queue >= 0; i++)
		order->receipts[i].verdict = dispatcher_give_back(store->dispatcher, (unsigned)queue,
								  order->receipts[i].id, order->receipts[i].token);
	store_end(store, order);
}

static struct queue_order *unparked(struct parked *parked)
{
	struct queue_order *order = CONTAINER_OF(parked, struct queue_order, parked);

	list_remove(&order->link);
	return order;
}

/* Those whose time is over, by this one. */
static void end_unserved(struct queue_store *store, uint64_t time_ns)
{
	struct parked *parked;

	while ((parked = dispatcher_next_unserved(store->dispatcher, time_ns)) != NULL)
		store_end(store, unparked(parked));
}

/* Now and then, those whose client has left: each would be passed over when jobs come. */
static void end_departed(struct queue_store *store, uint64_t now_ns)
{
	if (now_ns < store->next_sweep_ns)
		return;
	store->next_sweep_ns = now_ns + SWEEP_MS * NS_PER_MS;
	LIST_EACH (item, &store->parked) {
		struct queue_order *order = CONTAINER_OF(item, struct queue_order, link);

		if (!atomic_load(order->is_abandoned))
			continue;
		dispatcher_unpark(store->dispatcher, &order->parked);
		store_end(store, unparked(&order->parked));
	}
}

void claims_turn(struct queue_store *store, uint64_t now_ns)
{
	uint64_t time_ns = store_time_ns(store, now_ns);
	struct job_change change;
	struct parked *parked;
	unsigned count;

	if (store->phase != STORE_SERVING)
		return;
	if (ownership_is_sure(store, now_ns)) {
		dispatcher_advance(store->dispatcher, time_ns);
		while (dispatcher_next_change(store->dispatcher, time_ns, &change))
			settling_add_expired(store, &change);
		while ((parked = dispatcher_next_served(store->dispatcher, time_ns, store->given, &count)) != NULL) {
			struct queue_order *order = unparked(parked);

			keep(order, store->given, count);
			answer(store, order);
		}
	}
	end_departed(store, now_ns);
	end_unserved(store, store->is_draining ? EVERY_TIME_NS : time_ns);
}

void claims_drop(struct queue_store *store)
{
	struct parked *parked;

	while ((parked = dispatcher_next_unserved(store->dispatcher, EVERY_TIME_NS)) != NULL)
		claims_fail(store, unparked(parked), ERROR_BUSY, not_sure, 1);
}
