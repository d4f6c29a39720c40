/* Any text as the jobs of an enqueue: an object, an array, or a line each; and as receipts. jansson says the same of what
 * is taken. A payload is a part of the body, byte for byte. */
#include "handlers/queue/queue_bodies.h"

#include "base/percent.h"
#include "base/require.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { DEPTH = 32 };

static const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;

static bool is_beyond_jansson(const json_error_t *error)
{
	return json_error_code(error) == json_error_numeric_overflow ||
	       json_error_code(error) == json_error_null_byte_in_key ||
	       json_error_code(error) == json_error_stack_overflow;
}

static void check_value(struct text raw)
{
	json_error_t error;
	json_t *value = json_loadb(raw.at, raw.length, flags, &error);

	REQUIRE(value != NULL || is_beyond_jansson(&error));
	json_decref(value);
}

static void check_draft(const struct order_draft *draft, struct text body)
{
	REQUIRE(draft->payload.length > 0);
	REQUIRE(draft->payload.at >= body.at && draft->payload.at + draft->payload.length <= body.at + body.length);
	check_value(draft->payload);
	REQUIRE(draft->priority >= PRIORITY_MIN && draft->priority <= PRIORITY_MAX);
	REQUIRE(draft->max_attempts >= 1 && draft->max_attempts <= ATTEMPTS_MAX);
	REQUIRE(draft->group.length <= ORDER_GROUP_BYTES_MAX && utf8_is_valid(draft->group));
}

/* What is refused says why, in words that a client can read. */
static bool is_taken(const char *problem, const struct fields_read *read)
{
	if (problem == NULL)
		REQUIRE(read->count >= 1 && read->count <= ORDER_PARTS_MAX);
	else
		REQUIRE(problem[0] != '\0');
	return problem == NULL;
}

static void check_jobs(struct text body, bool is_lines, struct arena *arena)
{
	struct fields_read read;

	if (!is_taken(queue_bodies_read_jobs(body, is_lines, DEPTH, arena, &read), &read))
		return;
	for (unsigned i = 0; i < read.count; i++)
		check_draft(&((const struct order_draft *)read.items)[i], body);
	if (is_lines)
		return;
	json_error_t error;
	json_t *whole = json_loadb(body.at, body.length, flags, &error);

	REQUIRE(whole != NULL || is_beyond_jansson(&error));
	if (whole != NULL && read.is_array)
		REQUIRE(json_array_size(whole) == read.count);
	else if (whole != NULL)
		REQUIRE(json_is_object(whole) && json_object_get(whole, "payload") != NULL);
	json_decref(whole);
}

static void check_receipts(struct text body, enum order_errand errand, struct arena *arena)
{
	struct fields_read read;

	if (!is_taken(queue_bodies_read_receipts(body, errand, true, DEPTH, arena, &read), &read))
		return;
	for (unsigned i = 0; i < read.count; i++)
		REQUIRE(((const struct order_receipt *)read.items)[i].id >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text body = {(const char *)bytes, length};
	struct arena arena;

	arena_init(&arena, NULL, 0);
	check_jobs(body, false, &arena);
	check_jobs(body, true, &arena);
	check_receipts(body, ORDER_ACK, &arena);
	check_receipts(body, ORDER_NACK, &arena);
	check_receipts(body, ORDER_EXTEND, &arena);
	arena_cleanup(&arena);
	return 0;
}
