/* timer_awaitable.h - what await_timer() waits for: a time. */
#pragma once

#include "exchange/awaitable.h"

extern const struct awaitable_class timer_awaitable;
