#include "queue/values/job.h"

_Static_assert(sizeof(struct job) == 64, "a job is a line of the cache");

const char *came_back_word(enum came_back came_back)
{
	static const char *const words[] = {
	    [CAME_EXPIRED] = "expired",
	    [CAME_NACKED] = "nacked",
	    [CAME_DISCONNECTED] = "disconnected",
	    [CAME_RESTARTED] = "restarted",
	};

	return words[came_back];
}

uint64_t job_order(const struct job *job)
{
	return (uint64_t)(PRIORITY_MAX - job->priority) << 56 | (uint64_t)job->id;
}
