/* Random calls, and after each the dispatcher is held to a model that has only arrays and looks through all of them. The
 * seeds are fixed. */
#include "dispatcher_fixture.h"

#include <string.h>

enum { JOBS = 150, TOKENS = 4000, CLAIMS = 30, QUEUES = 2, GROUPS = 4, STEPS = 1200, SEEDS = 12 };

enum state { ABSENT, DELAYED, BEHIND, READY, LEASED, RETRY, ENDING, GONE };
enum end { NOT_ENDED, ACKED, DEAD, CANCELLED };

struct model_job {
	struct job_spec spec;
	enum state state;
	enum end end;
	unsigned attempt;
	uint64_t until_ns; /* of the states that wait for a time */
	uint64_t since_ns; /* it could be given */
	struct lease_token token;
};

struct model_claim {
	struct parked parked;
	bool is_parked;
	unsigned queue, want, since;
	uint64_t until_ns;
};

static struct {
	struct model_job jobs[JOBS + 1]; /* by id */
	struct model_claim claims[CLAIMS];
	struct {
		int64_t id;
		unsigned queue;
		struct lease_token token;
	} tokens[TOKENS];
	struct queue_settings settings[QUEUES];
	unsigned token_count, job_count, park_count, dead[QUEUES];
	uint64_t last_token;
	/* without both of them no job of a group ever overtakes another */
	bool has_delays, has_concurrency;
} model;

static uint64_t seed;

