/* stream_fixture.h - the statements of streams, and what is known of them. */
#pragma once

#include "pipeline_fixture.h"

#include "db/rerun.h"

/* Of a set of statements, the second: on its own connection it is the first. */
static struct db_statement described;
static struct db_signatures *signatures;
/* of every row that comes back */
static struct db_column answer = {.name = "answer", .oid = 25};

static inline int clean_up(void **state)
{
	int status = tear_down(state);

	db_signatures_destroy(signatures);
	signatures = NULL;
	return status;
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)

static inline void open_stream(void)
{
	settings.depth = 1;
	settings.catalog.statement_count = 0;
	described = language;
	described.signature.columns = &answer;
	described.signature.column_count = 1;
	fake_pq_describe("language", 1, 1, answer.oid);
	signatures = db_signatures_create(&described.signature);
	described.signatures = signatures;
	stream = db_stream_create(&described, &described.signature, values[0], NULL, &arena);
}
