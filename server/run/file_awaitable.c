#include "server/run/file_awaitable.h"

#include "base/clock.h"
#include "exchange/exchange.h"
#include "files/file.h"
#include "server/run/compute_awaitable.h"
#include "server/run/resources.h"

static const struct compute_words words = {
    .name = "file",
    .too_many = "too many requests wait for a thread that reads files",
    .not_begun = "no thread that reads files became free before the deadline",
    .not_ended = "the deadline passed, or the client closed the connection, before the file was read",
};

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), words.name, error, why);
}

/* A thread waits */

static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	uint64_t started_ns = clock_now_ns();

	(void)resources;
	file_work(x->file);
	exchange_note_work(x, words.name, started_ns, clock_now_ns());
}

/* Without a thread that waits */

static void run(struct computation *computation, unsigned part)
{
	(void)part;
	file_work(CONTAINER_OF(computation, struct file_order, computation));
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	x->computation = &x->file->computation;
	*x->computation = (struct computation){
	    .parts = 1,
	    .run = run,
	    .deadline_ns = x->awaited.deadline_ns,
	    .is_abandoned = &x->is_abandoned,
	};
	compute_start(x, resources->compute, resources->file_pool, &words);
}

const struct awaitable_class file_awaitable = {wait, start, fail};

void file_awaitable_end(struct exchange *x)
{
	file_end(x->file);
	x->file = NULL;
}
