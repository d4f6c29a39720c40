#include "server/http/border.h"

#include "base/memory.h"

#include <stdlib.h>
#include <sys/socket.h>

struct http_edition *http_edition_create(struct edition *edition)
{
	struct http_edition *created = memory_alloc_zeroed(1, sizeof(*created));

	created->edition = edition;
	list_init(&created->link);
	return created;
}

void http_loop_turn(struct http_loop *http, struct edition *edition)
{
	list_append(&http->editions, &http->edition->link);
	http->edition = http_edition_create(edition);
	http->may_fetch |= edition->fetches_pages;
	http->may_follow |= edition->has_events && http->http->settings.exchange->follows_events;
	http->may_keep |= edition->has_cache;
	http->runner->class->turn(http->runner, edition->catalog, edition->carried_from);
	http_editions_sweep(http);
}

static void leave(const struct http_loop *http, struct http_edition *left)
{
	list_remove(&left->link);
	http->http->settings.note_left(left->edition);
	free(left);
}

static void cut_off_requests(struct http_loop *http, const struct http_edition *of)
{
	LIST_EACH (item, &http->clients) {
		struct client *client = CONTAINER_OF(item, struct client, link);

		if (client->reply != NULL && client->reply->edition == of)
			http_client_cut_off(client, SHUT_RDWR);
	}
}

void http_editions_sweep(struct http_loop *http)
{
	LIST_EACH (item, &http->editions) {
		struct http_edition *old = CONTAINER_OF(item, struct http_edition, link);

		if (old->requests > 0) {
			if (atomic_load(&old->edition->is_expired))
				cut_off_requests(http, old);
		} else if (runner_oldest_edition(http->runner) > old->edition->catalog.edition) {
			leave(http, old);
		}
	}
}

void http_editions_leave(struct http_loop *http)
{
	LIST_EACH (item, &http->editions)
		leave(http, CONTAINER_OF(item, struct http_edition, link));
	leave(http, http->edition);
}
