/* key_ring.h - the set of keys that counts now. It is replaced as a whole; one that is held lives on until its release.
 *
 * Life:    key_ring_create() -> key_ring_hold() and key_ring_release(), key_ring_change() -> key_ring_destroy(), when
 *          nothing is held.
 * Owner:   it owns its sets.
 * Thread:  any, at the same time: nothing waits but for a lock that is held for some instructions. key_ring_create(),
 *          key_ring_on_ask() and key_ring_destroy(): one, while no other uses the ring.
 */
#pragma once

#include "identity/key_set.h"

struct key_ring;

/* A set, for as long as it is held. */
struct held_keys {
	struct key_set *set; /* NULL: none came so far */
	uint64_t generation;
	unsigned holders; /* private */
};

/* Asks for newer keys, for the operator or for a client. Returns whether some may come within a moment. */
typedef bool key_ring_ask_fn(void *data, bool is_operator);

/* `set` may be NULL. */
struct key_ring *key_ring_create(struct key_set *set);
/* NULL is none. */
void key_ring_destroy(struct key_ring *ring);
/* Before anything else is done with it. */
void key_ring_on_ask(struct key_ring *ring, key_ring_ask_fn *ask, void *data);
/* False: its keys are what they are. */
bool key_ring_ask(const struct key_ring *ring, bool is_operator);
void key_ring_change(struct key_ring *ring, struct key_set *set);
uint64_t key_ring_generation(const struct key_ring *ring);
struct held_keys *key_ring_hold(struct key_ring *ring);
void key_ring_release(struct key_ring *ring, struct held_keys *held);

/* The next number of all: never 0, and higher than those before. */
uint64_t key_ring_next_generation(void);
