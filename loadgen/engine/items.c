#include "loadgen/engine/items.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"
#include "loadgen/engine/caller.h"

enum { WHY_BYTES = 512, SLICE_MS = 100 };

static const char wait_words[] = "&wait=1s";

/* One run, as its threads share it. */
struct line {
	const struct items_plan *plan;
	struct items_run *run;
	uint64_t began_ns;
	atomic_bool has_failed;
	atomic_uint making, made; /* producers that are at it; items that are in the queue */
};

struct producer {
	struct line *line;
	unsigned first, count;
	pthread_t thread;
	char why[WHY_BYTES];
};

static uint64_t since_begin_ns(const struct line *line)
{
	return clock_now_ns() - line->began_ns;
}

static bool is_over(struct line *line)
{
	return *line->plan->is_interrupted || atomic_load(&line->has_failed);
}

/* In slices, so that an interrupt is heard. */
static void work(struct line *line, uint64_t time_ns)
{
	uint64_t begun_ns = clock_now_ns(), end_ns = begun_ns + time_ns;

	for (uint64_t now_ns = begun_ns; now_ns < end_ns && !is_over(line); now_ns = clock_now_ns()) {
		uint64_t slice_ns = end_ns - now_ns < SLICE_MS * NS_PER_MS ? end_ns - now_ns : SLICE_MS * NS_PER_MS;
		struct timespec time = {(time_t)(slice_ns / NS_PER_S), (long)(slice_ns % NS_PER_S)};

		nanosleep(&time, NULL);
	}
	if (is_over(line))
		return;
	atomic_fetch_add(&line->run->slept_ns, clock_now_ns() - begun_ns);
	atomic_fetch_add(&line->run->asked_ns, time_ns);
}

/* Answers */

static int refused(const struct items_plan *plan, const char *path, const struct caller_answer *answer, char *why,
		   size_t why_size)
{
	json_t *problem = json_loadb(answer->body.at, answer->body.length, 0, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));

	snprintf(why, why_size, "POST http://%s%s was answered %u%s%.300s", plan->target->authority, path,
		 answer->status, detail != NULL ? ": " : "", detail != NULL ? detail : "");
	json_decref(problem);
	return -1;
}

static int ask(const struct items_plan *plan, struct caller *caller, const char *path, const char *body,
	       unsigned expected, struct caller_answer *answer, char *why, size_t why_size)
{
	if (caller_post(caller, path, text_of(body), answer, why, why_size) != 0)
		return -1;
	return answer->status == expected ? 0 : refused(plan, path, answer, why, why_size);
}

/* Making */

static int make(struct line *line, struct caller *caller, unsigned number, char *why, size_t why_size)
{
	const struct items_plan *plan = line->plan;
	struct caller_answer answer;
	char path[256], body[64];

	work(line, plan->make_ns);
	if (is_over(line))
		return 0;
	snprintf(path, sizeof(path), "%s/jobs", plan->queue);
	snprintf(body, sizeof(body), "{\"payload\":%u,\"max_attempts\":100}", number);
	atomic_store(&line->run->items[number].made_ns, since_begin_ns(line));
	if (ask(plan, caller, path, body, 201, &answer, why, why_size) != 0)
		return -1;
	atomic_fetch_add(&line->made, 1);
	return 0;
}

static int make_all(struct line *line, struct caller *caller, unsigned first, unsigned count, char *why,
		    size_t why_size)
{
	for (unsigned i = first; i < first + count && !is_over(line); i++)
		if (make(line, caller, i, why, why_size) != 0)
			return -1;
	return 0;
}

static void *produce(void *data)
{
	struct producer *producer = data;
	struct line *line = producer->line;
	struct caller caller;

	caller_init(&caller, line->plan->target, line->plan->headers, line->plan->timeout_ns);
	if (make_all(line, &caller, producer->first, producer->count, producer->why, sizeof(producer->why)) != 0)
		atomic_store(&line->has_failed, true);
	atomic_fetch_sub(&line->making, 1);
	caller_cleanup(&caller);
	return NULL;
}

/* Processing */

/* The only job of an answer. NULL: there was none. */
static const json_t *job_of(const json_t *jobs, const char **token, json_int_t *id, json_int_t *number)
{
	const json_t *job = json_array_get(jobs, 0), *payload = json_object_get(job, "payload");

	*token = json_string_value(json_object_get(job, "token"));
	*id = json_integer_value(json_object_get(job, "id"));
	*number = json_is_integer(payload) ? json_integer_value(payload) : -1;
	return job;
}

