#include "identity/key_ring.h"

#include "base/memory.h"
#include "base/require.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct key_ring {
	pthread_mutex_t lock;
	struct held_keys *current;
	_Atomic uint64_t generation; /* of `current` */
	key_ring_ask_fn *ask;
	void *ask_data;
};

uint64_t key_ring_next_generation(void)
{
	static _Atomic uint64_t last;

	return atomic_fetch_add(&last, 1) + 1;
}

static void set_current(struct key_ring *ring, struct key_set *set)
{
	struct held_keys *held = memory_alloc_zeroed(1, sizeof(*held));

	held->set = set;
	held->holders = 1;
	held->generation = key_ring_next_generation();
	ring->current = held;
	atomic_store(&ring->generation, held->generation);
}

static void destroy(struct held_keys *held)
{
	key_set_destroy(held->set);
	free(held);
}

struct key_ring *key_ring_create(struct key_set *set)
{
	struct key_ring *ring = memory_alloc_zeroed(1, sizeof(*ring));

	REQUIRE(pthread_mutex_init(&ring->lock, NULL) == 0);
	set_current(ring, set);
	return ring;
}

void key_ring_destroy(struct key_ring *ring)
{
	if (ring == NULL)
		return;
	REQUIRE(ring->current->holders == 1);
	destroy(ring->current);
	pthread_mutex_destroy(&ring->lock);
	free(ring);
}

void key_ring_on_ask(struct key_ring *ring, key_ring_ask_fn *ask, void *data)
{
	ring->ask = ask;
	ring->ask_data = data;
}

bool key_ring_ask(const struct key_ring *ring, bool is_operator)
{
	return ring->ask != NULL && ring->ask(ring->ask_data, is_operator);
}

void key_ring_change(struct key_ring *ring, struct key_set *set)
{
	struct held_keys *before;

	pthread_mutex_lock(&ring->lock);
	before = ring->current;
	set_current(ring, set);
	pthread_mutex_unlock(&ring->lock);
	key_ring_release(ring, before);
}

uint64_t key_ring_generation(const struct key_ring *ring)
{
	return atomic_load(&ring->generation);
}

struct held_keys *key_ring_hold(struct key_ring *ring)
{
	struct held_keys *held;

	pthread_mutex_lock(&ring->lock);
	held = ring->current;
	held->holders++;
	pthread_mutex_unlock(&ring->lock);
	return held;
}

void key_ring_release(struct key_ring *ring, struct held_keys *held)
{
	bool was_last;

	pthread_mutex_lock(&ring->lock);
	was_last = --held->holders == 0;
	pthread_mutex_unlock(&ring->lock);
	if (was_last)
		destroy(held);
}
