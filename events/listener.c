#include "events/listener.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "db/backoff.h"
#include "db/wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_MS = 1000,     /* what is idle is looked at so often */
	SILENCE_MS = 10000, /* after which the connection is asked for a sign of life */
	COMMAND_MS = 10000,
	STOP_MS = 1000,
};

struct event_listener {
	pthread_t thread;
	struct event_hub *hub;
	struct db_settings settings;
	struct db_conn conn;
	unsigned failures; /* to connect, in a row */
	atomic_bool is_stopping;
	/* of the connection at hand */
	PGconn *pg;
	bool is_asked;     /* a command is under way */
	uint64_t heard_ns; /* when something last came, or the command was sent */
};

static bool is_stopping(const struct event_listener *listener)
{
	return atomic_load(&listener->is_stopping);
}

static void read_empty(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		REQUIRE(errno == EAGAIN || errno == EINTR);
}

/* Waits for the sockets, or for a wish of the hub. */
static short wait_for(struct event_listener *listener, int fd, short events, int ms)
{
	struct pollfd ready[] = {{.fd = event_hub_wanted_fd(listener->hub), .events = POLLIN},
				 {.fd = fd, .events = events}};

	if (poll(ready, 2, ms) <= 0)
		return 0;
	if (ready[0].revents != 0)
		read_empty(ready[0].fd);
	return ready[1].revents;
}

/* Talking */

static int send_text(struct event_listener *listener, const char *sql)
{
	listener->is_asked = true;
	listener->heard_ns = clock_now_ns();
	return PQsendQuery(listener->pg, sql) == 1 ? 0 : -1;
}

/* The next command, or an empty one when the connection is silent. */
static int ask(struct event_listener *listener)
{
	struct arena arena;
	struct buffer sql = buffer_in(&arena);
	int status = 0;

	if (listener->is_asked)
		return 0;
	arena_init(&arena, NULL, 0);
	if (event_hub_add_commands(listener->hub, &sql)) {
		buffer_add_char(&sql, '\0');
		status = send_text(listener, sql.bytes);
	} else if (clock_now_ns() >= listener->heard_ns + SILENCE_MS * NS_PER_MS) {
		status = send_text(listener, "");
	}
	arena_cleanup(&arena);
	return status;
}

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

/* Each command of the text has a result; behind the last comes NULL. */
static int take_results(struct event_listener *listener)
{
	while (listener->is_asked && !PQisBusy(listener->pg)) {
		PGresult *result = PQgetResult(listener->pg);
		bool was_good = result == NULL || is_good(result);

		if (result == NULL) {
			listener->is_asked = false;
			event_hub_note_done(listener->hub);
		}
		if (!was_good)
			log_warning("events", "PostgreSQL refuses to listen: %s", PQresultErrorMessage(result));
		PQclear(result);
		if (!was_good)
			return -1;
	}
	return 0;
}

static void take_notifications(struct event_listener *listener)
{
	PGnotify *notification;

	while ((notification = PQnotifies(listener->pg)) != NULL) {
		event_hub_publish(listener->hub, text_of(notification->relname), text_of(notification->extra));
		PQfreemem(notification);
	}
}

static int hear(struct event_listener *listener)
{
	if (PQconsumeInput(listener->pg) != 1)
		return -1;
	listener->heard_ns = clock_now_ns();
	if (take_results(listener) != 0)
		return -1;
	take_notifications(listener);
	return PQstatus(listener->pg) == CONNECTION_OK ? 0 : -1;
}

static bool is_overdue(const struct event_listener *listener)
{
	return listener->is_asked && clock_now_ns() >= listener->heard_ns + COMMAND_MS * NS_PER_MS;
}

/* Until the connection is lost, or it is the end. */
static const char *listen_until_lost(struct event_listener *listener)
{
	while (!is_stopping(listener)) {
		int unsent = ask(listener) == 0 ? PQflush(listener->pg) : -1;
		short ready;

		if (unsent < 0)
			return PQerrorMessage(listener->pg);
		ready = wait_for(listener, PQsocket(listener->pg), (short)(POLLIN | (unsent ? POLLOUT : 0)), LOOK_MS);
		if (ready != 0 && hear(listener) != 0)
			return PQerrorMessage(listener->pg);
		if (is_overdue(listener))
			return "PostgreSQL gave no sign of life";
		event_hub_sweep(listener->hub, clock_now_ns());
	}
	return NULL;
}

/* The connection */

static int open_connection(struct event_listener *listener)
{
	struct db_conn *conn = &listener->conn;
	uint64_t longest_ns = listener->settings.connect_timeout_ms * NS_PER_MS;

	if (db_wait_open(conn, clock_now_ns() + longest_ns) == 0) {
		listener->failures = 0;
		return 0;
	}
	if (listener->failures++ == 0)
		log_error("events", "cannot connect to listen: %s",
			  conn->error[0] != '\0' ? conn->error : "no connection in time");
	event_hub_note_unreachable(listener->hub);
	return -1;
}

static void serve_connection(struct event_listener *listener)
{
	const char *why;

	listener->pg = db_conn_lend(&listener->conn);
	REQUIRE(PQsetnonblocking(listener->pg, 1) == 0);
	listener->is_asked = false;
	listener->heard_ns = clock_now_ns();
	event_hub_note_connected(listener->hub);
	why = listen_until_lost(listener);
	if (why != NULL) {
		log_warning("events", "the connection that listens is lost: %s", why);
		event_hub_note_lost(listener->hub);
	}
}

static void *run(void *data)
{
	struct event_listener *listener = data;

	while (!is_stopping(listener)) {
		if (open_connection(listener) == 0) {
			serve_connection(listener);
			db_conn_close(&listener->conn);
		}
		if (!is_stopping(listener))
			wait_for(listener, -1, 0, (int)(backoff_ns(listener->failures) / NS_PER_MS));
	}
	return NULL;
}

/* Life */

/* Signals are for the loops that serve. */
static void start_thread(struct event_listener *listener)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	REQUIRE(pthread_create(&listener->thread, NULL, run, listener) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct event_listener *event_listener_create(struct event_hub *hub, const struct db_settings *settings, unsigned number)
{
	struct event_listener *listener = memory_alloc_zeroed(1, sizeof(*listener));

	listener->hub = hub;
	listener->settings = *settings;
	db_conn_init(&listener->conn, &listener->settings, true, number, NULL);
	start_thread(listener);
	return listener;
}

bool event_listener_stop(struct event_listener *listener)
{
	struct timespec deadline;

	atomic_store(&listener->is_stopping, true);
	event_hub_wake(listener->hub);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += STOP_MS / 1000;
	return pthread_timedjoin_np(listener->thread, NULL, &deadline) == 0;
}

void event_listener_destroy(struct event_listener *listener)
{
	db_conn_close(&listener->conn);
	free(listener);
}
