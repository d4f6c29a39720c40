/* GET /fibonacci: the Fibonacci numbers, without end: a generator that is pulled. The next are computed when the client
 * has taken the last, so one that reads slowly, or leaves, costs nothing.
 *
 * Two numbers and what is being sent are all the memory it needs. They are GMP's limbs in the request's arena, so that
 * nothing is left behind whenever it ends. Small numbers are added here, on the loop; large ones on a compute thread.
 */
#include <gmp.h>
#include <stdlib.h>

#include "handlers/sql/row_stream.h"
#include "handlers/sql/work.h"

/* What it takes, in this order. */
enum { LIMIT, ABOVE, STOP_AFTER };

enum {
	PART_BYTES = 16 * 1024, /* a part is at least so large, unless it is the last */
	LOOP_LIMBS_MAX = 64,    /* 1,233 digits; a part of longer numbers is more work than the loop should do */
	BOUND_DIGITS_MAX = 10000,
};

/* A number of the arena; grows by doubling, so that all its memory is at most twice the last. */
struct number {
	mp_limb_t *limbs;
	mp_size_t count, capacity; /* no leading zeros; 0 has none */
};

struct sequence {
	struct computation computation;
	struct exchange *x;
	struct number current, next, above, stop_after;
	unsigned long long n, left; /* of current; numbers still to come */
	bool has_above, has_stop, is_over;
	struct row_stream rows;
};

/* Numbers */

static void reserve(struct arena *arena, struct number *number, mp_size_t count)
{
	mp_limb_t *limbs;

	if (count <= number->capacity)
		return;
	number->capacity = count * 2 > 8 ? count * 2 : 8;
	limbs = arena_alloc(arena, (size_t)number->capacity * sizeof(*limbs));
	if (number->count > 0)
		mpn_copyi(limbs, number->limbs, number->count);
	number->limbs = limbs;
}

static void set_small(struct arena *arena, struct number *number, mp_limb_t value)
{
	reserve(arena, number, 1);
	number->limbs[0] = value;
	number->count = value > 0;
}

static int compare(const struct number *a, const struct number *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return a->count > 0 ? mpn_cmp(a->limbs, b->limbs, a->count) : 0;
}

/* F(n), F(n+1) become F(n+1), F(n+2): next is never the smaller. */
static void advance(struct sequence *sequence)
{
	struct number *current = &sequence->current, *next = &sequence->next, swapped;
	mp_limb_t carry;

	reserve(&sequence->x->arena, current, next->count + 1);
	if (current->count > 0)
		carry = mpn_add(current->limbs, next->limbs, next->count, current->limbs, current->count);
	else
		carry = (mpn_copyi(current->limbs, next->limbs, next->count), 0);
	current->count = next->count;
	if (carry > 0)
		current->limbs[current->count++] = carry;
	swapped = *current;
	*current = *next;
	*next = swapped;
	sequence->n++;
}

/* Digits, with no sign, no fraction and no exponent. False: something else. */
static bool read_number(struct arena *arena, const char *digits, struct number *number)
{
	unsigned char values[BOUND_DIGITS_MAX];
	size_t length;

	while (digits[0] == '0' && digits[1] != '\0')
		digits++;
	length = strlen(digits);
	if (length == 0 || length > BOUND_DIGITS_MAX || strspn(digits, "0123456789") != length)
		return false;
	for (size_t i = 0; i < length; i++)
		values[i] = (unsigned char)(digits[i] - '0');
	reserve(arena, number, (mp_size_t)(length / 19 + 2)); /* a limb holds 19 digits */
	number->count = digits[0] == '0' ? 0 : mpn_set_str(number->limbs, values, length, 10);
	return true;
}

static void add_digits(struct sequence *sequence)
{
	struct number *number = &sequence->current;
	struct buffer *part = &sequence->rows.part;
	size_t most = (size_t)number->count * 20 + 2, length;
	unsigned char *digits;
	mp_limb_t *copy; /* mpn_get_str() destroys what it reads */

	if (number->count == 0) {
		buffer_add_char(part, '0');
		return;
	}
	copy = (void *)buffer_scratch(part, (size_t)number->count * sizeof(*copy));
	mpn_copyi(copy, number->limbs, number->count);
	digits = (unsigned char *)buffer_reserve(part, most);
	length = mpn_get_str(digits, 10, copy, number->count);
	for (size_t i = 0; i < length; i++)
		digits[i] = (unsigned char)(digits[i] + '0');
	/* mpn_get_str() may begin with a zero */
	if (digits[0] == '0' && length > 1)
		memmove(digits, digits + 1, --length);
	part->length += length;
}

