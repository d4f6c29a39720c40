/* compiler.h - the few compiler extensions the program uses, under one name each. */
#pragma once

#include <stddef.h>

#define MUST_CHECK                       __attribute__((warn_unused_result))
#define PRINTF_LIKE(string_index, first) __attribute__((format(printf, string_index, first)))
#define LIKELY(condition)                __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition)              __builtin_expect(!!(condition), 0)
#define NOT_INLINED                      __attribute__((noinline)) /* what is rare keeps out of what is not */
#define ARRAY_LENGTH(array)              (sizeof(array) / sizeof((array)[0]))

/* The struct that embeds `member` at `pointer`. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
