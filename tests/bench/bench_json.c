/* Prints how fast texts become JSON, and how fast JSON is read: MB/s of what is read, by case.
 * Arguments: a case and how often, for a count of instructions; without them each case runs for a moment. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/percent.h"
#include "db/values/parameter.h"
#include "db/values/row_json.h"

#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 1 << 20, MOMENT_MS = 300 };

static const struct db_type texts = {.kind = DB_TYPE_OTHER, .name = "text"},
			    many_texts = {.kind = DB_TYPE_OTHER, .is_array = true, .delimiter = ',', .name = "text[]"},
			    many_numbers = {.kind = DB_TYPE_INT4,
					    .is_array = true,
					    .delimiter = ',',
					    .name = "integer[]"},
			    bytea = {.kind = DB_TYPE_BYTEA, .name = "bytea"};

/* What a case is given is `begin`, then `unit` until BYTES are full, then `end`. */
static const struct bench {
	const char *name, *begin, *unit, *end;
	const struct db_type *written_as; /* NULL: it is read */
	enum { SCANNED, CHECKED, DECODED } read_as;
} benches[] = {
    {"plain", "", "plain text of no great interest ", "", &texts, 0},
    {"escapes", "", "a line.\n", "", &texts, 0},
    {"dense", "", "a\"\n", "", &texts, 0},
    {"bytea", "\\x", "0123456789abcdef", "", &bytea, 0},
    {"elements", "{a", ",\"a text in quotes\"", "}", &many_texts, 0},
    {"element", "{\"", "plain text of no great interest ", "\"}", &many_texts, 0},
    {"unescaped", "{\"", "a line \\\"", "\"}", &many_texts, 0},
    {"numbers", "{1", ",123456", "}", &many_numbers, 0},
    {"scan", "\"", "plain text of no great interest ", "\"", NULL, SCANNED},
    {"scan-escapes", "\"", "a line\\n", "\"", NULL, SCANNED},
    {"ascii", "", "plain text of no great interest ", "", NULL, CHECKED},
    {"cyrillic", "", "\xd1\x82\xd0\xb5\xd0\xba\xd1\x81\xd1\x82 ", "", NULL, CHECKED},
    {"base64", "", "aGVsbG8gd29ybGQh", "", NULL, DECODED},
};

static struct text input_of(const struct bench *bench)
{
	size_t begin = strlen(bench->begin), unit = strlen(bench->unit), end = strlen(bench->end);
	char *bytes = malloc(begin + BYTES + end + 1), *at = bytes;

	memcpy(at, bench->begin, begin);
	at += begin;
	for (size_t i = 0; i < BYTES / unit; i++, at += unit)
		memcpy(at, bench->unit, unit);
	memcpy(at, bench->end, end + 1);
	return (struct text){bytes, (size_t)(at - bytes) + end};
}

/* Returns what the compiler may not leave out. */
static size_t run(const struct bench *bench, struct text input, struct arena *arena)
{
	struct buffer out = buffer_in(arena);
	const char *bound = NULL;
	size_t end = 0;

	if (bench->written_as != NULL) {
		row_json_add_value(&out, bench->written_as, input);
		return out.length;
	}
	switch (bench->read_as) {
	case SCANNED:
		return json_scan_value(input, 1, &end) ? end : 0;
	case CHECKED:
		return utf8_valid_length(input);
	default:
		return parameter_from_text(&bytea, input, arena, &bound) && bound != NULL;
	}
}

/* Runs it so often; 0: for a moment. Returns how often, or 0: it went wrong. */
static unsigned repeat(const struct bench *bench, struct text input, unsigned times, uint64_t *took_ns)
{
	uint64_t began_ns = clock_now_ns();
	unsigned done = 0;

	do {
		struct arena arena;
		size_t is_good;

		arena_init(&arena, NULL, 0);
		is_good = run(bench, input, &arena);
		arena_cleanup(&arena);
		if (is_good == 0)
			return 0;
		*took_ns = clock_now_ns() - began_ns;
	} while (++done < times || (times == 0 && *took_ns < MOMENT_MS * NS_PER_MS));
	return done;
}

int main(int argc, char **argv)
{
	unsigned times = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	for (size_t i = 0; i < ARRAY_LENGTH(benches); i++) {
		const struct bench *bench = &benches[i];
		struct text input;
		uint64_t took_ns;
		unsigned done;

		if (argc > 1 && strcmp(argv[1], bench->name) != 0)
			continue;
		input = input_of(bench);
		done = repeat(bench, input, times, &took_ns);
		printf("%-14s %6.0f MB/s%s\n", bench->name, (double)input.length * done * 1e3 / (double)took_ns,
		       done > 0 ? "" : " (it went wrong)");
		free((char *)(uintptr_t)input.at);
	}
	return 0;
}