/* Parts */

static bool is_last(const struct sequence *sequence)
{
	return sequence->left == 0 || (sequence->has_stop && compare(&sequence->current, &sequence->stop_after) >= 0);
}

static void add_number(struct sequence *sequence)
{
	struct row_stream *rows = &sequence->rows;

	row_stream_begin_row(rows);
	buffer_printf(&rows->part, "{\"n\":%llu,\"value\":", sequence->n);
	add_digits(sequence);
	buffer_add_char(&rows->part, '}');
	row_stream_end_row(rows);
	sequence->left--;
}

/* Up to `above` nothing is sent. */
static void pass_small_ones(struct sequence *sequence)
{
	while (compare(&sequence->current, &sequence->above) <= 0)
		advance(sequence);
	sequence->has_above = false;
}

static void fill_part(struct sequence *sequence)
{
	sequence->is_over = sequence->left == 0;
	if (sequence->has_above)
		pass_small_ones(sequence);
	while (!sequence->is_over && sequence->rows.part.length < PART_BYTES) {
		add_number(sequence);
		sequence->is_over = is_last(sequence);
		if (!sequence->is_over)
			advance(sequence);
	}
	if (sequence->is_over)
		row_stream_close(&sequence->rows);
}

static void run(struct computation *computation, unsigned part)
{
	(void)part;
	fill_part(CONTAINER_OF(computation, struct sequence, computation));
}

static step_fn part_filled;

static enum step next_part(struct exchange *x)
{
	struct sequence *sequence = x->state;

	if (sequence->next.count > LOOP_LIMBS_MAX || sequence->above.count > LOOP_LIMBS_MAX) {
		sequence->computation = (struct computation){.parts = 1, .run = run};
		return await_compute(x, &sequence->computation, part_filled);
	}
	fill_part(sequence);
	return part_filled(x);
}

static enum step part_filled(struct exchange *x)
{
	struct sequence *sequence = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return x->response.part_count > 0 ? respond_broken_off(x) : respond_await_problem(x);
	return row_stream_respond(&sequence->rows, x, 200, sequence->is_over ? NULL : next_part);
}

static enum step refuse_bound(struct exchange *x, const char *name, const char *value)
{
	return respond_problem(x, ERROR_BAD_INPUT,
			       "parameter \"%s\" must be a natural number of at most %d digits, got \"%.60s\"", name,
			       BOUND_DIGITS_MAX, value);
}

/* The bounds are limit, above and stop_after; NULL: there is none. */
static enum step begin(struct exchange *x, const char *const *values)
{
	struct sequence *sequence = arena_alloc_zeroed(&x->arena, sizeof(*sequence));
	long long limit = values[LIMIT] != NULL ? strtoll(values[LIMIT], NULL, 10) : INT64_MAX;

	sequence->x = x;
	row_stream_init(&sequence->rows, x);
	sequence->has_above = values[ABOVE] != NULL;
	sequence->has_stop = values[STOP_AFTER] != NULL;
	if (limit < 0)
		return respond_problem(x, ERROR_BAD_INPUT, "parameter \"limit\" must not be negative, got %lld", limit);
	if (sequence->has_above && !read_number(&x->arena, values[ABOVE], &sequence->above))
		return refuse_bound(x, "above", values[ABOVE]);
	if (sequence->has_stop && !read_number(&x->arena, values[STOP_AFTER], &sequence->stop_after))
		return refuse_bound(x, "stop_after", values[STOP_AFTER]);
	sequence->left = (unsigned long long)limit;
	set_small(&x->arena, &sequence->current, 0);
	set_small(&x->arena, &sequence->next, 1);
	x->state = sequence;
	return next_part(x);
}

const struct work work_fibonacci_numbers = {
    .name = "fibonacci_numbers",
    .method = HTTP_GET,
    .shape = ENDPOINT_MANY,
    .is_stream = true,
    .may_be_null = 1U << LIMIT | 1U << ABOVE | 1U << STOP_AFTER,
    .takes = {{"limit", DB_TYPE_INT8}, {"above", DB_TYPE_NUMERIC}, {"stop_after", DB_TYPE_NUMERIC}},
    .gives = {{"n", DB_TYPE_INT8}, {"value", DB_TYPE_NUMERIC}},
    .begin = begin,
};
