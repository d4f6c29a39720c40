/* reload.h - SIGHUP: the endpoint files are read again while requests go on.
 *
 * A thread of its own reads, checks and describes a new edition beside the one in force; it blocks, and no loop waits for
 * it. When anything is wrong the new edition is refused whole, with its place in the log. Each loop turns to a good one
 * at one moment; requests that are under way end with the edition that they began with. A request to reload during a
 * reload is remembered, once.
 *
 * Life:    reload_start(), when the loops are there -> reload_ask()* -> reload_forbid(), before they drain ->
 *          reload_stop() -> reload_cleanup(), when the loops are gone.
 * Owner:   the caller's memory; all editions, the first one included, are the reload's.
 * Thread:  reload_ask(), reload_forbid(), reload_note_...(): any. The rest: the main one.
 * Limits:  EDITIONS_MAX editions. When all of them are in use the next reload waits. What is still under way with the
 *          oldest is cut off once no request may take so long.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "base/list.h"

struct edition;
struct server_loop;
struct service;

struct reload {
	/* set by the caller */
	struct service *service;
	struct server_loop *loops;
	struct edition *current; /* the first; then the one in force */
	/* private */
	struct list editions; /* all, the oldest first; the thread's own */
	unsigned edition_count, last_number;
	pthread_mutex_t lock; /* guards the next two, and that loops are handed nothing once it is forbidden */
	pthread_cond_t changed;
	bool is_asked, is_forbidden;
	pthread_t thread;
};

void reload_start(struct reload *reload);
void reload_ask(struct reload *reload);
/* Loops are handed nothing from now on. */
void reload_forbid(struct reload *reload);
/* False: its thread waits for PostgreSQL, and may do so for a while; nothing of it may be freed. */
MUST_CHECK bool reload_stop(struct reload *reload);
void reload_cleanup(struct reload *reload);

/* For loops: this one serves the edition now; it holds it no longer. */
void reload_note_taken(struct edition *edition);
void reload_note_left(struct edition *edition);
