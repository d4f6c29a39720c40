/* require.h - a condition that holds unless the program itself is wrong; checked in every build.
 *
 * Errors: prints the condition with its place and aborts. For bad input use an error, never this.
 */
#pragma once

#include "base/compiler.h"

#define REQUIRE(condition) (LIKELY(condition) ? (void)0 : require_failed(#condition, __FILE__, __LINE__))

_Noreturn void require_failed(const char *condition, const char *file, int line);
