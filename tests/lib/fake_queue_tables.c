#include "lib/fake_queue_tables.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/require.h"
#include "lib/fake_inbox_table.h"
#include "lib/fake_queue_statements.h"
#include "lib/fake_rows.h"

struct row {
	int64_t id;
	unsigned attempt, max_attempts;
	const char *payload;
};

static struct {
	pthread_mutex_t lock;
	struct row rows[FAKE_ROWS_MAX];
	unsigned count, dead, names, old_keys;
	int64_t last_id;
	unsigned long long epoch;
	bool is_others; /* another service is there */
	const char *isolation;
} tables = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define LOCKED(...)                                                                                                    \
	do {                                                                                                           \
		pthread_mutex_lock(&tables.lock);                                                                      \
		__VA_ARGS__;                                                                                           \
		pthread_mutex_unlock(&tables.lock);                                                                    \
	} while (0)

/* What the test does */

void fake_tables_reset(void)
{
	fake_rows_reset();
	fake_inbox_reset();
	memset(&tables.rows, 0, sizeof(tables) - offsetof(__typeof__(tables), rows));
	tables.isolation = "read committed";
	fake_failures_reset();
}

static unsigned read_count(const unsigned *count)
{
	unsigned read;

	LOCKED(read = *count);
	return read;
}

unsigned fake_tables_count(void)
{
	return read_count(&tables.count);
}

unsigned fake_tables_dead(void)
{
	return read_count(&tables.dead);
}

unsigned fake_tables_names(void)
{
	return read_count(&tables.names);
}

void fake_tables_set_others(bool are_there)
{
	LOCKED(tables.epoch += are_there; tables.is_others = are_there);
}

void fake_tables_add_inbox(int64_t place, int64_t id, const char *queue)
{
	LOCKED(fake_inbox_add(place, id, queue));
}

unsigned fake_tables_inbox_count(void)
{
	return read_count(fake_inbox_count());
}

void fake_tables_set_old_keys(unsigned count)
{
	LOCKED(tables.old_keys = count);
}

void fake_tables_set_isolation(const char *isolation)
{
	LOCKED(tables.isolation = isolation);
}

static void add_row(int64_t id, unsigned attempt, unsigned max_attempts, const char *payload)
{
	REQUIRE(tables.count < FAKE_ROWS_MAX);
	tables.rows[tables.count++] = (struct row){id, attempt, max_attempts, payload};
}

void fake_tables_add(int64_t id, unsigned attempt, unsigned max_attempts)
{
	LOCKED(add_row(id, attempt, max_attempts, "1"));
}

static struct row *find(int64_t id)
{
	for (unsigned i = 0; i < tables.count; i++)
		if (tables.rows[i].id == id)
			return &tables.rows[i];
	return NULL;
}

void fake_tables_remove(int64_t id)
{
	LOCKED(*find(id) = tables.rows[--tables.count]);
}

bool fake_tables_has(int64_t id, unsigned *attempt)
{
	const struct row *row;

	LOCKED(row = find(id); if (row != NULL) *attempt = row->attempt);
	return row != NULL;
}

/* Statements */

static struct db_result *watch(const char *const *values)
{
	(void)values;
	return fake_rows_one(4, (const char *const[]){tables.is_others ? "f" : "t", "another", tables.isolation, "f"});
}

static struct db_result *take(const char *const *values)
{
	(void)values;
	tables.epoch++;
	return fake_rows_one(1, (const char *const[]){fake_rows_number((int64_t)tables.epoch)});
}

static struct db_result *give_ids(const char *const *values)
{
	(void)values;
	tables.last_id += 1000;
	return fake_rows_one(1, (const char *const[]){fake_rows_number(tables.last_id)});
}

static bool is_owner(const char *const *values)
{
	return strtoull(values[0], NULL, 10) == tables.epoch;
}

static struct db_result *beat(const char *const *values)
{
	return fake_rows(0, 0, is_owner(values));
}

static struct db_result *nothing(const char *const *values)
{
	(void)values;
	return fake_rows(0, 9, 0);
}

