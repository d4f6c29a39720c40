/* lost_updates.c - the same sum three ways, on the compute threads of the service: a plain counter, an atomic one, and
 * one a part. `lost_updates [THREADS]`; docs/threads.md says what to see. Exit status 1 when one that must be right is
 * not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "loop/compute_pool.h"

enum { PARTS = 64, UPDATES = 200000 };

struct sums {
	struct computation computation;
	volatile uint64_t plain;      /* shared and not guarded: wrong */
	atomic_uint_fast64_t guarded; /* shared: every update is one step, and waits for the others' */
	uint64_t own[PARTS];          /* not shared: summed up when all is over, as the service's metrics are */
	atomic_bool nobody_leaves, is_over;
};

static void run(struct computation *computation, unsigned part)
{
	struct sums *sums = CONTAINER_OF(computation, struct sums, computation);

	for (unsigned i = 0; i < UPDATES; i++) {
		sums->plain = sums->plain + 1;
		atomic_fetch_add(&sums->guarded, 1);
		sums->own[part]++;
	}
}

static void over(struct computation *computation)
{
	atomic_store(&CONTAINER_OF(computation, struct sums, computation)->is_over, true);
}

int main(int argc, char **argv)
{
	static struct sums sums;
	struct compute_pool *pool = compute_pool_create(argc > 1 ? (unsigned)atoi(argv[1]) : 4, 1);
	uint64_t expected = (uint64_t)PARTS * UPDATES, own = 0;

	sums.computation = (struct computation){
	    .parts = PARTS,
	    .run = run,
	    .deadline_ns = clock_now_ns() + 60 * NS_PER_S,
	    .is_abandoned = &sums.nobody_leaves,
	    .over = over,
	};
	if (!compute_pool_submit(pool, &sums.computation, false))
		return 1;
	while (!atomic_load(&sums.is_over))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	compute_pool_destroy(pool);
	for (unsigned i = 0; i < PARTS; i++)
		own += sums.own[i];
	printf("expected       %10" PRIu64 "\nplain          %10" PRIu64 "  %" PRIu64 " updates lost\n", expected,
	       (uint64_t)sums.plain, expected - sums.plain);
	printf("atomic         %10" PRIu64 "\none a part     %10" PRIu64 "\n", (uint64_t)sums.guarded, own);
	return sums.guarded == expected && own == expected && sums.plain <= expected ? 0 : 1;
}
