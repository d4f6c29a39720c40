#include "server/http/border.h"

#include "base/log.h"
#include "base/memory.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void accept_postponed(struct http_loop *http)
{
	uv_stream_t *listener = http->postponed;

	http->postponed = NULL;
	if (listener != NULL)
		http_accept(http, listener);
}

static void on_socket_closed(void *data)
{
	struct client *client = data;
	struct http_loop *http = client->http;

	http_held_forget(client);
	list_remove(&client->link);
	http->client_count--;
	if (client->address != NULL)
		address_counts_leave(client->address);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct client *client = CONTAINER_OF(handle, struct client, tcp);
	struct http_loop *http = client->http;

	free(client);
	accept_postponed(http);
}

static void on_refused_closed(uv_handle_t *handle)
{
	free(CONTAINER_OF(handle, struct client, tcp));
}

static void set_socket_options(struct client *client)
{
	/* a little later than the service itself gives up */
	int fd, give_up_ms = (int)client->http->http->settings.options->write_timeout_ms + 1000;

	uv_tcp_nodelay(&client->tcp, 1);
	/* a client that takes nothing for so long is gone, though its kernel may not have said so */
	if (uv_fileno((uv_handle_t *)&client->tcp, &fd) == 0)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up_ms, sizeof(give_up_ms));
}

void http_place_peer(struct sockaddr_storage *peer)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (peer->ss_family == AF_UNIX)
		memcpy(peer, &here, sizeof(here));
}

static void say_refused(struct address_count *address, const struct sockaddr_storage *peer, unsigned most)
{
	char name[64] = "";

	if (address->was_refused)
		return;
	address->was_refused = true;
	uv_ip_name((const struct sockaddr *)peer, name, sizeof(name));
	log_warning("http", "%s has max_address_connections (%u) connections; more of its are closed", name, most);
}

/* False: its address has as many as it may. */
static bool count_address(struct client *client)
{
	struct http_loop *http = client->http;
	unsigned most = http->http->settings.options->max_address_connections;
	struct sockaddr_storage peer;
	int length = sizeof(peer);

	if (most == 0 || uv_tcp_getpeername(&client->tcp, (struct sockaddr *)&peer, &length) != 0)
		return true;
	http_place_peer(&peer);
	client->address = address_counts_enter(&http->addresses, (struct sockaddr *)&peer);
	if (client->address->count <= most)
		return true;
	say_refused(client->address, &peer, most);
	http->refused_count++;
	address_counts_leave(client->address);
	return false;
}

void http_accept(struct http_loop *http, uv_stream_t *listener)
{
	struct client *client;

	if (http->client_count >= http->connections_max) {
		http->postponed = listener;
		return;
	}
	client = memory_alloc_zeroed(1, sizeof(*client));
	client->http = http;
	list_init(&client->link);
	uv_tcp_init(http->loop, &client->tcp);
	if (uv_accept(listener, (uv_stream_t *)&client->tcp) != 0 || (!http->is_admin && !count_address(client))) {
		uv_close((uv_handle_t *)&client->tcp, on_refused_closed);
		return;
	}
	set_socket_options(client);
	client->socket = h2o_uv_socket_create((uv_stream_t *)&client->tcp, on_handle_closed);
	client->socket->on_close.cb = on_socket_closed;
	client->socket->on_close.data = client;
	list_append(&http->clients, &client->link);
	http->client_count++;
	h2o_accept(&http->accept, client->socket);
}

void http_client_cut_off(struct client *client, int how)
{
	int fd = h2o_socket_get_fd(client->socket);

	if (fd >= 0)
		shutdown(fd, how);
}
