#include "loadgen/commands/goal.h"

#include <math.h>
#include <stdlib.h>

#include "loadgen/commands/duration.h"

static bool read_kind(const char *text, size_t length, struct goal *goal)
{
	char *end;

	if (length == 4 && strncmp(text, "mean", 4) == 0)
		goal->kind = GOAL_MEAN;
	else if (length == 3 && strncmp(text, "max", 3) == 0)
		goal->kind = GOAL_MAX;
	else if (length > 1 && text[0] == 'p' && text[1] >= '0' && text[1] <= '9') {
		goal->kind = GOAL_PERCENTILE;
		goal->percent = strtod(text + 1, &end);
		return end == text + length && goal->percent > 0 && goal->percent < 100;
	} else
		return false;
	return true;
}

bool goal_read(const char *text, struct goal *goal)
{
	const char *less = strchr(text, '<');
	uint64_t ns;

	*goal = (struct goal){.text = text};
	if (less == NULL || !read_kind(text, (size_t)(less - text), goal))
		return false;
	less += less[1] == '=' ? 2 : 1;
	/* a bare number could be meant as either: 40 would be seconds here, and milliseconds in most heads */
	if (!duration_has_unit(less) || !duration_read(less, &ns) || ns == 0)
		return false;
	goal->limit_ms = (double)ns / 1e6;
	return true;
}

/* The percentiles of a report are fixed ones; another is read off the next one above it, which can only be higher. */
static const struct percentile *find_percentile(const struct report_times *times, double percent)
{
	for (unsigned i = 0; i < times->percentile_count; i++)
		if (times->percentiles[i].percent >= percent - 1e-9)
			return &times->percentiles[i];
	return NULL;
}

bool goal_is_met(const struct goal *goal, const struct report_times *times, double *value, bool *is_known)
{
	const struct percentile *percentile;

	*value = NAN;
	*is_known = times->count > 0;
	if (times->count == 0)
		return false;
	if (goal->kind == GOAL_PERCENTILE) {
		percentile = find_percentile(times, goal->percent);
		*value = percentile == NULL ? times->max : percentile->value;
		*is_known = times->count >= percentile_needs(goal->percent) ||
			    (percentile != NULL && percentile->interval.low >= goal->limit_ms);
	} else {
		*value = goal->kind == GOAL_MEAN ? times->mean : times->max;
	}
	return *value < goal->limit_ms;
}

bool error_limit_read(const char *text, struct error_limit *limit)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	limit->most = strtod(text, &end);
	limit->is_share = strcmp(end, "%") == 0;
	return limit->is_share ? limit->most <= 100 : *end == '\0';
}

bool error_limit_is_met(const struct error_limit *limit, uint64_t failures, uint64_t requests)
{
	return (double)failures <= (limit->is_share ? limit->most / 100 * (double)requests : limit->most);
}
