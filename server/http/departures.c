/* libh2o reads nothing while a request is under way, and so does not see its client leave. The kernel tells it: a client
 * whose request is no longer young is watched from then on. That takes an epoll of our own, since libuv takes one handle
 * for a descriptor. What a sweep costs does not depend on how many requests wait. */
#include "server/http/border.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/require.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	YOUNG_MS = 100, /* a request that is younger is answered, whatever its client has closed */
	AT_ONCE = 64,   /* departures that are told in one turn of the loop */
};

static bool is_young(const struct http_reply *reply, uint64_t now_ns)
{
	return now_ns < reply->x.arrived_ns + YOUNG_MS * NS_PER_MS;
}

static void tell(struct http_reply *reply)
{
	runner_note_departure(reply->http->runner, &reply->x);
}

static void on_departures(uv_poll_t *poll, int status, int events)
{
	struct http_loop *http = poll->data;
	struct epoll_event departed[AT_ONCE];
	int count = epoll_wait(http->departures_fd, departed, AT_ONCE, 0);
	uint64_t now_ns = clock_now_ns();

	(void)status;
	(void)events;
	/* none of them is freed in here: its handle is closed in a later turn */
	for (int i = 0; i < count; i++) {
		struct client *client = departed[i].data.ptr;

		client->has_left = true;
		if (client->reply != NULL && !client->reply->is_sending && !is_young(client->reply, now_ns))
			tell(client->reply);
	}
}

void http_departures_begin(struct http_loop *http)
{
	http->departures_fd = epoll_create1(EPOLL_CLOEXEC);
	REQUIRE(http->departures_fd >= 0);
	uv_poll_init(http->loop, &http->departures, http->departures_fd);
	http->departures.data = http;
	uv_poll_start(&http->departures, UV_READABLE, on_departures);
}

void http_departures_end(struct http_loop *http)
{
	uv_close((uv_handle_t *)&http->departures, NULL);
	close(http->departures_fd);
}

/* Once for its connection, which leaves epoll as it is closed. One that cannot be watched is waited for to the end. */
static void watch(struct client *client)
{
	struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = client};
	int fd = h2o_socket_get_fd(client->socket);

	if (client->is_watched || fd < 0)
		return;
	client->is_watched = true;
	if (epoll_ctl(client->http->departures_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		log_warning("http", "cannot watch a client: %s", strerror(errno));
}

void http_departures_sweep(struct http_loop *http)
{
	uint64_t now_ns = clock_now_ns();

	while (!list_is_empty(&http->working)) {
		struct http_reply *reply = CONTAINER_OF(http->working.next, struct http_reply, link);

		if (is_young(reply, now_ns))
			return;
		list_remove(&reply->link);
		watch(reply->client);
		if (reply->client->has_left)
			tell(reply);
	}
}

bool http_client_has_left(const struct client *client, uint64_t now_ns)
{
	struct pollfd fd = {.fd = h2o_socket_get_fd(client->socket), .events = POLLRDHUP};

	return !is_young(client->reply, now_ns) && fd.fd >= 0 && poll(&fd, 1, 0) > 0;
}
