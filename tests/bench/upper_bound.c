/* The least program that answers GET /items/{id} from PostgreSQL on this machine, with the libraries that the service
 * uses: no HTTP library, no router, no limits, no deadlines, no measuring. Nothing that serves can be faster by more
 * than it is; so scripts/bench shows where the upper bound of any gain lies.
 *
 * The response is the service's, byte for byte as long; work leaves for PostgreSQL once per loop turn, two units ahead
 * on each of two connections, as in db/pipeline.c. Not for anything but measuring: it trusts its client.
 *
 *     PORT=8080 DATABASE_URL=... upper_bound
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { CONNECTIONS = 2, UNITS_AHEAD = 2, UNIT_MAX = 64, CLIENTS_MAX = 4096 };

struct client {
	uv_tcp_t tcp;
	char input[2048], id[16];
	size_t used;
};

/* First in, first out. */
struct queue {
	struct client *at[CLIENTS_MAX];
	unsigned head, count;
};

struct connection {
	PGconn *pg;
	uv_poll_t poll;
	unsigned units;
	struct queue sent;
};

static uv_loop_t loop;
static struct connection connections[CONNECTIONS];
static struct queue waiting;

static void fail(const char *what)
{
	fprintf(stderr, "upper_bound: %s\n", what);
	exit(1);
}

static void put(struct queue *queue, struct client *client)
{
	if (queue->count == CLIENTS_MAX)
		fail("more clients than it has places for");
	queue->at[(queue->head + queue->count++) % CLIENTS_MAX] = client;
}

static struct client *take(struct queue *queue)
{
	struct client *client = queue->at[queue->head];

	queue->head = (queue->head + 1) % CLIENTS_MAX;
	queue->count--;
	return client;
}

/* HTTP */

static void answer(struct client *client, const char *id, const char *balance)
{
	char body[64], out[512];
	int length = snprintf(body, sizeof(body), "{\"id\":%s,\"balance\":%s}", id, balance);
	uv_buf_t bytes;

	length = snprintf(out, sizeof(out),
			  "HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n"
			  "Content-Length: %d\r\ncontent-type: application/json\r\n"
			  "server-timing: queue;dur=0.001, db;dur=0.159, total;dur=0.163\r\n\r\n%s",
			  length, body);
	bytes = uv_buf_init(out, (unsigned)length);
	/* a client that has left is seen by the next read */
	uv_try_write((uv_stream_t *)&client->tcp, &bytes, 1);
}

static void on_place(uv_handle_t *handle, size_t bytes, uv_buf_t *place)
{
	struct client *client = (struct client *)handle;

	(void)bytes;
	*place = uv_buf_init(client->input + client->used, (unsigned)(sizeof(client->input) - client->used - 1));
}

static void on_read(uv_stream_t *stream, ssize_t read, const uv_buf_t *place)
{
	struct client *client = (struct client *)stream;
	size_t digits;

	(void)place;
	if (read < 0) {
		uv_close((uv_handle_t *)stream, NULL);
		return;
	}
	client->used += (size_t)read;
	client->input[client->used] = '\0';
	if (client->used < 4 || memcmp(client->input + client->used - 4, "\r\n\r\n", 4) != 0)
		return;
	client->used = 0;
	if (strncmp(client->input, "GET /items/", 11) != 0)
		fail("it answers GET /items/{id} alone");
	digits = strspn(client->input + 11, "0123456789");
	snprintf(client->id, sizeof(client->id), "%.*s", (int)digits, client->input + 11);
	put(&waiting, client);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct client *client = calloc(1, sizeof(*client));

	if (status != 0 || client == NULL || uv_tcp_init(&loop, &client->tcp) != 0 ||
	    uv_accept(listener, (uv_stream_t *)&client->tcp) != 0)
		fail("cannot accept");
	uv_tcp_nodelay(&client->tcp, 1);
	uv_read_start((uv_stream_t *)&client->tcp, on_place, on_read);
}

/* PostgreSQL */

static void send_unit(struct connection *connection, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct client *client = take(&waiting);
		const char *values[] = {client->id};

		if (!PQsendQueryPrepared(connection->pg, "item", 1, values, NULL, NULL, 0))
			fail(PQerrorMessage(connection->pg));
		put(&connection->sent, client);
	}
	connection->units++;
	if (!PQpipelineSync(connection->pg) || PQflush(connection->pg) != 0)
		fail(PQerrorMessage(connection->pg));
}

/* The end of a loop turn. */
static void on_prepare(uv_prepare_t *prepare)
{
	(void)prepare;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		unsigned share = (waiting.count + CONNECTIONS - i - 1) / (CONNECTIONS - i);

		if (share > 0 && connections[i].units < UNITS_AHEAD)
			send_unit(&connections[i], share < UNIT_MAX ? share : UNIT_MAX);
	}
}

static void on_result(struct connection *connection, PGresult *result)
{
	if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
		connection->units--;
	else if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
		answer(take(&connection->sent), PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	else
		fail("a result that is not one row");
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct connection *connection = poll->data;

	(void)events;
	if (status != 0 || !PQconsumeInput(connection->pg))
		fail(PQerrorMessage(connection->pg));
	while (!PQisBusy(connection->pg)) {
		PGresult *result = PQgetResult(connection->pg);

		if (result == NULL && connection->sent.count == 0 && connection->units == 0)
			return;
		if (result == NULL)
			continue;
		on_result(connection, result);
		PQclear(result);
	}
}

static void open_connection(struct connection *connection, const char *url)
{
	PGresult *result;

	connection->pg = PQconnectdb(url);
	result = PQprepare(connection->pg, "item",
			   "SELECT aid AS id, abalance AS balance FROM pgbench_accounts WHERE aid = $1", 0, NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail(PQerrorMessage(connection->pg));
	PQclear(result);
	if (!PQenterPipelineMode(connection->pg) || PQsetnonblocking(connection->pg, 1) != 0)
		fail(PQerrorMessage(connection->pg));
	uv_poll_init(&loop, &connection->poll, PQsocket(connection->pg));
	connection->poll.data = connection;
	uv_poll_start(&connection->poll, UV_READABLE, on_readable);
}

int main(void)
{
	const char *port = getenv("PORT"), *url = getenv("DATABASE_URL");
	struct sockaddr_in address;
	uv_tcp_t listener;
	uv_prepare_t prepare;

	if (port == NULL || url == NULL)
		fail("PORT and DATABASE_URL are expected in the environment");
	uv_loop_init(&loop);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		open_connection(&connections[i], url);
	uv_prepare_init(&loop, &prepare);
	uv_prepare_start(&prepare, on_prepare);
	uv_tcp_init(&loop, &listener);
	uv_ip4_addr("127.0.0.1", atoi(port), &address);
	if (uv_tcp_bind(&listener, (struct sockaddr *)&address, 0) != 0 ||
	    uv_listen((uv_stream_t *)&listener, 1024, on_connection) != 0)
		fail("cannot listen");
	return uv_run(&loop, UV_RUN_DEFAULT);
}
