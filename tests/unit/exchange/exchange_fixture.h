/* exchange_fixture.h - an exchange, and steps that do nothing. */
#pragma once

#include "exchange/exchange.h"

#include "base/clock.h"
#include "base/log.h"
#include "lib/fake_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct awaitable_class batch_class, rows_class;
static struct exchange_settings settings = {
    .request_timeout_ms = 700, .await_batch = &batch_class, .await_rows = &rows_class};
static struct exchange x;

static struct db_column columns[] = {
    {.name = "id", .key = TEXT_INIT("\"id\":"), .type = {.kind = DB_TYPE_INT4}},
    {.name = "name", .key = TEXT_INIT("\"name\":"), .type = {.kind = DB_TYPE_OTHER}},
};
static const struct db_statement statement = {
    .name = "things", .signature = {.columns = columns, .column_count = 2}, .is_read_only = true};

static inline int set_up(void **state)
{
	(void)state;
	exchange_begin(&x, &settings, clock_now_ns());
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	exchange_cleanup(&x);
	return 0;
}

static inline enum step end(struct exchange *ended)
{
	return respond_empty(ended, 204);
}

static inline enum step ask(struct exchange *asking)
{
	db_query(asking, &statement, NULL);
	return await_db(asking, end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
