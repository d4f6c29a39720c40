/* pooled_fixture.h - a connection behind a transaction pooler. */
#pragma once

#include "conn_fixture.h"

static inline int set_up_pooled(void **state)
{
	int status = set_up(state);

	settings.pooler = DB_POOLER_TRANSACTION;
	return status;
}

static inline void open_pooled(bool is_read_only)
{
	fake_pq.setup_parts = settings.pooler == DB_POOLER_SESSION ? 5 : 2;
	init_as(is_read_only);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	while (!db_conn_is_usable(&conn))
		assert_int_equal(db_conn_advance(&conn), 0);
	for (unsigned i = 0; i < settings.catalog.statement_count; i++)
		conn.prepared[i] = (struct db_prepared){.signature = &statements[i]->signature, .seen = 1};
}

#define TEST_POOLED(name) cmocka_unit_test_setup_teardown(name, set_up_pooled, tear_down)