static struct db_result *one(const char *const *values)
{
	(void)values;
	return fake_rows_one(1, (const char *const[]){""});
}

static struct db_result *page(const char *const *values)
{
	int64_t after = strtoll(values[0], NULL, 10);
	struct db_result *result = fake_rows(tables.count, 9, tables.count);
	unsigned rows = 0;

	for (unsigned i = 0; i < tables.count; i++) {
		const struct row *row = &tables.rows[i];

		if (row->id <= after)
			continue;
		fake_rows_set(result, rows, 0, fake_rows_number(row->id));
		fake_rows_set(result, rows, 1, "q");
		fake_rows_set(result, rows, 2, "0");
		fake_rows_set(result, rows, 3, fake_rows_number(row->attempt));
		fake_rows_set(result, rows, 4, fake_rows_number(row->max_attempts));
		fake_rows_set(result, rows, 5, "1");
		fake_rows_set(result, rows++, 8, row->payload);
	}
	result->row_count = rows;
	return result;
}

static struct db_result *add_names(const char *const *values)
{
	tables.names++;
	for (const char *at = values[0]; *at != '\0'; at++)
		tables.names += *at == ',';
	return fake_rows(0, 0, tables.names);
}

/* Its payloads are digits. */
static struct db_result *insert(const char *const *values)
{
	const char *ids = values[1], *attempts = values[4], *payloads = values[8];
	int64_t id, most, payload;
	unsigned rows = 0;

	while (is_owner(values) && fake_rows_next(&ids, &id)) {
		REQUIRE(fake_rows_next(&attempts, &most) && fake_rows_next(&payloads, &payload));
		add_row(id, 0, (unsigned)most, fake_rows_number(payload));
		rows++;
	}
	return fake_rows(0, 0, rows);
}

static unsigned remove_rows(const char *ids)
{
	unsigned removed = 0;
	int64_t id;

	while (fake_rows_next(&ids, &id)) {
		struct row *row = find(id);

		if (row == NULL)
			continue;
		*row = tables.rows[--tables.count];
		removed++;
	}
	return removed;
}

static struct db_result *delete (const char *const *values)
{
	return fake_rows(0, 0, is_owner(values) ? remove_rows(values[1]) : 0);
}

static struct db_result *move(const char *const *values)
{
	unsigned moved = is_owner(values) ? remove_rows(values[1]) : 0;

	tables.dead += moved;
	return fake_rows(0, 0, moved);
}

static struct db_result *read_letters(const char *const *values)
{
	(void)values;
	return tables.dead > 0 ? fake_rows_one(5, (const char *const[]){"1", "0", "2", NULL, "1"}) : fake_rows(0, 5, 0);
}

/* Of those that are sent again there are no rows. */
static struct db_result *drop_letters(const char *const *values)
{
	tables.dead = is_owner(values) ? 0 : tables.dead;
	return fake_rows(0, 0, 0);
}

static struct db_result *update(const char *const *values)
{
	const char *ids = values[1], *attempts = values[2];
	int64_t id, attempt;

	while (is_owner(values) && fake_rows_next(&ids, &id) && fake_rows_next(&attempts, &attempt))
		if (find(id) != NULL)
			find(id)->attempt = (unsigned)attempt;
	return fake_rows(0, 0, 0);
}

static struct db_result *sweep(const char *const *values)
{
	unsigned most = (unsigned)strtoul(values[0], NULL, 10), count = tables.old_keys < most ? tables.old_keys : most;

	tables.old_keys -= count;
	return fake_rows(0, 0, count);
}

static struct db_result *is_kept(const char *const *values)
{
	return fake_rows_one(1, (const char *const[]){is_owner(values) ? "t" : "f"});
}

static struct db_result *is_written(const char *const *values)
{
	const char *ids = values[1];
	bool is_there = false;
	int64_t id;

	while (fake_rows_next(&ids, &id))
		is_there = is_there || find(id) != NULL;
	return fake_rows_one(2, (const char *const[]){is_owner(values) ? "t" : "f", is_there ? "t" : "f"});
}

