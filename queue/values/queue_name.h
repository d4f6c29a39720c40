/* queue_name.h - what a queue may be called: it stands in paths, logs and metrics as it is.
 *
 * Thread:  any.
 */
#pragma once

#include "base/text.h"

enum { QUEUE_NAME_BYTES_MAX = 64 };

/* What a message says was expected. */
extern const char queue_name_expected[];

bool queue_name_is_valid(struct text name);
