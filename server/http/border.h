/* border.h - the inside of the border, for server/http/ only: no other room knows libh2o.
 *
 *   http.c      life, sweep, drain
 *   access.c    which client asks, and may it
 *   connection.c connections
 *   cors_fields.c what is said to pages of other origins
 *   departures.c which clients have left
 *   edition.c   from one edition to the next
 *   request.c   libh2o's request in
 *   rest.c      memory is given back after a burst
 *   reply.c     the response out
 *   compression.c in a content coding
 *   parser.c    in the place of libh2o's parser and decoder
 *   gate.c      how often, and how many at once
 *   held.c      heads that wait for the proof of their identity
 *   head.c      in the place of its sprintf()
 *
 * Thread:  the loop.
 */
#pragma once

#include <h2o.h>

#include "base/networks.h"
#include "identity/token_cache.h"
#include "identity/token_error.h"
#include "loop/inbox.h"
#include "loop/turns.h"
#include "server/http/address_counts.h"
#include "server/http/http.h"
#include "server/http/guard.h"
#include "server/http/refusal_log.h"

_Static_assert(H2O_USE_LIBUV == 1, "the headers of libh2o must be read for the libuv build of the library");

enum {
	HTTP_LARGE_BYTES = 256 * 1024, /* a response of that size counts as a burst */
};

/* For all loops. */
struct http {
	struct http_settings settings;
	h2o_globalconf_t config;
	h2o_hostconf_t *hosts[2];
	struct rate_table *address_rates, *identity_rates;
	struct networks trusted;  /* of proxies */
	struct cors *cors;        /* NULL: nothing is said of other origins */
	_Atomic uint64_t busy_ns; /* when a loop last had something under way, as seen at its sweeps */
};

/* An edition, as this loop serves it. */
struct http_edition {
	struct edition *edition;
	unsigned requests; /* under way that began with it */
	struct list link;
};

struct http_loop {
	h2o_context_t context;
	struct http *http;
	struct runner *runner;
	uv_loop_t *loop;
	unsigned number;
	struct http_edition *edition; /* that requests begin with */
	struct list editions;         /* those before it, with requests under way */
	bool may_fetch;               /* some edition so far fetches pages */
	bool may_follow;              /* some edition so far has events that are followed */
	bool may_keep;                /* some edition so far has answers that are kept */
	struct pulse *pulse;
	h2o_accept_ctx_t accept;
	bool is_admin, waits_itself;
	unsigned connections_max;
	struct list clients;
	unsigned client_count, request_count, waiting, most_clients; /* the last: since memory was given back */
	struct address_counts addresses;
	struct token_cache *identities; /* that were proved on this loop */
	uint64_t refused_count;         /* connections beyond max_address_connections */
	uv_stream_t *postponed;         /* the listener has a connection that may not be accepted yet */
	struct list sending;            /* replies that the client has to take */
	struct list
	    working; /* the other ones, in the order in which they came; those that departures.c knows are on none */
	int departures_fd; /* epoll's: tells which of the watched clients have left */
	uv_poll_t departures;
	uv_timer_t sweep;
	struct turns turns;
	uv_check_t turn_end; /* in sync mode */
	uint64_t unread_ns;  /* what is read before this time may have come while the loop waited */
	bool is_draining, closes_idle;
	bool has_grown;              /* a burst took memory that is not given back yet */
	enum token_error head_error; /* of the credential for which the last head is refused; or TOKEN_GOOD */
	struct refusal_log refusals;
	struct list spare; /* exchanges */
	unsigned spare_count;
	struct compute_pool *pool; /* of compression.c; NULL: nothing is handed to it */
	bool compresses;
	struct list compressing; /* what that pool has */
	struct inbox compressed;
	unsigned compressed_streams; /* under way */
};

/* A head whose body is read when its identity is proved. Meanwhile nothing is read from its connection. */
struct held_head {
	struct http_reply *prover; /* an exchange that has no request; NULL: no head is held */
	h2o_socket_cb read;        /* libh2o's, that goes on when the head is let go */
	bool is_over;              /* the proof is, and the head was not looked at since */
	bool is_counted;           /* the credential of the request to come: as one that was verified */
	enum token_error error;    /* of the proof that is over; TOKEN_GOOD too where it could not be made */
};

