#include "db/spares.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

struct db_spares {
	pthread_mutex_t lock; /* guards the rest; held for a few instructions */
	struct list kept;     /* the last that came is the first, so that those beyond the need rest */
	unsigned edition;     /* the newest that a session was asked for */
};

struct db_spares *db_spares_create(void)
{
	struct db_spares *spares = memory_alloc_zeroed(1, sizeof(*spares));

	pthread_mutex_init(&spares->lock, NULL);
	list_init(&spares->kept);
	return spares;
}

static struct db_session *session_of(struct list *item)
{
	return CONTAINER_OF(item, struct db_session, link);
}

void db_session_close(struct db_session *session)
{
	db_conn_close(&session->conn);
	free(session);
}

static bool close_all(struct list *sessions)
{
	bool were_any = !list_is_empty(sessions);

	LIST_EACH (item, sessions)
		db_session_close(session_of(item));
	return were_any;
}

/* Taking */

static struct db_session *take_first(struct db_spares *spares, unsigned edition)
{
	struct list *first;

	if (spares == NULL)
		return NULL;
	pthread_mutex_lock(&spares->lock);
	if (edition > spares->edition)
		spares->edition = edition;
	first = list_is_empty(&spares->kept) ? NULL : spares->kept.next;
	if (first != NULL)
		list_remove(first);
	pthread_mutex_unlock(&spares->lock);
	return first != NULL ? session_of(first) : NULL;
}

/* Takes what has come meanwhile: the answer to what has cleaned it, or the server's goodbye. The goodbye and the end of
 * the connection are read one by one. */
static bool is_alive(struct db_session *session)
{
	struct pollfd ready = {.fd = db_conn_socket(&session->conn), .events = POLLIN};

	while (poll(&ready, 1, 0) > 0)
		if (db_conn_advance(&session->conn) != 0) {
			log_debug("db", "a stream's session is not used again: %s", session->conn.error);
			return false;
		}
	return true;
}

static struct db_session *create_session(const struct db_settings *settings, struct db_catalog catalog)
{
	struct db_session *session = memory_alloc_zeroed(1, sizeof(*session));

	db_conn_init(&session->conn, settings, true, 0, NULL);
	session->conn.catalog = catalog;
	session->conn.has_cursors = settings->pooler != DB_POOLER_TRANSACTION;
	list_init(&session->link);
	return session;
}

struct db_session *db_spares_take(const struct db_settings *settings, struct db_catalog catalog, db_conn_over_fn *over)
{
	struct db_session *session;

	while ((session = take_first(settings->spares, catalog.edition)) != NULL) {
		session->was_kept = true;
		if (session->conn.catalog.edition == catalog.edition && is_alive(session))
			break;
		db_session_close(session);
	}
	if (session == NULL)
		session = create_session(settings, catalog);
	session->conn.over = over;
	return session;
}

/* Keeping */

/* Whether it was kept. */
static bool keep(struct db_spares *spares, struct db_session *session)
{
	bool is_kept;

	session->kept_ns = clock_now_ns();
	pthread_mutex_lock(&spares->lock);
	is_kept = session->conn.catalog.edition == spares->edition;
	if (is_kept)
		list_prepend(&spares->kept, &session->link);
	pthread_mutex_unlock(&spares->lock);
	return is_kept;
}

void db_spares_put(struct db_session *session)
{
	struct db_conn *conn = &session->conn;
	struct db_spares *spares = conn->settings->spares;
	bool may_be_kept =
	    spares != NULL && conn->state == CONN_READY && !conn->is_retiring && !conn->has_pooler && !conn->has_grown;

	session->stream = NULL;
	if (!may_be_kept || db_conn_clean(conn) != 0 || !keep(spares, session))
		db_session_close(session);
}

bool db_spares_rest(struct db_spares *spares, uint64_t now_ns)
{
	struct list rested;
	bool are_left;

	if (spares == NULL)
		return false;
	list_init(&rested);
	pthread_mutex_lock(&spares->lock);
	LIST_EACH (item, &spares->kept)
		if (now_ns > session_of(item)->kept_ns + SPARE_REST_S * NS_PER_S) {
			list_remove(item);
			list_append(&rested, item);
		}
	are_left = !list_is_empty(&spares->kept);
	pthread_mutex_unlock(&spares->lock);
	close_all(&rested);
	return are_left;
}

bool db_spares_empty(struct db_spares *spares)
{
	struct list all;

	if (spares == NULL)
		return false;
	pthread_mutex_lock(&spares->lock);
	list_take_all(&all, &spares->kept);
	pthread_mutex_unlock(&spares->lock);
	return close_all(&all);
}

void db_spares_destroy(struct db_spares *spares)
{
	db_spares_empty(spares);
	pthread_mutex_destroy(&spares->lock);
	free(spares);
}
