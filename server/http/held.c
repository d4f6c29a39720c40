/* Whether a credential is good takes a computation, and libh2o hands a request on when its body has come. So a head is held
 * where a body follows and the credential is not known. libh2o is told that the head has not come whole, and nothing more is
 * read. An exchange without a request proves the identity, and waits as requests do. Then the same head is read again. */
#include "server/http/border.h"

#include "base/clock.h"
#include "server/http/access.h"

/* libh2o closes a connection whose head is not whole then. */
static bool may_be_held(const struct client *client)
{
	return client->socket->input->size < H2O_MAX_REQLEN;
}

static void rest(struct client *client)
{
	client->held.read = client->socket->_cb.read;
	h2o_socket_read_stop(client->socket);
}

static void prove(struct client *client, struct text credential)
{
	struct http_loop *http = client->http;
	struct http_reply *prover = http_reply_create(http);
	struct exchange *x = &prover->x;

	/* among those that are under way departures.c looks for clients */
	list_remove(&prover->link);
	prover->holds = client;
	client->held.prover = prover;
	exchange_begin(x, http->http->settings.exchange, clock_now_ns());
	x->deadline_ns = x->arrived_ns + x->settings->request_timeout_ms * NS_PER_MS;
	x->next = http_access_prove(prover, credential);
	runner_run(http->runner, x);
}

enum http_head_verdict http_held_begin(struct client *client, struct text credential)
{
	if (!may_be_held(client))
		return HTTP_HEAD_PASSES;
	prove(client, credential);
	/* over at once: too many wait */
	if (http_held_take(client))
		return HTTP_HEAD_PASSES;
	rest(client);
	return HTTP_HEAD_WAITS;
}

bool http_held_take(struct client *client)
{
	bool was_held = client->held.is_over;

	client->held.is_over = false;
	return was_held;
}

void http_held_end(struct client *client, enum token_error error)
{
	h2o_socket_cb read = client->held.read;

	client->held = (struct held_head){.is_over = true, .is_counted = true, .error = error};
	if (read == NULL)
		return;
	h2o_socket_read_start(client->socket, read);
	read(client->socket, NULL);
}

void http_held_forget(struct client *client)
{
	if (client->held.prover != NULL)
		client->held.prover->holds = NULL;
}