static struct db_result *read_payloads(const char *const *values)
{
	struct db_result *result = fake_rows(FAKE_ROWS_MAX, 2, 0);
	const char *ids = values[0];
	unsigned rows = 0;
	int64_t id;

	while (fake_rows_next(&ids, &id))
		if (find(id) != NULL) {
			fake_rows_set(result, rows, 0, fake_rows_number(id));
			fake_rows_set(result, rows++, 1, find(id)->payload);
		}
	result->row_count = rows;
	return result;
}

static struct db_result *move_inbox(const char *const *values)
{
	const char *places = values[1];
	int64_t place, id;

	while (is_owner(values) && fake_rows_next(&places, &place))
		if (fake_inbox_take(place, &id))
			add_row(id, 0, 2, "7");
	return fake_rows(0, 0, 0);
}

static struct db_result *are_jobs(const char *const *values)
{
	struct db_result *result = fake_rows(FAKE_ROWS_MAX, 1, 0);
	const char *ids = values[0];
	unsigned rows = 0;
	int64_t id;

	for (unsigned i = 0; fake_rows_next(&ids, &id); i++)
		if (find(id) != NULL)
			fake_rows_set(result, rows++, 0, fake_rows_number(i));
	result->row_count = rows;
	return result;
}

static const struct {
	const char *begins;
	int kind; /* of enum fake_write; -1: none */
	struct db_result *(*answer)(const char *const *values);
} statements[] = {
    {"SELECT seen_at <", -1, watch},
    {"SELECT pg_advisory_xact_lock", -1, one},
    {"SELECT set_config", -1, one},
    {"SELECT nextval", FAKE_IDS, give_ids},
    {"SELECT name,", -1, nothing},
    {"SELECT place,", FAKE_READ, fake_inbox_read},
    {"SELECT u.place - 1", -1, are_jobs},
    {"SELECT job.id,", -1, page},
    {"SELECT epoch = $1,", -1, is_written},
    {"SELECT epoch = $1 FROM", -1, is_kept},
    {"SELECT id, payload", FAKE_PAYLOADS, read_payloads},
    {"UPDATE meantime_queue.owner SET epoch", FAKE_TAKE, take},
    {"UPDATE meantime_queue.owner SET seen_at = clock_timestamp()", -1, beat},
    {"UPDATE meantime_queue.owner SET seen_at = '-infinity'", -1, beat},
    {"UPDATE meantime_queue.job SET attempt", FAKE_CHANGE, update},
    {"INSERT INTO meantime_queue.queue", -1, add_names},
    {"INSERT INTO meantime_queue.job", FAKE_INSERT, insert},
    {"DELETE FROM meantime_queue.job", FAKE_DELETE, delete},
    {"DELETE FROM meantime_queue.enqueue_key", FAKE_SWEEP, sweep},
    {"WITH moved AS (DELETE FROM meantime_queue.inbox", FAKE_MOVE, move_inbox},
    {"SELECT id, priority, max_attempts", -1, read_letters},
    {"SELECT id FROM meantime_queue.job", -1, nothing},
    {"DELETE FROM meantime_queue.dead_letter", FAKE_LETTERS, drop_letters},
    {"WITH moved AS (DELETE FROM meantime_queue.dead_letter", FAKE_LETTERS, drop_letters},
    {"WITH moved AS (DELETE FROM meantime_queue.job", FAKE_CHANGE, move},
};

static unsigned index_of(const char *sql)
{
	unsigned i = 0;

	while (strncmp(sql, statements[i].begins, strlen(statements[i].begins)) != 0)
		REQUIRE(++i < ARRAY_LENGTH(statements));
	return i;
}

int fake_statement_kind(const char *sql)
{
	return statements[index_of(sql)].kind;
}

struct db_result *fake_statement_answer(const char *sql, const char *const *values)
{
	struct db_result *result;

	LOCKED(result = statements[index_of(sql)].answer(values));
	return result;
}
