/* awaitables.h - the class of every kind of awaitable: how it is waited for, and how it is started.
 *
 * Life:    constant.
 * Thread:  any.
 */
#pragma once

#include "exchange/awaitable.h"

#define AWAITABLE(name, class) extern const struct awaitable_class class;
#include "exchange/awaitables.def"
#undef AWAITABLE
