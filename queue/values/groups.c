#include "queue/values/groups.h"

#include "base/memory.h"
#include "base/siphash.h"

#include <stdlib.h>

static uint64_t hash_of(const void *record)
{
	return ((const struct group *)record)->hash;
}

void groups_init(struct groups *groups, const uint64_t seed[2])
{
	memcpy(groups->seed, seed, sizeof(groups->seed));
	pool_init(&groups->pool, sizeof(struct group));
	table_init(&groups->by_name, &groups->pool, hash_of);
}

static void forget(struct group *group)
{
	heap_cleanup(&group->behind);
	free(group->name);
}

void groups_cleanup(struct groups *groups)
{
	for (uint32_t place = 0; place < groups->by_name.place_count; place++)
		for (uint32_t number = groups->by_name.places[place]; number != 0;
		     number = groups_at(groups, number)->link.next)
			forget(groups_at(groups, number));
	table_cleanup(&groups->by_name);
	pool_cleanup(&groups->pool);
}

static struct group *make(struct groups *groups, uint32_t queue)
{
	uint32_t number = pool_take(&groups->pool);
	struct group *group = groups_at(groups, number);

	group->number = number;
	group->queue = queue;
	return group;
}

uint32_t groups_make_free(struct groups *groups, uint32_t queue)
{
	return make(groups, queue)->number;
}

/* Equal names of several queues are several groups. */
static uint64_t hash_name(const struct groups *groups, uint32_t queue, struct text name)
{
	const uint64_t seed[2] = {groups->seed[0], groups->seed[1] + queue};

	return siphash(seed, name);
}

static bool is_it(const struct group *group, uint32_t queue, uint64_t hash, struct text name)
{
	return group->hash == hash && group->queue == queue &&
	       text_equal((struct text){group->name, group->name_bytes}, name);
}

struct group *groups_find_or_make(struct groups *groups, uint32_t queue, struct text name)
{
	uint64_t hash = hash_name(groups, queue, name);
	struct group *group;

	for (uint32_t number = table_first(&groups->by_name, hash); number != 0; number = group->link.next) {
		group = groups_at(groups, number);
		if (is_it(group, queue, hash, name))
			return group;
	}
	group = make(groups, queue);
	group->hash = hash;
	group->name = memory_alloc(name.length);
	group->name_bytes = name.length;
	memcpy(group->name, name.at, name.length);
	table_add(&groups->by_name, group->number);
	return group;
}

void groups_drop(struct groups *groups, struct group *group)
{
	forget(group);
	table_remove(&groups->by_name, group->number);
	pool_give(&groups->pool, group->number);
}
