/* digest.h - SHA-256.
 *
 * Thread:  any.
 * Errors:  none: a libcrypto that cannot compute it ends the program.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { DIGEST_BYTES = 32 };

void digest_sha256(struct text text, uint8_t digest[static DIGEST_BYTES]);
