/* Prints the microseconds that the JSON of twenty rows of the benchmark's table costs: what libpq has received, as text
 * in a response. Argument: the database's URL. */
#include "base/clock.h"
#include "db/values/row_json.h"

#include <libpq-fe.h>
#include <stdio.h>

enum { ROWS = 20, TIMES = 20000 };

static const char sql[] =
    "SELECT aid AS id, bid, abalance AS balance, filler FROM pgbench_accounts ORDER BY aid LIMIT 20";

int main(int argc, char **argv)
{
	struct db_column columns[] = {
	    {"id", TEXT_INIT("\"id\":"), {.kind = DB_TYPE_INT4}, 23, false},
	    {"bid", TEXT_INIT("\"bid\":"), {.kind = DB_TYPE_INT4}, 23, false},
	    {"balance", TEXT_INIT("\"balance\":"), {.kind = DB_TYPE_INT4}, 23, false},
	    {"filler", TEXT_INIT("\"filler\":"), {.kind = DB_TYPE_OTHER}, 25, false},
	};
	struct db_signature signature = {.columns = columns, .column_count = 4};
	PGconn *pg = PQconnectdb(argc > 1 ? argv[1] : "");
	PGresult *rows = PQexec(pg, sql);
	struct arena arena;
	uint64_t began_ns;
	size_t bytes = 0;

	if (PQntuples(rows) != ROWS) {
		fprintf(stderr, "bench_row_json: no rows: %s", PQerrorMessage(pg));
		return 1;
	}
	arena_init(&arena, NULL, 0);
	began_ns = clock_now_ns();
	for (unsigned i = 0; i < TIMES; i++) {
		struct buffer json = buffer_in(&arena);

		for (unsigned row = 0; row < ROWS; row++)
			row_json_add(&json, &signature, (struct db_result *)rows, row);
		bytes += json.length;
		arena_reset(&arena);
	}
	printf("%.3f\n", (double)(clock_now_ns() - began_ns) / TIMES / 1e3);
	PQclear(rows);
	PQfinish(pg);
	return bytes > 0 ? 0 : 1;
}