/* One connection. Ends in two steps, in whatever order: libh2o closes its socket, libuv its handle. */
struct client {
	uv_tcp_t tcp;
	struct http_loop *http;
	h2o_socket_t *socket;
	struct list link;
	struct address_count *address; /* NULL: it is not counted */
	struct http_reply *reply;      /* to the request under way, or NULL */
	bool is_watched, has_left;     /* departures.c */
	struct held_head held;
};

/* The loop's half of a request: never leaves the loop, and knows libh2o's request. Together with the exchange, since
 * each request has both. */
struct http_reply {
	h2o_generator_t generator;
	struct http_loop *http;
	struct http_edition *edition;
	h2o_req_t *request; /* NULL: the client has gone */
	struct client *client;
	struct list link; /* on http->working or, while the client has to take something, http->sending */
	uint64_t take_deadline_ns;
	bool is_sending;
	atomic_uint *place;         /* among the requests of its route that are under way; NULL: they are not counted */
	struct text origin;         /* of the page that asks, and may; `at` is NULL: none */
	struct http_access *access; /* whose identity is verified by this request; NULL: none */
	struct client *holds;       /* the client whose head waits for that; NULL: none, or it has gone */
	enum token_error error;     /* why the credential of this request was refused by its head */
	struct http_compression *compression; /* NULL: the response is sent as it is */
	struct exchange x;
};

/* Of an exchange that began here. */
static inline struct http_reply *http_reply_of(struct exchange *x)
{
	return CONTAINER_OF(x, struct http_reply, x);
}

static inline const struct options *http_options_of(const struct exchange *x)
{
	return CONTAINER_OF(x, const struct http_reply, x)->http->http->settings.options;
}

/* edition.c */
struct http_edition *http_edition_create(struct edition *edition);
/* Lets go of those that nothing refers to any more, and cuts off what is under way with one that has expired. */
void http_editions_sweep(struct http_loop *http);
/* At the end: all of them. */
void http_editions_leave(struct http_loop *http);

/* http.c: what goes on, for /metrics: now and then, and before the loop itself waits. */
void http_publish(struct http_loop *http);

/* request.c: the handler of all listeners. */
int http_on_request(h2o_handler_t *super, h2o_req_t *request);

/* reply.c */
struct http_reply *http_reply_create(struct http_loop *http);
void http_reply_release(struct http_reply *reply);
void http_reply_destroy(struct http_reply *reply);
/* The exchange has a response, or a part of one. */
void http_reply_on_ready(struct exchange *x);
/* It is compressed, where it is to be: sends it. */
void http_reply_send(struct http_reply *reply);

/* held.c */
enum http_head_verdict { HTTP_HEAD_PASSES, HTTP_HEAD_WAITS, HTTP_HEAD_REFUSED };
/* Holds the head that is being read, whose credential is not known. One that cannot be held passes. */
enum http_head_verdict http_held_begin(struct client *client, struct text credential);
/* Returns whether the head that is being read was held; client->held.error is what came of it. */
bool http_held_take(struct client *client);
/* The proof is over. The head is read again in here, and the client may be gone afterwards. */
void http_held_end(struct client *client, enum token_error error);
/* The client's connection is closed. */
void http_held_forget(struct client *client);

/* connection.c */
void http_client_cut_off(struct client *client, int how);
/* A client over a unix socket counts as 127.0.0.1. */
void http_place_peer(struct sockaddr_storage *peer);

/* departures.c: a client has left when it has closed its sending half, as one that leaves does. Never so while its
 * request is young: one that is sent with that end behind it is answered. */
void http_departures_begin(struct http_loop *http);
/* Of the requests that are no longer young, those whose client has left are told so, now or when it leaves. */
void http_departures_sweep(struct http_loop *http);
/* Asks the kernel at once. */
bool http_client_has_left(const struct client *client, uint64_t now_ns);
void http_departures_end(struct http_loop *http);

/* rest.c: now and then. When nothing goes on any more, the memory of a burst goes back to the kernel. */
void http_rest(struct http_loop *http);

/* parser.c */
void http_parser_begin(uint32_t max_body_bytes);
/* This thread runs a loop. */
void http_parser_begin_thread(void);
/* NULL, or why the request that libh2o hands over is refused; once, and valid while it is being handed over. With ERROR_NONE
 * its body is left unread, since http_access_begin() refuses it. */
const struct http_guard_verdict *http_parser_refusal(void);
