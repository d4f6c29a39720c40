/* entity.h - character references of HTML: &#228; &#xe4; &auml; and, where HTML allows it, &auml without its semicolon.
 *
 * Known by name are those of HTML 4, &apos;, and the six that may be shouted (&AMP; and so on). They are 259 of HTML
 * 5's 2,231, and what titles have.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/compiler.h"
#include "base/text.h"

enum { ENTITY_REPLACEMENT = 0xfffd };

/* `text` begins with '&'. Returns how many bytes the reference has, 0 when there is none: then the '&' is a '&'.
 * *point may be any code point but 0 and surrogates. */
size_t entity_read(struct text text, uint32_t *point);

/* What windows-1252 means by a byte; a number in a reference is read so too. */
uint32_t entity_windows_1252(uint8_t byte);
