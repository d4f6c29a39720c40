#include "db/resolve.h"

#include "base/compiler.h"
#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

struct db_resolve {
	uv_async_t over;
	struct db_lookup *lookup;
	db_resolved_fn *done;
	void *data;
};

static void on_closed(uv_handle_t *handle)
{
	free(CONTAINER_OF(handle, struct db_resolve, over));
}

static void end(struct db_resolve *resolve)
{
	db_lookup_release(resolve->lookup);
	uv_close((uv_handle_t *)&resolve->over, on_closed);
}

static void on_over(uv_async_t *over)
{
	struct db_resolve *resolve = CONTAINER_OF(over, struct db_resolve, over);
	struct db_found found = db_lookup_found(resolve->lookup);

	resolve->done(resolve->data, &found);
	end(resolve);
}

/* In the lookup's thread, or in this one. */
static void wake(void *data)
{
	struct db_resolve *resolve = data;

	uv_async_send(&resolve->over);
}

struct db_resolve *db_resolve_start(uv_loop_t *loop, const char *conninfo, db_resolved_fn *done, void *data)
{
	struct db_lookup *lookup = db_lookup_start(conninfo);
	struct db_resolve *resolve;

	if (lookup == NULL)
		return NULL;
	resolve = memory_alloc_zeroed(1, sizeof(*resolve));
	*resolve = (struct db_resolve){.lookup = lookup, .done = done, .data = data};
	REQUIRE(uv_async_init(loop, &resolve->over, on_over) == 0);
	db_lookup_notify(lookup, wake, resolve);
	return resolve;
}

void db_resolve_forget(struct db_resolve *resolve)
{
	end(resolve);
}