static unsigned any(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

/* The model */

static bool same_group(const struct model_job *a, const struct model_job *b)
{
	return a->spec.queue == b->spec.queue && text_equal(a->spec.group, b->spec.group);
}

static unsigned most_of(unsigned queue_number)
{
	unsigned most = model.settings[queue_number].group_concurrency;

	return most == 0 ? 1 : most;
}

static bool holds(const struct model_job *job)
{
	return job->state == LEASED || job->state == RETRY || job->state == ENDING;
}

static unsigned held_of(const struct model_job *one)
{
	unsigned count = 0;

	for (unsigned id = 1; id <= model.job_count; id++)
		count += same_group(&model.jobs[id], one) && holds(&model.jobs[id]);
	return count;
}

static unsigned ready_of(const struct model_job *one)
{
	unsigned count = 0;

	for (unsigned id = 1; id <= model.job_count; id++)
		count += same_group(&model.jobs[id], one) && model.jobs[id].state == READY;
	return count;
}

/* The lowest ids of each group become ready, as many as may be. */
static void settle(void)
{
	for (unsigned id = 1; id <= model.job_count; id++) {
		struct model_job *job = &model.jobs[id];

		if (job->state == BEHIND &&
		    (job->spec.group.length == 0 || held_of(job) + ready_of(job) < most_of(job->spec.queue)))
			job->state = READY;
	}
}

static bool comes_before(const struct model_job *a, const struct model_job *b)
{
	if (a->spec.priority != b->spec.priority)
		return a->spec.priority > b->spec.priority;
	return a->spec.id < b->spec.id;
}

static struct model_job *best_of(unsigned queue_number)
{
	struct model_job *best = NULL;

	for (unsigned id = 1; id <= model.job_count; id++) {
		struct model_job *job = &model.jobs[id];

		if (job->state == READY && job->spec.queue == queue_number && (best == NULL || comes_before(job, best)))
			best = job;
	}
	return best;
}

/* The job that is to be given next, or NULL. */
static struct model_job *next_of(unsigned queue_number)
{
	struct model_job *job;

	if (model.settings[queue_number].is_paused)
		return NULL;
	while ((job = best_of(queue_number)) != NULL && job->spec.group.length > 0 &&
	       held_of(job) >= most_of(queue_number))
		job->state = BEHIND;
	return job;
}

static bool earlier_of_group_is_left(const struct model_job *job)
{
	for (unsigned id = 1; id < (unsigned)job->spec.id; id++)
		if (same_group(&model.jobs[id], job) && model.jobs[id].state != GONE)
			return true;
	return false;
}

static void check_given(const struct given *it, unsigned queue_number)
{
	struct model_job *job = next_of(queue_number);

	assert_non_null(job);
	assert_int_equal(it->id, job->spec.id);
	assert_true(it->token.number > model.last_token);
	assert_int_equal(it->attempt, job->attempt + 1);
	assert_true(it->attempt <= it->max_attempts);
	if (job->spec.group.length > 0 && !model.has_delays && !model.has_concurrency)
		assert_false(earlier_of_group_is_left(job));
	model.last_token = it->token.number;
	job->state = LEASED;
	job->attempt++;
	job->until_ns = it->lease_until_ns;
	job->token = it->token;
	assert_true(model.token_count < TOKENS);
	model.tokens[model.token_count].id = it->id;
	model.tokens[model.token_count].queue = queue_number;
	model.tokens[model.token_count++].token = it->token;
}

static void check_all_given(unsigned count, unsigned want, unsigned queue_number)
{
	assert_true(count <= want);
	for (unsigned i = 0; i < count; i++)
		check_given(&given[i], queue_number);
	assert_true(count == want || next_of(queue_number) == NULL);
	settle();
}

static struct model_claim *first_parked(unsigned queue_number)
{
	struct model_claim *first = NULL;

	for (unsigned i = 0; i < CLAIMS; i++) {
		struct model_claim *it = &model.claims[i];

		if (it->is_parked && it->queue == queue_number && (first == NULL || it->since < first->since))
			first = it;
	}
	return first;
}

static void check_change(struct model_job *job, enum came_back why)
{
	assert_int_equal(change.id, job->spec.id);
	assert_int_equal(change.attempt, job->attempt);
	assert_int_equal(change.came_back, why);
	assert_int_equal(change.is_dead, job->attempt >= job->spec.max_attempts);
	job->state = change.is_dead ? ENDING : change.due_ns > 0 ? RETRY : BEHIND;
	job->until_ns = change.due_ns;
	if (change.is_dead) {
		job->end = DEAD;
		model.dead[job->spec.queue]++;
	}
	settle();
}

static unsigned count_of(unsigned queue_number, enum state a, enum state b)
{
	unsigned count = 0;

	for (unsigned id = 1; id <= model.job_count; id++)
		count += model.jobs[id].spec.queue == queue_number &&
			 (model.jobs[id].state == a || model.jobs[id].state == b);
	return count;
}

static uint64_t oldest_of(unsigned queue_number)
{
	uint64_t oldest = 0;

	for (unsigned id = 1; id <= model.job_count; id++) {
		const struct model_job *job = &model.jobs[id];

		if (job->spec.queue == queue_number && job->state != DELAYED && job->state != ENDING &&
		    job->state != GONE && (oldest == 0 || job->since_ns < oldest))
			oldest = job->since_ns;
	}
	return oldest;
}

static void check_figures(unsigned queue_number)
{
	struct queue_figures it;
	unsigned parked = 0;

	dispatcher_figures(dispatcher, queue_number, &it);
	assert_int_equal(it.ready, count_of(queue_number, READY, BEHIND));
	assert_int_equal(it.delayed, count_of(queue_number, DELAYED, RETRY));
	assert_int_equal(it.in_flight, count_of(queue_number, LEASED, LEASED));
	assert_int_equal(it.ending, count_of(queue_number, ENDING, ENDING));
	assert_int_equal(it.depth, it.ready + it.delayed + it.in_flight + it.ending);
	assert_int_equal(it.dead, model.dead[queue_number]);
	assert_int_equal(it.oldest_ns, oldest_of(queue_number));
	for (unsigned i = 0; i < CLAIMS; i++)
		parked += model.claims[i].is_parked && model.claims[i].queue == queue_number;
	assert_int_equal(it.parked, parked);
}

static uint64_t first_time(void)
{
	uint64_t first = UINT64_MAX;

	for (unsigned id = 1; id <= model.job_count; id++) {
		const struct model_job *job = &model.jobs[id];

		if ((job->state == DELAYED || job->state == RETRY || job->state == LEASED) && job->until_ns < first)
			first = job->until_ns;
	}
	for (unsigned i = 0; i < CLAIMS; i++)
		if (model.claims[i].is_parked && model.claims[i].until_ns < first)
			first = model.claims[i].until_ns;
	return first;
}

/* What may happen */

static void do_add(void)
{
	static const char *const names[GROUPS] = {"", "a", "b", "c"};
	struct model_job *job = &model.jobs[model.job_count + 1];

	if (model.job_count == JOBS)
		return;
	job->spec = spec_of(++model.job_count);
	job->spec.queue = any(QUEUES);
	job->spec.group = text_of(names[any(GROUPS)]);
	job->spec.priority = (int8_t)(any(3) * 50) - 50;
	job->spec.max_attempts = (uint8_t)(1 + any(4));
	job->spec.due_ns = model.has_delays && any(3) == 0 ? now_ns + any(20) * NS_PER_S : 0;
	if (job->spec.max_attempts > 1 && any(8) == 0)
		job->spec.attempt = 1;
	job->attempt = job->spec.attempt;
	job->until_ns = job->spec.due_ns;
	job->state = job->spec.due_ns <= now_ns ? BEHIND : job->attempt > 0 ? RETRY : DELAYED;
	job->since_ns = job->state == DELAYED ? job->spec.due_ns : now_ns;
	settle();
	add(job->spec);
}

static void do_claim(void)
{
	unsigned queue_number = any(QUEUES), want = 1 + any(4), count;

	count = dispatcher_claim(dispatcher, queue_number, want, (1 + any(20)) * NS_PER_S, now_ns, given);
	if (first_parked(queue_number) != NULL)
		assert_int_equal(count, 0);
	else
		check_all_given(count, want, queue_number);
}

static void do_park_or_leave(void)
{
	struct model_claim *it = &model.claims[any(CLAIMS)];

	if (it->is_parked) {
		dispatcher_unpark(dispatcher, &it->parked);
	} else {
		it->queue = any(QUEUES);
		it->want = 1 + any(3);
		it->since = ++model.park_count;
		it->until_ns = now_ns + any(15) * NS_PER_S;
		assert_true(dispatcher_park(dispatcher, it->queue, &it->parked, it->want, 10 * NS_PER_S, it->until_ns));
	}
	it->is_parked = !it->is_parked;
}

/* With a token of any time: most are stale. */
static void do_return(void)
{
	unsigned pick = model.token_count == 0 ? 0
			: any(4) == 0          ? any(model.token_count)
					       : model.token_count - 1 - any(20) % model.token_count;
	int64_t id = model.tokens[pick].id;
	unsigned queue_number = model.tokens[pick].queue, what = any(6);
	struct lease_token token = model.tokens[pick].token;
	struct model_job *job = &model.jobs[id];
	uint64_t delay_ns = any(3) == 0 ? NACK_BACK_OFF : any(10) * NS_PER_S;
	enum lease_verdict verdict, expected = job->state == GONE ? LEASE_NO_JOB : LEASE_STALE;

	if (model.token_count == 0)
		return;
	if (job->state == LEASED && job->token.number == token.number)
		expected = LEASE_HELD;
	if (what < 2)
		verdict = dispatcher_ack(dispatcher, queue_number, id, token);
	else if (what < 4)
		verdict = dispatcher_nack(dispatcher, queue_number, id, token, delay_ns, now_ns, &change);
	else if (what < 5)
		verdict = dispatcher_extend(dispatcher, queue_number, id, token, 7 * NS_PER_S, now_ns);
	else
		verdict = dispatcher_give_back(dispatcher, queue_number, id, token);
	assert_int_equal(verdict, expected);
	if (verdict != LEASE_HELD)
		return;
	if (what < 2) {
		job->state = ENDING;
		job->end = ACKED;
	} else if (what < 4) {
		check_change(job, CAME_NACKED);
	} else if (what < 5) {
		job->until_ns = now_ns + 7 * NS_PER_S;
	} else {
		job->state = BEHIND;
		job->attempt--;
	}
	settle();
}

static void do_end(unsigned one_of)
{
	for (unsigned id = 1; id <= model.job_count; id++)
		if (model.jobs[id].state == ENDING && any(one_of) == 0) {
			model.jobs[id].state = GONE;
			dispatcher_ended(dispatcher, id);
			settle();
		}
}

static void do_cancel(void)
{
	struct model_job *job = &model.jobs[1 + any(JOBS)];
	bool is_possible = job->state != ABSENT && job->state != GONE && job->state != ENDING;

	assert_int_equal(dispatcher_cancel(dispatcher, job->spec.queue, job - model.jobs), is_possible);
	if (!is_possible)
		return;
	job->state = ENDING;
	job->end = CANCELLED;
	settle();
}

static void do_set(void)
{
	unsigned queue_number = any(QUEUES);

	model.settings[queue_number] = (struct queue_settings){
	    .is_paused = any(3) == 0,
	    .group_concurrency = model.has_concurrency ? any(4) : 0,
	};
	dispatcher_set_queue(dispatcher, queue_number, &model.settings[queue_number]);
	settle();
}

static void do_pass(uint64_t ns)
{
	struct parked *parked;

	pass(ns);
	for (unsigned id = 1; id <= model.job_count; id++) {
		struct model_job *job = &model.jobs[id];

		if ((job->state == DELAYED || job->state == RETRY) && job->until_ns <= now_ns)
			job->state = BEHIND;
	}
	settle();
	while (dispatcher_next_change(dispatcher, now_ns, &change)) {
		assert_int_equal(model.jobs[change.id].state, LEASED);
		assert_true(model.jobs[change.id].until_ns <= now_ns);
		check_change(&model.jobs[change.id], CAME_EXPIRED);
	}
	while ((parked = dispatcher_next_unserved(dispatcher, now_ns)) != NULL) {
		struct model_claim *it = CONTAINER_OF(parked, struct model_claim, parked);

		assert_true(it->is_parked && it->until_ns <= now_ns);
		it->is_parked = false;
	}
}

static void serve(void)
{
	struct parked *parked;
	unsigned count;

	while ((parked = dispatcher_next_served(dispatcher, now_ns, given, &count)) != NULL) {
		struct model_claim *it = CONTAINER_OF(parked, struct model_claim, parked);

		assert_ptr_equal(it, first_parked(it->queue));
		assert_true(count > 0);
		it->is_parked = false;
		check_all_given(count, it->want, it->queue);
	}
	for (unsigned i = 0; i < QUEUES; i++)
		assert_true(first_parked(i) == NULL || next_of(i) == NULL);
	settle();
}

static void step(void)
{
	static void (*const calls[])(void) = {do_add,    do_add,    do_claim, do_park_or_leave,
					      do_return, do_return, do_return};
	unsigned what = any(40);

	if (what < 35)
		calls[what % ARRAY_LENGTH(calls)]();
	else if (what < 37)
		do_pass(any(3) * NS_PER_S);
	else if (what < 38)
		do_end(2);
	else if (what < 39)
		do_cancel();
	else if (any(4) == 0)
		do_set();
	serve();
	for (unsigned i = 0; i < QUEUES; i++)
		check_figures(i);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), first_time());
}

