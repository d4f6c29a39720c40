#include "base/congestion.h"

#include "base/clock.h"

enum {
	INTERVAL_MS = 100,  /* a queue that was empty within it is none */
	PATIENCE_SHARE = 2, /* at ease: the part of its time that a guest may wait */
	GROWTH_SHARE = 10,  /* a queue that takes less of the usual time may grow as it likes */
	WINDOW_MS = 250,    /* growth is looked at so often */
	TARGET_MS = 5,      /* overloaded: the longest wait, ... */
	PLACES = 4,         /* ... or so many, so that nothing that serves falls idle between two arrivals */
	REST_MS = 2000,     /* between two trials: the long queue of one that failed is over, and rare */
	TRIAL_MS = 25,      /* most clients that ask again at once have asked within it, ... */
	TRIAL_GROWTH = 4,   /* ... and all of them in so many times as long; others need places at the same time */
	CALM_MS = 1000,
	CALM_PLACES = 8, /* and so many more could have been served: else chance may have made it calm */
	CALM_MAX_MS = 4000,
	HOPELESS_SHARE = 2,
};

static const char *const words[REFUSAL_COUNT][2] = {
    [REFUSAL_NONE] = {"", ""},
    [REFUSAL_FULL] = {"queue_full", "as many requests are waiting as queue_limit allows; try again later"},
    [REFUSAL_WAIT] = {"long_wait",
		      "the requests that wait already would keep this one waiting for too long; try again later"},
    [REFUSAL_TIME] = {"no_time", "too little time was left until the deadline when it was its turn; try again later"},
};

const char *refusal_name(enum refusal refusal)
{
	return words[refusal][0];
}

const char *refusal_words(enum refusal refusal)
{
	return words[refusal][1];
}

void congestion_enter(struct congestion *congestion, uint64_t expected_ns, uint64_t now_ns)
{
	if (congestion->count++ == 0)
		congestion->since_ns = now_ns;
	congestion->expected_ns += expected_ns;
}

void congestion_leave(struct congestion *congestion, uint64_t expected_ns)
{
	congestion->count--;
	if (congestion->count < congestion->shortest)
		congestion->shortest = congestion->count;
	congestion->expected_ns -= expected_ns;
}

uint64_t congestion_wait_ns(const struct congestion *congestion, unsigned servers)
{
	return congestion->expected_ns / servers;
}

static bool is_short(const struct congestion *congestion, unsigned servers)
{
	return congestion->count < PLACES || congestion_wait_ns(congestion, servers) <= TARGET_MS * NS_PER_MS;
}

/* A closed loop's queue goes up and down, and is no longer than it was. */
static void watch_growth(struct congestion *congestion, uint64_t now_ns)
{
	unsigned *before = congestion->before;
	bool is_gap = now_ns >= congestion->window_ns + 2 * WINDOW_MS * NS_PER_MS;

	if (now_ns < congestion->window_ns + WINDOW_MS * NS_PER_MS)
		return;
	congestion->is_growing = !is_gap && congestion->shortest > before[0] && before[0] > before[1] &&
				 before[1] > before[2] && 2 * congestion->shortest >= 3 * before[2];
	before[2] = is_gap ? congestion->count : before[1];
	before[1] = is_gap ? congestion->count : before[0];
	before[0] = is_gap ? congestion->count : congestion->shortest;
	congestion->shortest = congestion->count;
	congestion->window_ns = now_ns;
}

static bool stands(const struct congestion *congestion, uint64_t now_ns)
{
	return congestion->count > 0 && now_ns >= congestion->since_ns + INTERVAL_MS * NS_PER_MS;
}

static uint64_t usual_patience_ns(const struct congestion_guest *guest)
{
	uint64_t usual_ns = guest->usual_ns / PATIENCE_SHARE;

	return guest->expected_ns > usual_ns ? guest->expected_ns : usual_ns;
}

static bool grows_too_long(const struct congestion *congestion, const struct congestion_guest *guest)
{
	return congestion->is_growing &&
	       congestion_wait_ns(congestion, guest->servers) > guest->usual_ns / GROWTH_SHARE;
}

