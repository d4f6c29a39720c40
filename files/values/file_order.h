/* file_order.h - a file that is asked for, and what has come of it, as plain data.
 *
 * Life:    a handler fills in the upper half -> await_file() finds the file -> await_file() for each part of it that is
 *          not there yet.
 * Owner:   the exchange's arena; the open file is the exchange's until its last byte was read, or until it ends.
 * Thread:  one at a time: the exchange's owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/computation.h"

enum {
	FILE_PART_BYTES = 64 * 1024, /* what a client takes at a time: all that a file of any size costs */
	FILE_SIBLINGS_MAX = 2,
};

struct folder;

enum file_outcome {
	FILE_FOUND,
	FILE_MISSING,   /* there is none that is served */
	FILE_IS_FOLDER, /* that has an index.html */
	FILE_BUSY,      /* too many are open, or one is being replaced */
	FILE_FAILED,    /* it cannot be read; the log says why */
	FILE_CHANGED,   /* while it was read */
};

/* What a file is known by. */
struct file_facts {
	uint64_t bytes, number; /* of its inode */
	int64_t modified_s;
	uint32_t modified_ns;
};

struct file_order {
	/* what is asked for */
	struct folder *folder;
	struct arena *arena;
	const char *name;                        /* as file_name.h makes it */
	const char *siblings[FILE_SIBLINGS_MAX]; /* ".br": suffixes of what is served in its place; NULL: no more */
	bool reads_at_once;                      /* the first part, too */
	uint64_t at, end;                        /* what is left to be read; set when it is found to all of it */

	/* what has come */
	enum file_outcome outcome;
	struct file_facts facts;
	const char *sibling; /* the suffix of what was found; NULL: the file itself */
	const char *part;    /* the newest, until the next is awaited */
	size_t part_bytes;

	/* private */
	struct computation computation;
	char *buffer;
	bool was_found; /* what is awaited next is a part */
	int fd;         /* -1: none is open */
};

/* Sets up an order; the rest is the handler's to fill in. */
static inline void file_order_init(struct file_order *order, struct folder *folder, struct arena *arena,
				   const char *name)
{
	*order = (struct file_order){.folder = folder, .arena = arena, .name = name, .fd = -1};
}
