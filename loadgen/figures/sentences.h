/* sentences.h - every sentence and verdict that a report can say, by name: SAYS_steady.
 *
 * Each is a format for report_say() and the like, which the compiler checks.
 */
#pragma once

#define SENTENCE(name, format, condition) static const char SAYS_##name[] __attribute__((unused)) = format;
#include "loadgen/figures/sentences.def"
#undef SENTENCE
