/* file_awaitable.h - what await_file() waits for: a file of the folder, or the next part of it (files/file.h).
 *
 * Where a thread waits, it reads by itself. Else threads of their own read, while the loop goes on.
 */
#pragma once

#include "server/run/awaitables.h"

struct exchange;

/* The exchange ends: nothing more is read for it. */
void file_awaitable_end(struct exchange *x);
