#include "handlers/queue/queue_bodies.h"

#include "base/clock.h"
#include "base/json_scan.h"
#include "exchange/limits.h"

enum { REASON_BYTES_MAX = 1000, LENGTH_MAX = 1000000000, CONCURRENCY_MAX = 1000000, RATE_BYTES_MAX = 20 };

#define LEASE_DEFAULT_NS (30 * NS_PER_S)
#define LEASE_LONGEST_NS (12 * 3600 * NS_PER_S)

/* Jobs */

static bool read_payload(struct text raw, struct arena *arena, void *item)
{
	(void)arena;
	((struct order_draft *)item)->payload = raw;
	return true;
}

static bool read_delay(struct text raw, struct arena *arena, void *item)
{
	return field_read_duration(raw, arena, &((struct order_draft *)item)->delay_ns);
}

static bool read_priority(struct text raw, struct arena *arena, void *item)
{
	int64_t number;
	bool is_read = field_read_integer(raw, PRIORITY_MIN, PRIORITY_MAX, &number);

	(void)arena;
	if (is_read)
		((struct order_draft *)item)->priority = (int8_t)number;
	return is_read;
}

static bool read_max_attempts(struct text raw, struct arena *arena, void *item)
{
	int64_t number;
	bool is_read = field_read_integer(raw, 1, ATTEMPTS_MAX, &number);

	(void)arena;
	if (is_read)
		((struct order_draft *)item)->max_attempts = (uint8_t)number;
	return is_read;
}

static bool read_group(struct text raw, struct arena *arena, void *item)
{
	struct text *group = &((struct order_draft *)item)->group;

	return field_read_string(raw, arena, ORDER_GROUP_BYTES_MAX, group) && group->length > 0;
}

static void init_draft(void *item)
{
	*(struct order_draft *)item = (struct order_draft){.max_attempts = ORDER_ATTEMPTS};
}

static const struct field job_fields[] = {
    {"payload", "any JSON value", read_payload, true},
    {"delay", "a duration, as \"500ms\", \"30s\", \"5m\", \"2h\" or \"7d\"", read_delay, false},
    {"priority", "an integer from -100 to 100", read_priority, false},
    {"max_attempts", "an integer from 1 to 100", read_max_attempts, false},
    {"group", "a string of 1 to 128 bytes", read_group, false},
};

static const struct fields jobs = {job_fields, ARRAY_LENGTH(job_fields), sizeof(struct order_draft), init_draft};

const char *queue_bodies_read_jobs(struct text body, bool is_lines, unsigned max_depth, struct arena *arena,
				   struct fields_read *drafts)
{
	if (is_lines)
		return fields_read_lines(&jobs, body, max_depth, arena, drafts);
	return fields_read_body(&jobs, body, max_depth, arena, drafts);
}

/* Receipts. The id is the last of each table: a path may have it. */

static bool read_token(struct text raw, struct arena *arena, void *item)
{
	struct text text;

	return field_read_string(raw, arena, LEASE_TOKEN_BYTES_MAX, &text) &&
	       lease_token_read(text, &((struct order_receipt *)item)->token);
}

static bool read_retry(struct text raw, struct arena *arena, void *item)
{
	return field_read_duration(raw, arena, &((struct order_receipt *)item)->delay_ns);
}

static bool read_lease(struct text raw, struct arena *arena, void *item)
{
	uint64_t *ns = &((struct order_receipt *)item)->delay_ns;

	return field_read_duration(raw, arena, ns) && *ns >= NS_PER_S && *ns <= LEASE_LONGEST_NS;
}

static bool read_reason(struct text raw, struct arena *arena, void *item)
{
	return field_read_string(raw, arena, REASON_BYTES_MAX, &((struct order_receipt *)item)->reason);
}

static bool read_id(struct text raw, struct arena *arena, void *item)
{
	(void)arena;
	return field_read_integer(raw, 1, JOB_ID_MAX, &((struct order_receipt *)item)->id);
}

static void init_receipt(void *item)
{
	*(struct order_receipt *)item = (struct order_receipt){.delay_ns = NACK_BACK_OFF};
}

static void init_extension(void *item)
{
	*(struct order_receipt *)item = (struct order_receipt){.delay_ns = LEASE_DEFAULT_NS};
}

#define TOKEN_FIELD                                                                                                    \
	{                                                                                                              \
		"token", "the token that came with the job", read_token, true                                          \
	}
#define ID_FIELD                                                                                                       \
	{                                                                                                              \
		"id", "the id of a job", read_id, true                                                                 \
	}

