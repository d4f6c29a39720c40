#include <math.h>
#include <stdio.h>
#include <string.h>

#include "loadgen/commands/live.h"
#include "loadgen/report/format.h"

enum { BAR_LENGTH = 20, FIELDS_MAX = 10, NAME_COLUMNS_MIN = 16 };

/* A value of the line, with what stands before it: at its beginning, between two parts, and between two values. */
struct field {
	const char *between, *begins;
	unsigned part, rank; /* the highest rank is left out first */
	char text[136];
	bool is_shown;
};

struct fields {
	struct field at[FIELDS_MAX];
	unsigned count;
};

/* Bytes that continue a character of UTF-8 take no column. */
static unsigned width_of(const char *text)
{
	unsigned columns = 0;

	for (; *text != '\0'; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

static void add(struct fields *fields, unsigned part, unsigned rank, const char *between, const char *text)
{
	static const char *const BEGINS[] = {"", "  ", ": "};
	struct field *field = &fields->at[fields->count++];

	*field = (struct field){
	    .between = between, .begins = BEGINS[part], .part = part, .rank = rank, .is_shown = text[0] != '\0'};
	snprintf(field->text, sizeof(field->text), "%s", text);
}

static void add_bar(struct fields *fields, double share)
{
	char bar[BAR_LENGTH + 3];
	unsigned full = (unsigned)(share * BAR_LENGTH);

	bar[0] = '[';
	for (unsigned i = 0; i < BAR_LENGTH; i++)
		bar[i + 1] = i < full ? '#' : '.';
	bar[BAR_LENGTH + 1] = ']';
	bar[BAR_LENGTH + 2] = '\0';
	add(fields, 0, 8, "", bar);
}

/* How much of all loads is over, and how long the others take. */
static void add_share(struct fields *fields, const struct live *live)
{
	double over = live->done_s + fmin(live->elapsed_s, live->load_s), share = fmin(1, over / live->expected_s);
	char text[FORMATTED];
	unsigned left;

	if (!(live->expected_s > 0))
		return;
	left = (unsigned)ceil(fmax(0, live->expected_s - over));
	add_bar(fields, share);
	snprintf(text, sizeof(text), "%.0f %%", floor(share * 100));
	add(fields, 0, 0, " ", text);
	snprintf(text, sizeof(text), "%u:%02u left", left / 60, left % 60);
	add(fields, 0, 3, ", ", text);
}

static void add_figures(struct fields *fields, const struct load_progress *progress)
{
	char number[FORMATTED], text[FORMATTED + 16];

	snprintf(text, sizeof(text), "%s/s",
		 format_count(progress->rate >= 10 ? round(progress->rate) : progress->rate, number));
	add(fields, 2, 4, ", ", text);
	if (progress->p99_ms >= 0) {
		snprintf(text, sizeof(text), "p99 %s", format_ms(progress->p99_ms, number));
		add(fields, 2, 5, ", ", text);
	}
	if (progress->failed > 0) {
		snprintf(text, sizeof(text), "%s failed", format_count((double)progress->failed, number));
		add(fields, 2, 2, ", ", text);
	}
	snprintf(text, sizeof(text), "%s under way", format_count((double)progress->in_flight, number));
	add(fields, 2, 6, ", ", text);
	add(fields, 2, 9, ", ", progress->is_draining ? "draining" : progress->is_warmup ? "warm-up" : "");
}

/* Writes the fields that are shown, or only counts; returns the columns. */
static unsigned join(const struct fields *fields, char *line, size_t size)
{
	int last = -1, at = 0;
	unsigned columns = 0;

	for (unsigned i = 0; i < fields->count; i++) {
		const struct field *field = &fields->at[i];
		const char *before = last < 0 ? "" : last == (int)field->part ? field->between : field->begins;

		if (!field->is_shown)
			continue;
		columns += width_of(before) + width_of(field->text);
		if (line != NULL && (size_t)at < size)
			at += snprintf(line + at, size - (size_t)at, "%s%s", before, field->text);
		last = (int)field->part;
	}
	return columns;
}

/* Keeps as many columns of a name, "..." included. */
static void shorten(char *text, unsigned columns)
{
	char *end = text;
	unsigned seen = 0, kept = columns > 3 ? columns - 3 : 0;

	if (width_of(text) <= columns)
		return;
	for (; *end != '\0'; end++) {
		seen += ((unsigned char)*end & 0xc0) != 0x80;
		if (seen > kept)
			break;
	}
	memcpy(end, "...", columns < 3 ? columns : 3);
	end[columns < 3 ? columns : 3] = '\0';
}

static struct field *least_important(struct fields *fields)
{
	struct field *least = NULL;

	for (unsigned i = 0; i < fields->count; i++)
		if (fields->at[i].is_shown && (least == NULL || fields->at[i].rank > least->rank))
			least = &fields->at[i];
	return least;
}

void live_line(const struct live *live, const struct load_progress *progress, unsigned columns,
	       char line[static LIVE_LINE_BYTES])
{
	struct fields fields = {0};
	struct field *name;

	add_share(&fields, live);
	name = &fields.at[fields.count];
	add(&fields, 1, 1, ", ", live->name);
	add(&fields, 1, 7, ", ", live->what);
	if (progress != NULL)
		add_figures(&fields, progress);
	shorten(name->text, columns / 2 > NAME_COLUMNS_MIN ? columns / 2 : NAME_COLUMNS_MIN);
	while (join(&fields, NULL, 0) > columns)
		least_important(&fields)->is_shown = false;
	line[0] = '\0';
	join(&fields, line, LIVE_LINE_BYTES);
}
