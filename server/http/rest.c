/* A burst leaves memory behind: in the lists of what the next requests use again, in malloc. When no loop has had
 * anything under way for a while, the loops that took part give it back. */
#include "server/http/border.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
	REST_S = 10,       /* of all loops */
	MANY_CLIENTS = 64, /* that have left again: a burst */
};

static void free_spare_exchanges(struct http_loop *http)
{
	LIST_EACH (item, &http->spare) {
		list_remove(item);
		http_reply_destroy(CONTAINER_OF(item, struct http_reply, link));
	}
	http->spare_count = 0;
}

/* libh2o has no call for it; taking all out of the list does the same. */
static void free_spare_buffers(void)
{
	h2o_mem_recycle_t *spare = &h2o_socket_buffer_prototype.allocator;

	while (spare->cnt > 0)
		free(h2o_mem_alloc_recycle(spare, h2o_socket_buffer_prototype._initial_buf.capacity));
}

void http_rest(struct http_loop *http)
{
	_Atomic uint64_t *busy_ns = &http->http->busy_ns;
	uint64_t now_ns = clock_now_ns();

	if (http->client_count > http->most_clients)
		http->most_clients = http->client_count;
	http->has_grown |= http->most_clients > http->client_count + MANY_CLIENTS;
	if (http->request_count > 0)
		atomic_store_explicit(busy_ns, now_ns, memory_order_relaxed);
	if (!http->has_grown || now_ns < atomic_load_explicit(busy_ns, memory_order_relaxed) + REST_S * NS_PER_S)
		return;
	http->has_grown = false;
	http->most_clients = http->client_count;
	free_spare_exchanges(http);
	free_spare_buffers();
	memory_give_back();
	log_debug("http", "memory given back in %.1f ms", (double)(clock_now_ns() - now_ns) / 1e6);
}
