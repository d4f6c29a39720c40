/* thread.h - a thread that ends by itself and hears no signal: for what may stand still for long.
 *
 * Thread:  any. Signals go to the process's other threads. One that stands still would keep a signal to itself, and one
 *          from the start of the program has the start's handlers.
 */
#pragma once

#include <stddef.h>

/* stack_bytes 0: the system's size. Returns -1 when there is no thread to be had. */
int thread_start(void *(*run)(void *), void *data, size_t stack_bytes);
