/* guard_fixture.h - heads, and what is said of them.
 *
 * The corpus: raw heads and what the guard makes of each. What is accepted is as much a promise as what is not.
 */
#pragma once

#include "server/http/guard.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

enum { MAX_BODY_BYTES = 1000000 };

static struct http_field fields[HTTP_FIELDS_MAX];

static inline struct http_guard_verdict read_head(struct http_head *head, const char *raw, size_t length)
{
	*head = (struct http_head){.fields = fields, .max_body_bytes = MAX_BODY_BYTES};
	return http_guard_read(head, (struct text){raw, length});
}
