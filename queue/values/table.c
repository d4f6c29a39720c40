#include "queue/values/table.h"

#include "base/memory.h"

#include <stdlib.h>

enum { PLACES_FIRST = 16 };

void table_init(struct table *table, const struct pool *pool, table_hash_fn *hash_of)
{
	*table = (struct table){
	    .pool = pool,
	    .hash_of = hash_of,
	    .places = memory_alloc_zeroed(PLACES_FIRST, sizeof(uint32_t)),
	    .place_count = PLACES_FIRST,
	    .capacity = PLACES_FIRST,
	    .half = PLACES_FIRST,
	};
}

void table_cleanup(struct table *table)
{
	free(table->places);
}

static uint32_t *next_of(const struct table *table, uint32_t number)
{
	return &((struct table_link *)pool_at(table->pool, number))->next;
}

static uint32_t place_of(const struct table *table, uint64_t hash)
{
	uint32_t place = (uint32_t)hash & (2 * table->half - 1);

	return place < table->place_count ? place : place - table->half;
}

static void put(struct table *table, uint32_t number)
{
	uint32_t *place = &table->places[place_of(table, table->hash_of(pool_at(table->pool, number)))];

	*next_of(table, number) = *place;
	*place = number;
}

/* Those of one place become those of two. */
static void split(struct table *table)
{
	uint32_t from = table->place_count - table->half, number;

	if (table->place_count == table->capacity) {
		table->capacity *= 2;
		table->places = memory_grow(table->places, table->capacity * sizeof(*table->places));
	}
	number = table->places[from];
	table->places[from] = table->places[table->place_count] = 0;
	table->place_count++;
	while (number != 0) {
		uint32_t next = *next_of(table, number);

		put(table, number);
		number = next;
	}
	if (table->place_count == 2 * table->half)
		table->half *= 2;
}

void table_add(struct table *table, uint32_t number)
{
	if (++table->count > table->place_count)
		split(table);
	put(table, number);
}

void table_remove(struct table *table, uint32_t number)
{
	uint32_t *at = &table->places[place_of(table, table->hash_of(pool_at(table->pool, number)))];

	while (*at != number)
		at = next_of(table, *at);
	*at = *next_of(table, number);
	table->count--;
}

uint32_t table_first(const struct table *table, uint64_t hash)
{
	return table->places[place_of(table, hash)];
}