static int process(struct line *line, struct caller *caller, const json_t *jobs, char *why, size_t why_size)
{
	const struct items_plan *plan = line->plan;
	struct caller_answer answer;
	json_int_t id, number;
	const char *token;
	char path[256], body[128];
	struct item *item;

	if (job_of(jobs, &token, &id, &number) == NULL)
		return 0;
	if (number < 0 || number >= line->run->count || token == NULL) {
		snprintf(why, why_size, "the queue %s gave a job that is none of this run", plan->queue);
		return -1;
	}
	item = &line->run->items[number];
	line->run->again += item->got_ns > 0;
	item->got_ns = since_begin_ns(line);
	work(line, plan->process_ns);
	line->run->done += item->done_ns == 0;
	item->done_ns = since_begin_ns(line);
	snprintf(path, sizeof(path), "%s/jobs/%lld/ack", plan->queue, (long long)id);
	snprintf(body, sizeof(body), "{\"token\":\"%.80s\"}", token);
	return ask(plan, caller, path, body, 204, &answer, why, why_size);
}

/* A service whose claims cannot wait says so, once. */
static int claim(struct line *line, struct caller *caller, json_t **jobs, char *why, size_t why_size)
{
	const struct items_plan *plan = line->plan;
	struct items_run *run = line->run;
	struct caller_answer answer;
	char path[256];

	snprintf(path, sizeof(path), "%s/claim?max=1%s", plan->queue, run->can_wait ? wait_words : "");
	if (caller_post(caller, path, text_of(""), &answer, why, why_size) != 0)
		return -1;
	*jobs = json_loadb(answer.body.at, answer.body.length, 0, NULL);
	if (answer.status == 400 && run->can_wait) {
		const char *detail = json_string_value(json_object_get(*jobs, "detail"));

		snprintf(run->said, sizeof(run->said), "%s", detail != NULL ? detail : "");
		run->can_wait = false;
		json_decref(*jobs);
		return claim(line, caller, jobs, why, why_size);
	}
	if (answer.status == 200 && json_is_array(*jobs))
		return 0;
	json_decref(*jobs);
	return refused(plan, path, &answer, why, why_size);
}

/* Until all that was made is processed. What was made of it when a producer has failed stays. */
static int process_all(struct line *line, struct caller *caller, char *why, size_t why_size)
{
	uint64_t last_ns = clock_now_ns();

	while (!atomic_load(&line->has_failed) &&
	       (atomic_load(&line->making) > 0 || line->run->done < atomic_load(&line->made))) {
		unsigned done = line->run->done;
		json_t *jobs;
		int result;

		if (claim(line, caller, &jobs, why, why_size) != 0)
			return -1;
		result = process(line, caller, jobs, why, why_size);
		json_decref(jobs);
		if (result != 0)
			return -1;
		if (line->run->done > done || atomic_load(&line->making) > 0)
			last_ns = clock_now_ns();
		else if (clock_now_ns() - last_ns > line->plan->timeout_ns)
			return 0;
		if (line->run->done == done && !line->run->can_wait)
			nanosleep(&(struct timespec){.tv_nsec = ITEMS_POLL_MS * (long)NS_PER_MS}, NULL);
	}
	return 0;
}

/* Runs */

static int run_synchronously(struct line *line, struct caller *caller, char *why, size_t why_size)
{
	if (make_all(line, caller, 0, line->run->count, why, why_size) != 0)
		return -1;
	return process_all(line, caller, why, why_size);
}

static int run_at_once(struct line *line, struct caller *caller, char *why, size_t why_size)
{
	const struct items_plan *plan = line->plan;
	struct producer producers[ITEMS_PRODUCERS_MAX] = {0};
	int result;

	atomic_store(&line->making, plan->producers);
	for (unsigned i = 0; i < plan->producers; i++) {
		producers[i].line = line;
		producers[i].first = i * plan->each;
		producers[i].count = plan->each;
		REQUIRE(pthread_create(&producers[i].thread, NULL, produce, &producers[i]) == 0);
	}
	result = process_all(line, caller, why, why_size);
	if (result != 0)
		atomic_store(&line->has_failed, true);
	for (unsigned i = 0; i < plan->producers; i++)
		pthread_join(producers[i].thread, NULL);
	for (unsigned i = 0; i < plan->producers && result == 0; i++)
		if (producers[i].why[0] != '\0') {
			snprintf(why, why_size, "%s", producers[i].why);
			result = -1;
		}
	return result;
}

int items_run(const struct items_plan *plan, struct items_run *run, char *why, size_t why_size)
{
	struct line line = {.plan = plan, .run = run};
	struct caller caller;
	int result;

	REQUIRE(plan->producers >= 1 && plan->producers <= ITEMS_PRODUCERS_MAX);
	*run = (struct items_run){.count = plan->producers * plan->each, .can_wait = !plan->is_synchronous};
	run->items = memory_alloc_zeroed(run->count, sizeof(*run->items));
	caller_init(&caller, plan->target, plan->headers, plan->timeout_ns);
	line.began_ns = clock_now_ns();
	result = (plan->is_synchronous ? run_synchronously : run_at_once)(&line, &caller, why, why_size);
	run->total_ns = since_begin_ns(&line);
	caller_cleanup(&caller);
	return result;
}

void items_cleanup(struct items_run *run)
{
	free(run->items);
}
