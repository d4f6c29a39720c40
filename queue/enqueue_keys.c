#include "queue/enqueue_keys.h"

#include "base/clock.h"
#include "queue/arrays.h"

#include <inttypes.h>
#include <stdlib.h>

#define KEEP     "interval '24 hours'"
#define IS_OWNER "EXISTS (SELECT FROM meantime_queue.owner WHERE shard = 0 AND epoch = $1)"

/* One whose time is over is not there. */
static const struct db_statement forget = {
    .sql =
	"DELETE FROM meantime_queue.enqueue_key USING unnest($1::text[], $2::text[]) AS u (name, key),"
	" meantime_queue.queue WHERE queue.name = u.name AND enqueue_key.queue = queue.id AND enqueue_key.key = u.key"
	" AND expires_at < now()",
    .parameter_count = 2,
};

#define NOTE(condition)                                                                                                \
	"INSERT INTO meantime_queue.enqueue_key (queue, key, body, ids, expires_at) SELECT queue.id, u.key, u.body,"   \
	" u.ids::bigint[], now() + " KEEP " FROM unnest($2::text[], $3::text[], $4::uuid[], $5::text[]) WITH"          \
	" ORDINALITY AS u (name, key, body, ids, place) JOIN meantime_queue.queue ON queue.name = u.name "             \
	"WHERE " condition " ORDER BY queue.id, u.key, u.place ON CONFLICT (queue, key) DO NOTHING"

#define TIME(column) "'epoch'::timestamptz + u." column " * interval '1 microsecond'"

#define ROWS                                                                                                           \
	TIME("due")                                                                                                    \
	", " TIME("enqueued") ", nullif(u.group_key, ''), u.payload FROM unnest($2::bigint[], $3::text[],"             \
			      " $4::smallint[], $5::smallint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], "  \
			      "$10::text[],"                                                                           \
			      " $11::bigint[]) AS u (id, name, priority, max_attempts, due, enqueued, group_key, "     \
			      "payload, key, first) JOIN"                                                              \
			      " meantime_queue.queue ON queue.name = u.name JOIN meantime_queue.enqueue_key AS k ON "  \
			      "k.queue = queue.id AND"                                                                 \
			      " k.key = u.key AND k.ids[1] = u.first WHERE "

/* In one order, so that two services do not wait for each other. Of two enqueues with one key the first counts. */
static const struct db_statement note = {.sql = NOTE(IS_OWNER), .parameter_count = 5};

/* Only of those enqueues whose ids are with their key. */
static const struct db_statement insert = {
    .sql = "INSERT INTO meantime_queue.job (id, queue, shard, priority, attempt, max_attempts, not_before, enqueued_at,"
	   " group_key, payload) SELECT u.id, queue.id, 0, u.priority, 0, u.max_attempts, " ROWS IS_OWNER,
    .parameter_count = 1 + JOB_COLUMNS + 2,
};

/* The same for the inbox, as in relay.c; $1 is NULL then. */
#define IS_RELAYED "$1::bigint IS NULL AND queue.length_max IS NULL"

static const struct db_statement note_relayed = {.sql = NOTE(IS_RELAYED), .parameter_count = 5};

static const struct db_statement insert_relayed = {
    .sql = "INSERT INTO meantime_queue.inbox (id, queue, priority, max_attempts, not_before, enqueued_at, group_key,"
	   " payload) SELECT u.id, queue.id, u.priority, u.max_attempts, " ROWS IS_RELAYED " ORDER BY u.id",
    .parameter_count = 1 + JOB_COLUMNS + 2,
};

enum { IS_MINE, IS_SAME_BODY, IDS };

static const struct db_statement ask = {
    .sql = "SELECT k.ids[1] = u.first, k.body = u.body, array_to_string(k.ids, ' ') FROM unnest($1::text[], $2::text[],"
	   " $3::uuid[], $4::bigint[]) WITH ORDINALITY AS u (name, key, body, first, place) LEFT JOIN"
	   " meantime_queue.queue ON queue.name = u.name LEFT JOIN meantime_queue.enqueue_key AS k ON k.queue ="
	   " queue.id AND k.key = u.key ORDER BY u.place",
    .parameter_count = 4,
};