/* What is left is claimed and acked, until there is nothing. */
static void finish_all(void)
{
	for (unsigned i = 0; i < QUEUES; i++) {
		model.settings[i] = (struct queue_settings){.is_paused = false};
		dispatcher_set_queue(dispatcher, i, &model.settings[i]);
	}
	for (unsigned round = 0; round < 2000; round++) {
		unsigned queue_number = round % QUEUES, count;

		do_pass(20 * NS_PER_S);
		serve();
		count = dispatcher_claim(dispatcher, queue_number, 100, NS_PER_S, now_ns, given);
		check_all_given(count, 100, queue_number);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(dispatcher_ack(dispatcher, queue_number, given[i].id, given[i].token),
					 LEASE_HELD);
			dispatcher_ended(dispatcher, given[i].id);
			model.jobs[given[i].id].state = GONE;
			model.jobs[given[i].id].end = ACKED;
		}
		settle();
		do_end(1);
	}
	for (unsigned id = 1; id <= model.job_count; id++) {
		assert_int_equal(model.jobs[id].state, GONE);
		assert_int_not_equal(model.jobs[id].end, NOT_ENDED);
	}
	for (unsigned i = 0; i < QUEUES; i++)
		check_figures(i);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), UINT64_MAX);
}

static void it_does_as_the_model(void **state)
{
	struct dispatcher_settings settings = fixture_settings;

	(void)state;
	settings.jobs_max = JOBS;
	settings.parked_max = CLAIMS;
	for (unsigned i = 1; i <= SEEDS; i++) {
		memset(&model, 0, sizeof(model));
		model.has_delays = i % 2 == 0;
		model.has_concurrency = i % 3 == 0;
		seed = i;
		now_ns = 1000 * NS_PER_S;
		dispatcher = dispatcher_create(&settings);
		dispatcher_add_queue(dispatcher, TEXT("mail"));
		dispatcher_add_queue(dispatcher, TEXT("other"));
		for (unsigned k = 0; k < STEPS; k++)
			step();
		finish_all();
		dispatcher_destroy(dispatcher);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_does_as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