static bool is_trial_due(const struct congestion *congestion, uint64_t now_ns)
{
	return congestion->trial_ns == 0 && congestion->short_ns != 0 &&
	       now_ns >= congestion->short_ns + REST_MS * NS_PER_MS;
}

/* Overloaded: whether one more may wait, if it has the time. */
static bool has_place(struct congestion *congestion, unsigned servers, uint64_t now_ns)
{
	bool is_now_short = is_short(congestion, servers);

	if (is_now_short && congestion->short_ns == 0)
		congestion->short_ns = now_ns;
	if (is_trial_due(congestion, now_ns))
		congestion->trial_ns = now_ns;
	if (congestion->trial_ns != 0 && now_ns < congestion->trial_ns + TRIAL_MS * NS_PER_MS)
		congestion->allowed = TRIAL_GROWTH * (congestion->count + 1);
	return is_now_short || congestion->count < congestion->allowed;
}

/* For a guest that has the usual time. */
static bool is_too_long(struct congestion *congestion, const struct congestion_guest *guest, uint64_t now_ns)
{
	if (congestion_wait_ns(congestion, guest->servers) > usual_patience_ns(guest))
		return true;
	return congestion->is_overloaded ? !has_place(congestion, guest->servers, now_ns)
					 : grows_too_long(congestion, guest);
}

static bool has_time(const struct congestion *congestion, const struct congestion_guest *guest, uint64_t now_ns)
{
	uint64_t left_ns = guest->deadline_ns > now_ns ? guest->deadline_ns - now_ns : 0;

	return congestion_wait_ns(congestion, guest->servers) <= left_ns / PATIENCE_SHARE;
}

static void note_overload(struct congestion *congestion, uint64_t now_ns)
{
	if (!congestion->is_overloaded || congestion->trial_ns != 0)
		congestion->short_ns = congestion->trial_ns = congestion->allowed = 0;
	congestion->is_overloaded = true;
	congestion->refused_ns = now_ns;
}

static uint64_t calm_ns(const struct congestion *congestion, const struct congestion_guest *guest)
{
	uint64_t calm_ns = CALM_MS * NS_PER_MS + CALM_PLACES * (guest->expected_ns / guest->servers) +
			   congestion_wait_ns(congestion, guest->servers);

	return calm_ns < CALM_MAX_MS * NS_PER_MS ? calm_ns : CALM_MAX_MS * NS_PER_MS;
}

static enum refusal refusal_of(struct congestion *congestion, const struct congestion_guest *guest, uint64_t now_ns)
{
	bool is_full = congestion->count >= guest->limit;

	if (!congestion->is_overloaded && !stands(congestion, now_ns))
		return is_full ? REFUSAL_FULL : REFUSAL_NONE;
	if (is_full || is_too_long(congestion, guest, now_ns)) {
		note_overload(congestion, now_ns);
		return is_full ? REFUSAL_FULL : REFUSAL_WAIT;
	}
	return has_time(congestion, guest, now_ns) ? REFUSAL_NONE : REFUSAL_WAIT;
}

enum refusal congestion_judge(struct congestion *congestion, const struct congestion_guest *guest, uint64_t now_ns)
{
	enum refusal refusal;

	watch_growth(congestion, now_ns);
	if (congestion->is_overloaded && now_ns >= congestion->refused_ns + calm_ns(congestion, guest))
		congestion->is_overloaded = false;
	refusal = refusal_of(congestion, guest, now_ns);
	congestion->refused[refusal]++;
	return refusal;
}

bool congestion_is_hopeless(struct congestion *congestion, uint64_t deadline_ns, uint64_t expected_ns, uint64_t now_ns)
{
	if (now_ns + expected_ns / HOPELESS_SHARE <= deadline_ns)
		return false;
	congestion->refused[REFUSAL_TIME]++;
	return true;
}

void congestion_add_refused(uint64_t sum[REFUSAL_COUNT], const struct congestion *congestion)
{
	for (unsigned i = 0; i < REFUSAL_COUNT; i++)
		sum[i] += congestion->refused[i];
}