void enqueue_keys_begin(struct enqueue_keys *keys, struct arena *arena)
{
	*keys = (struct enqueue_keys){
	    .arena = arena,
	    .queues = buffer_in(arena),
	    .keys = buffer_in(arena),
	    .bodies = buffer_in(arena),
	    .firsts = buffer_in(arena),
	    .ids = buffer_in(arena),
	    .job_keys = buffer_in(arena),
	    .job_firsts = buffer_in(arena),
	};
	job_columns_init(&keys->jobs, arena);
}

void enqueue_keys_add(struct enqueue_keys *keys, const char *queue, const struct enqueue_key *key,
		      const struct job_spec *jobs, unsigned count)
{
	struct buffer ids = buffer_in(keys->arena);

	for (unsigned i = 0; i < count; i++) {
		array_add_number(&ids, jobs[i].id);
		job_columns_add(&keys->jobs, &jobs[i], queue);
		array_add_text(&keys->job_keys, key->text);
		array_add_number(&keys->job_firsts, jobs[0].id);
	}
	array_add_text(&keys->queues, queue);
	array_add_text(&keys->keys, key->text);
	array_add_text(&keys->bodies,
		       arena_printf(keys->arena, "%016" PRIx64 "%016" PRIx64, key->body_hash[0], key->body_hash[1]));
	array_add_number(&keys->firsts, jobs[0].id);
	array_add_text(&keys->ids, array_end(&ids));
	keys->count++;
}

/* The batch borrows the values, which live in the arena. */
static void add(struct enqueue_keys *keys, struct db_batch *batch, const struct db_statement *statement,
		const char *const *values)
{
	const char **kept = arena_alloc(keys->arena, statement->parameter_count * sizeof(*kept));

	for (unsigned i = 0; i < statement->parameter_count; i++)
		kept[i] = values[i];
	db_batch_add(batch, statement, kept);
}

void enqueue_keys_add_statements(struct enqueue_keys *keys, struct db_batch *batch, const char *epoch)
{
	const char *queues = array_end(&keys->queues), *names = array_end(&keys->keys),
		   *bodies = array_end(&keys->bodies), *firsts = array_end(&keys->firsts),
		   *jobs[1 + JOB_COLUMNS + 2] = {epoch};

	job_columns_end(&keys->jobs, jobs + 1);
	jobs[1 + JOB_COLUMNS] = array_end(&keys->job_keys);
	jobs[2 + JOB_COLUMNS] = array_end(&keys->job_firsts);
	add(keys, batch, &forget, (const char *[]){queues, names});
	add(keys, batch, epoch != NULL ? &note : &note_relayed,
	    (const char *[]){epoch, queues, names, bodies, array_end(&keys->ids)});
	add(keys, batch, epoch != NULL ? &insert : &insert_relayed, jobs);
	add(keys, batch, &ask, (const char *[]){queues, names, bodies, firsts});
	keys->question[0] = queues;
	keys->question[1] = names;
	keys->question[2] = bodies;
	keys->question[3] = firsts;
}

void enqueue_keys_add_question(struct enqueue_keys *keys, struct db_batch *batch)
{
	add(keys, batch, &ask, keys->question);
}

enum enqueue_verdict enqueue_keys_verdict(const struct db_result *rows, unsigned place)
{
	if (db_is_null(rows, place, IS_MINE))
		return ENQUEUE_LOST;
	if (db_value(rows, place, IS_MINE).at[0] == 't')
		return ENQUEUE_WRITTEN;
	return db_value(rows, place, IS_SAME_BODY).at[0] == 't' ? ENQUEUE_REPEATED : ENQUEUE_KEY_TAKEN;
}

const int64_t *enqueue_keys_ids(const struct db_result *rows, unsigned place, unsigned count, struct arena *arena)
{
	int64_t *ids = arena_alloc_zeroed(arena, count * sizeof(*ids));
	const char *text = db_value(rows, place, IDS).at;

	for (unsigned i = 0; i < count; i++) {
		char *end;

		ids[i] = strtoll(text, &end, 10);
		text = end;
	}
	return ids;
}