static const struct field ack_fields[] = {TOKEN_FIELD, ID_FIELD};
static const struct field nack_fields[] = {
    TOKEN_FIELD,
    {"delay", "a duration, as \"30s\"", read_retry, false},
    {"reason", "a string of at most 1000 bytes", read_reason, false},
    ID_FIELD,
};
static const struct field extend_fields[] = {
    TOKEN_FIELD,
    {"lease", "a duration from \"1s\" to \"12h\"", read_lease, false},
    ID_FIELD,
};

static const struct fields receipts_of[] = {
    [ORDER_ACK] = {ack_fields, ARRAY_LENGTH(ack_fields), sizeof(struct order_receipt), init_receipt},
    [ORDER_NACK] = {nack_fields, ARRAY_LENGTH(nack_fields), sizeof(struct order_receipt), init_receipt},
    [ORDER_EXTEND] = {extend_fields, ARRAY_LENGTH(extend_fields), sizeof(struct order_receipt), init_extension},
};

const char *queue_bodies_read_receipts(struct text body, enum order_errand errand, bool has_id, unsigned max_depth,
				       struct arena *arena, struct fields_read *receipts)
{
	struct fields fields = receipts_of[errand];

	fields.count -= !has_id;
	return fields_read_body(&fields, body, max_depth, arena, receipts);
}

/* Claims */

static bool read_acks(struct text raw, struct arena *arena, void *item)
{
	(void)arena;
	*(struct text *)item = raw;
	return raw.at[0] == '[';
}

static void init_claim(void *item)
{
	*(struct text *)item = TEXT("[]");
}

static const struct field claim_fields[] = {{"ack", "an array of objects with \"id\" and \"token\"", read_acks, false}};
static const struct fields claim = {claim_fields, ARRAY_LENGTH(claim_fields), sizeof(struct text), init_claim};

static bool is_empty(struct text array)
{
	return array.at[json_scan_space(array, 1)] == ']';
}

const char *queue_bodies_read_claim(struct text body, unsigned max_depth, struct arena *arena,
				    struct fields_read *receipts)
{
	struct fields_read read;
	const char *problem = fields_read_body(&claim, body, max_depth, arena, &read);
	struct text acks;

	if (problem == NULL && read.is_array)
		problem = "an object was expected";
	if (problem != NULL)
		return problem;
	acks = *(struct text *)read.items;
	*receipts = (struct fields_read){.is_array = true};
	if (is_empty(acks))
		return NULL;
	problem = queue_bodies_read_receipts(acks, ORDER_ACK, true, max_depth, arena, receipts);
	return problem != NULL ? arena_printf(arena, "field \"ack\": %s", problem) : NULL;
}

/* Limits */

static bool is_null(struct text raw)
{
	return raw.at[0] == 'n';
}

static bool read_bound(struct text raw, int64_t most, unsigned *bound)
{
	int64_t number;

	if (is_null(raw))
		return true;
	if (!field_read_integer(raw, 1, most, &number))
		return false;
	*bound = (unsigned)number;
	return true;
}

static bool read_length(struct text raw, struct arena *arena, void *item)
{
	(void)arena;
	return read_bound(raw, LENGTH_MAX, &((struct queue_settings *)item)->length_max);
}

static bool read_concurrency(struct text raw, struct arena *arena, void *item)
{
	(void)arena;
	return read_bound(raw, CONCURRENCY_MAX, &((struct queue_settings *)item)->group_concurrency);
}

/* As an endpoint's, but by nothing: it is the queue's. */
static bool read_rate(struct text raw, struct arena *arena, void *item)
{
	struct queue_settings *limits = item;
	struct rate_limit rate;
	struct text text;

	if (is_null(raw))
		return true;
	if (!field_read_string(raw, arena, RATE_BYTES_MAX, &text) || memchr(text.at, ' ', text.length) != NULL ||
	    !rate_limit_read(text, arena, &rate))
		return false;
	limits->rate_count = rate.count;
	limits->rate_period_s = rate.period_s;
	return true;
}

static void init_limits(void *item)
{
	*(struct queue_settings *)item = (struct queue_settings){.length_max = 0};
}

static const struct field limit_fields[] = {
    {"length", "an integer from 1 to 1000000000, or null", read_length, false},
    {"group_concurrency", "an integer from 1 to 1000000, or null", read_concurrency, false},
    {"rate", "N/second, N/minute or N/hour, with N from 1 to 1000000, or null", read_rate, false},
};
static const struct fields limits_of = {limit_fields, ARRAY_LENGTH(limit_fields), sizeof(struct queue_settings),
					init_limits};

const char *queue_bodies_read_limits(struct text body, unsigned max_depth, struct arena *arena,
				     struct queue_settings *limits)
{
	struct fields_read read;
	const char *problem = fields_read_body(&limits_of, body, max_depth, arena, &read);

	if (problem == NULL && read.is_array)
		problem = "an object was expected";
	if (problem == NULL)
		*limits = *(struct queue_settings *)read.items;
	return problem;
}
