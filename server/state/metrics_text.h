/* metrics_text.h - how the files of this room write a metric's first two lines.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"

/* `name` is without the prefix that all have. */
static inline void metrics_write_header(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP meantime_%s %s\n# TYPE meantime_%s %s\n", name, help, name, type);
}
