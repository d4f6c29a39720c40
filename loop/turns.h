/* turns.h - how long each turn of a loop takes, from one poll to the next, without the time in which it had nothing to do.
 * What comes meanwhile waits for so long.
 *
 * libuv counts the time for which a poll waits (UV_METRICS_IDLE_TIME), which is taken off.
 *
 * Life:    turns_begin(), before other handles of the loop are started, so that it runs last -> turns_end(); the loop
 *          then closes its handle.
 * Owner:   the caller's memory.
 * Thread:  the loop; `note` is called there, once a turn.
 */
#pragma once

#include <stdint.h>
#include <uv.h>

typedef void turns_note_fn(void *data, uint64_t ns);

struct turns {
	uv_prepare_t prepare;
	turns_note_fn *note;
	void *data;
	uint64_t began_ns, idle_ns;
};

void turns_begin(struct turns *turns, uv_loop_t *loop, turns_note_fn *note, void *data);
void turns_end(struct turns *turns);
