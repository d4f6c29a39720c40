#include "loadgen/commands/option_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/commands/duration.h"

static bool count_read(const char *text, const struct option_row *row, uint64_t *count)
{
	char *end;

	errno = 0;
	*count = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && (double)*count >= row->min &&
	       (double)*count <= row->max;
}

static bool time_read(const char *text, const struct option_row *row, uint64_t *ns)
{
	return duration_read(text, ns) && (double)*ns >= row->min * 1e9 && (double)*ns <= row->max * 1e9;
}

/* Cuts `text` at commas and reads each part. */
static bool list_read(const char *text, const struct option_row *row, uint64_t *numbers, unsigned *count)
{
	char part[64];

	*count = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		bool is_good;

		if (length == 0 || length >= sizeof(part) || *count == NUMBERS_MAX)
			return false;
		memcpy(part, text, length);
		part[length] = '\0';
		is_good = row->type == OPTION_TIMES ? (strcmp(part, "0") == 0 || duration_has_unit(part)) &&
							  time_read(part, row, &numbers[*count])
						    : count_read(part, row, &numbers[*count]);
		(*count)++;
		if (!is_good || text[length] == '\0')
			return is_good;
		text += length + 1;
	}
}

static bool rate_read(const char *text, const struct option_row *row, double *rate)
{
	char *end;

	*rate = strtod(text, &end);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *rate >= row->min && *rate <= row->max;
}

const char *option_value_expected(const struct option_row *row, char *text, size_t size)
{
	switch (row->type) {
	case OPTION_TIME:
	case OPTION_TIMES:
		snprintf(text, size, "a time%s from %gs to %gs, such as 400us, 250ms, 2s, 1m%s",
			 row->type == OPTION_TIMES ? ", or several with commas," : "", row->min, row->max,
			 row->type == OPTION_TIMES ? "; each with its unit" : "");
		break;
	case OPTION_ARRIVALS:
		snprintf(text, size, "constant or poisson");
		break;
	case OPTION_STRINGS:
		snprintf(text, size, "at most %d of them", STRINGS_MAX);
		break;
	default:
		snprintf(text, size, "a number%s from %.15g to %.15g",
			 row->type == OPTION_COUNTS ? ", or several with commas," : "", row->min, row->max);
	}
	return text;
}

/* Where it is kept how many numbers a list has. */
static unsigned *count_of(struct load_options *options, const void *list)
{
	if (list == options->levels)
		return &options->level_count;
	return list == options->rates ? &options->rate_count : &options->compute_count;
}

bool option_value_set(struct load_options *options, const struct option_row *row, const char *text)
{
	void *place = (char *)options + row->offset;
	struct strings *strings = place;

	switch (row->type) {
	case OPTION_COUNT:
		options->has_seed |= place == &options->seed;
		return count_read(text, row, place);
	case OPTION_RATE:
		return rate_read(text, row, place);
	case OPTION_TIME:
		options->has_warmup |= place == &options->warmup_ns;
		return time_read(text, row, place);
	case OPTION_TIMES:
		return list_read(text, row, place, &options->delay_count);
	case OPTION_COUNTS:
		return list_read(text, row, place, count_of(options, place));
	case OPTION_STRING:
		*(const char **)place = text;
		return true;
	case OPTION_STRINGS:
		if (strings->count == STRINGS_MAX)
			return false;
		strings->at[strings->count++] = text;
		return true;
	case OPTION_ARRIVALS:
		*(enum load_arrivals *)place = strcmp(text, "poisson") == 0 ? ARRIVALS_POISSON : ARRIVALS_CONSTANT;
		return strcmp(text, "poisson") == 0 || strcmp(text, "constant") == 0;
	case OPTION_FLAG:
		break;
	}
	return false;
}
