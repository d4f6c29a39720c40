#include "db/hosts.h"

#include "base/memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_uint first_of_all;

unsigned db_hosts_first(void)
{
	return atomic_load_explicit(&first_of_all, memory_order_relaxed);
}

void db_hosts_note_silence(unsigned first)
{
	atomic_compare_exchange_strong(&first_of_all, &first, first + 1);
}

static unsigned count_of(const char *list)
{
	unsigned count = 1;

	for (const char *comma = strchr(list, ','); comma != NULL; comma = strchr(comma + 1, ','))
		count++;
	return count;
}

char *db_hosts_from(const char *list, unsigned first)
{
	const char *from = list;
	size_t bytes;
	char *turned;

	if (list == NULL || first % count_of(list) == 0)
		return NULL;
	for (unsigned i = 0; i < first % count_of(list); i++)
		from = strchr(from, ',') + 1;
	bytes = strlen(list) + 1;
	turned = memory_alloc(bytes);
	snprintf(turned, bytes, "%s,%.*s", from, (int)(from - list - 1), list);
	return turned;
}
