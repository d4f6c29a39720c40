#include "loadgen/commands/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"

enum type {
	TYPE_FLAG,
	TYPE_COUNT,
	TYPE_RATE,
	TYPE_TIME,
	TYPE_TIMES,
	TYPE_COUNTS,
	TYPE_STRING,
	TYPE_STRINGS,
	TYPE_ARRIVALS
};

enum {
	RUN = 1 << COMMAND_RUN,
	BURST = 1 << COMMAND_BURST,
	SWEEP = 1 << COMMAND_SWEEP,
	COMPARE = 1 << COMMAND_COMPARE,
	DIFF = 1 << COMMAND_DIFF,
	LOOP = 1 << COMMAND_LOOP,
	LOADS = RUN | SWEEP | COMPARE,
	ALL = RUN | BURST | SWEEP | COMPARE,
	HELP_COLUMN = 28,
	HELP_WIDTH = 100,
	NAME_MAX_LENGTH = 32,
};

struct row {
	const char *name, *letter;
	enum type type;
	unsigned commands;
	size_t offset;
	double min, max; /* of a count or rate; of a time in seconds */
	const char *value, *help;
};

#define AT(field) offsetof(struct load_options, field)
static const struct row rows[] = {
    {"--connections", "-c", TYPE_COUNT, RUN | COMPARE, AT(connections), 1, LOAD_CONNECTIONS_MAX, "N",
     "closed loop: so many clients, each asks again when it is answered (default 64)"},
    {"--pipeline", NULL, TYPE_COUNT, RUN, AT(pipeline), 1, LOAD_PIPELINE_MAX, "N",
     "requests under way on each connection (default 1)"},
    {"--rate", NULL, TYPE_RATE, RUN, AT(rate), 0.001, 10e6, "R",
     "open loop: R requests a second are due, whatever happened to the earlier ones"},
    {"--rates", NULL, TYPE_COUNTS, SWEEP, AT(rates), 1, 10e6, "R,R,...",
     "open loop instead of concurrencies: so many requests a second are due, one rate after the other"},
    {"--arrivals", NULL, TYPE_ARRIVALS, RUN | SWEEP, AT(arrivals), 0, 0, "constant|poisson",
     "gaps of an open loop: all alike, or random as independent clients make them (default constant)"},
    {"--max-in-flight", NULL, TYPE_COUNT, RUN | SWEEP, AT(max_in_flight), 1, LOAD_CONNECTIONS_MAX, "N",
     "open loop: requests due beyond so many under way are counted as not sent (default 1000)"},
    {"--repeats", NULL, TYPE_COUNT, BURST | COMPARE, AT(repeats), 1, 1000, "N", "bursts (default 5)"},
    {"--gap", NULL, TYPE_TIME, BURST, AT(gap_ns), 0.001, 3600, "T", "rest between two bursts (default 100ms)"},
    {"--levels", NULL, TYPE_COUNTS, SWEEP | COMPARE, AT(levels), 1, LOAD_CONNECTIONS_MAX, "N,N,...",
     "concurrencies of the curve (default 1, 2, 4, 8 ... until throughput falls)"},
    {"--up-to", NULL, TYPE_COUNT, SWEEP | COMPARE, AT(up_to), 1, LOAD_CONNECTIONS_MAX, "N",
     "highest concurrency of the curve (default 1024; compare: 64)"},
    {"--rounds", NULL, TYPE_COUNT, SWEEP | COMPARE | LOOP, AT(rounds), 1, 16, "N",
     "how often each load is repeated, interleaved: A B C, C B A (default 3; compare: 5)"},
    {"--actions", NULL, TYPE_COUNT, LOOP, AT(actions), 1, 1e8, "N", "items that go through the queue (default 500000)"},
    {"--queue", NULL, TYPE_COUNT, LOOP, AT(queue), 1, 1e6, "N", "most items in the queue (default 1024)"},
    {"--peer", NULL, TYPE_STRINGS, LOOP, AT(peers), 0, 0, "NAME=COMMAND",
     "another program that does the same, measured in turns with us: it prints "
     "{\"seconds\":S,\"p50_us\":P,\"p99_us\":P,"
     "\"max_us\":M}; may be repeated"},
    {"--threads", NULL, TYPE_COUNT, SWEEP | COMPARE, AT(threads), 1, 4096, "N",
     "sweep: workers of the service, for Little's bound; compare: --threads of the service in threads mode"},
    {"--program", NULL, TYPE_STRING, COMPARE, AT(program), 0, 0, "FILE",
     "the service to start (default: meantime, beside this program or in PATH)"},
    {"--database", NULL, TYPE_STRING, COMPARE, AT(database), 0, 0, "URL",
     "what the service is started with (default: DATABASE_URL)"},
    {"--endpoints", NULL, TYPE_STRING, COMPARE, AT(endpoints), 0, 0, "DIR",
     "what the service is started with (default: config/endpoints)"},
    {"--modes", NULL, TYPE_STRING, COMPARE, AT(modes), 0, 0, "M,M,...",
     "modes to start the service in (default sync,threads,async)"},
    {"--service-option", NULL, TYPE_STRINGS, COMPARE, AT(service_options), 0, 0, "X",
     "one more option of the service, as it is: --service-option=--loops=2; may be repeated"},
    {"--target", NULL, TYPE_STRINGS, COMPARE, AT(targets), 0, 0, "NAME=URL",
     "measure this instead of starting a service; at least two; may be repeated"},
    {"--database-delay", NULL, TYPE_TIMES, COMPARE, AT(delays_ns), 0, 10, "T,T,...",
     "round trips to the database to try, by a relay between it and the service (default 0)"},
    {"--path", NULL, TYPE_STRING, COMPARE, AT(path), 0, 0, "PATH",
     "what is measured at --connections (default /countries/DE)"},
    {"--wait-path", NULL, TYPE_STRING, COMPARE, AT(wait_path), 0, 0, "PATH",
     "what is measured for waiting, and over concurrency (default /wait/20)"},
    {"--waiting-clients", NULL, TYPE_COUNT, COMPARE, AT(waiting_clients), 1, LOAD_CONNECTIONS_MAX, "N",
     "clients of --wait-path (default 32)"},
    {"--compute-path", NULL, TYPE_STRING, COMPARE, AT(compute_path), 0, 0, "PATH",
     "what is asked, alone, of services with more and more compute threads (/primes/200000000); default: nothing"},
    {"--compute-threads", NULL, TYPE_COUNTS, COMPARE, AT(compute_threads), 1, 1024, "N,N,...",
     "how many they have (default 1, 2, 4 ... up to the cores)"},
    {"--burst-path", NULL, TYPE_STRINGS, COMPARE, AT(burst_paths), 0, 0, "PATH",
     "one request of the burst; may be repeated (default /wait/400, /wait/300, /wait/100)"},
    {"--duration", "-d", TYPE_TIME, LOADS, AT(duration_ns), 0.01, 86400, "T",
     "measured time of each load (default 10s; sweep and compare: 2s)"},
    {"--warmup", NULL, TYPE_TIME, LOADS, AT(warmup_ns), 0, 3600, "T",
     "time before it that does not count (default 1s; sweep and compare: 300ms)"},
    {"--requests", NULL, TYPE_COUNT, RUN, AT(requests), 1, 1e9, "N", "end after so many requests"},
    {"--timeout", NULL, TYPE_TIME, ALL, AT(timeout_ns), 0.001, 3600, "T",
     "of one request; it stays in the figures as \"at least T\" (default 10s)"},
    {"--drain", NULL, TYPE_TIME, ALL, AT(drain_ns), 0.001, 3600, "T",
     "how long late answers are waited for (default: as --timeout)"},
    {"--method", "-X", TYPE_STRING, RUN | BURST | SWEEP, AT(method), 0, 0, "M", "(default GET, with a body POST)"},
    {"--header", "-H", TYPE_STRINGS, ALL, AT(headers), 0, 0, "'NAME: VALUE'", "may be repeated"},
    {"--body", NULL, TYPE_STRING, RUN | BURST | SWEEP, AT(body), 0, 0, "TEXT|@FILE",
     "sent as application/json, unless --header says another Content-Type"},
    {"--requests-file", NULL, TYPE_STRING, RUN | SWEEP, AT(requests_file), 0, 0, "FILE",
     "several requests: an array, or a line each, of {\"method\",\"path\",\"headers\",\"body\",\"weight\"}"},
    {"--follow", NULL, TYPE_COUNT, LOADS | BURST, AT(redirects), 1, 100, "N",
     "follow up to N redirects of a request, on the same host and port; its time is of all of them (default: none, a "
     "redirect is the answer)"},
    {"--no-keep-alive", NULL, TYPE_FLAG, LOADS, AT(no_keep_alive), 0, 0, NULL,
     "a new connection for each request; its making is part of the response time"},
    {"--seed", NULL, TYPE_COUNT, ALL, AT(seed), 0, 9e15, "N", "of all random choices (default 1)"},
    {"--slo", NULL, TYPE_STRINGS, RUN | SWEEP | COMPARE, AT(goals), 0, 0, "GOAL",
     "p99<50ms, p99.9<1s, mean<5ms, max<2s: exit status 1 when missed; may be repeated"},
    {"--max-errors", NULL, TYPE_STRING, RUN | SWEEP | COMPARE, AT(max_errors), 0, 0, "N|P%",
     "exit status 1 when more requests fail (default 10%; of a curve, at every level)"},
    {"--json", NULL, TYPE_STRING, ALL | DIFF | LOOP, AT(json), 0, 0, "FILE",
     "the whole report, for machines and for diff"},
    {"--csv", NULL, TYPE_STRING, ALL, AT(csv), 0, 0, "FILE", "every request, a line each"},
    {"--ndjson", NULL, TYPE_STRING, ALL, AT(ndjson), 0, 0, "FILE", "every request, an object a line"},
    {"--trace", NULL, TYPE_STRING, ALL, AT(trace), 0, 0, "FILE", "a timeline that opens in ui.perfetto.dev"},
    {"--html", NULL, TYPE_STRING, ALL | DIFF, AT(html), 0, 0, "FILE",
     "one page with pictures, needs no network; of each FILE, - is standard output"},
    {"--quick", NULL, TYPE_FLAG, COMPARE, AT(quick), 0, 0, NULL, "half of each duration, 4 rounds"},
    {"--quiet", NULL, TYPE_FLAG, ALL | LOOP, AT(quiet), 0, 0, NULL, "no live line on the terminal"},
};

static const struct {
	const char *name, *usage, *what;
	unsigned min, max; /* arguments */
} commands[COMMAND_COUNT] = {
    [COMMAND_RUN] = {"run", "URL", "one load: closed loop (-c) or open loop (--rate), every request recorded", 1, 1},
    [COMMAND_BURST] = {"burst", "URL...", "requests released at the same instant: do they queue or overlap?", 1, 16},
    [COMMAND_SWEEP] = {"sweep", "URL", "throughput and latency over concurrency, and where they must end", 1, 1},
    [COMMAND_COMPARE] = {"compare", "", "the service in its modes, or several targets, side by side", 0, 0},
    [COMMAND_DIFF] = {"diff", "A.json B.json", "two saved reports: what has changed, and is it more than noise?", 2, 2},
    [COMMAND_LOOP] = {"loop", "", "how fast a loop turns: producers, a queue and a consumer on one", 0, 0},
};

/* Values */

bool duration_read(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"", 1e9}};
	char *end;
	double value;

	if (text[0] < '0' || text[0] > '9')
		return false;
	value = strtod(text, &end);
	for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
		if (strcmp(end, units[i].unit) == 0 && value * units[i].ns < 1e18) {
			*ns = (uint64_t)llround(value * units[i].ns);
			return true;
		}
	return false;
}

bool duration_has_unit(const char *text)
{
	return text[0] != '\0' && text[strlen(text) - 1] >= 'a';
}

static bool count_read(const char *text, const struct row *row, uint64_t *count)
{
	char *end;

	errno = 0;
	*count = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && (double)*count >= row->min &&
	       (double)*count <= row->max;
}

static bool time_read(const char *text, const struct row *row, uint64_t *ns)
{
	return duration_read(text, ns) && (double)*ns >= row->min * 1e9 && (double)*ns <= row->max * 1e9;
}

/* Cuts `text` at commas and reads each part. */
static bool list_read(const char *text, const struct row *row, uint64_t *numbers, unsigned *count)
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
		is_good = row->type == TYPE_TIMES ? (strcmp(part, "0") == 0 || duration_has_unit(part)) &&
							time_read(part, row, &numbers[*count])
						  : count_read(part, row, &numbers[*count]);
		(*count)++;
		if (!is_good || text[length] == '\0')
			return is_good;
		text += length + 1;
	}
}

static bool rate_read(const char *text, const struct row *row, double *rate)
{
	char *end;

	*rate = strtod(text, &end);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *rate >= row->min && *rate <= row->max;
}

static const char *expected(const struct row *row, char *text, size_t size)
{
	switch (row->type) {
	case TYPE_TIME:
	case TYPE_TIMES:
		snprintf(text, size, "a time%s from %gs to %gs, such as 400us, 250ms, 2s, 1m%s",
			 row->type == TYPE_TIMES ? ", or several with commas," : "", row->min, row->max,
			 row->type == TYPE_TIMES ? "; each with its unit" : "");
		break;
	case TYPE_ARRIVALS:
		snprintf(text, size, "constant or poisson");
		break;
	case TYPE_STRINGS:
		snprintf(text, size, "at most %d of them", STRINGS_MAX);
		break;
	default:
		snprintf(text, size, "a number%s from %.15g to %.15g",
			 row->type == TYPE_COUNTS ? ", or several with commas," : "", row->min, row->max);
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

static bool set_value(struct load_options *options, const struct row *row, const char *text)
{
	void *place = (char *)options + row->offset;
	struct strings *strings = place;

	switch (row->type) {
	case TYPE_COUNT:
		options->has_seed |= place == &options->seed;
		return count_read(text, row, place);
	case TYPE_RATE:
		return rate_read(text, row, place);
	case TYPE_TIME:
		options->has_warmup |= place == &options->warmup_ns;
		return time_read(text, row, place);
	case TYPE_TIMES:
		return list_read(text, row, place, &options->delay_count);
	case TYPE_COUNTS:
		return list_read(text, row, place, count_of(options, place));
	case TYPE_STRING:
		*(const char **)place = text;
		return true;
	case TYPE_STRINGS:
		if (strings->count == STRINGS_MAX)
			return false;
		strings->at[strings->count++] = text;
		return true;
	case TYPE_ARRIVALS:
		*(enum load_arrivals *)place = strcmp(text, "poisson") == 0 ? ARRIVALS_POISSON : ARRIVALS_CONSTANT;
		return strcmp(text, "poisson") == 0 || strcmp(text, "constant") == 0;
	case TYPE_FLAG:
		break;
	}
	return false;
}

/* Names */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many characters to insert, drop or replace to make one of the other (Levenshtein). */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LENGTH + 1], length = (unsigned)strlen(b);

	for (unsigned j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= length; j++) {
			unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

static int refuse_name(const char *name, unsigned command, char *why, size_t why_size)
{
	const char *best = NULL;
	unsigned nearest = 4; /* farther than 3 is no slip of the fingers */

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		unsigned distance = edit_distance(name, rows[i].name);

		if (strcmp(name, rows[i].name) == 0 || (rows[i].letter != NULL && strcmp(name, rows[i].letter) == 0)) {
			snprintf(why, why_size, "%s is no option of %s", rows[i].name, commands[command].name);
			return -1;
		}
		if ((rows[i].commands & 1U << command) != 0 && distance < nearest) {
			nearest = distance;
			best = rows[i].name;
		}
	}
	if (best != NULL)
		snprintf(why, why_size, "unknown option %s; is it %s?", name, best);
	else
		snprintf(why, why_size, "unknown option %s; meantime-load %s --help lists them", name,
			 commands[command].name);
	return -1;
}

static const struct row *find_row(const char *name, unsigned command)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if ((rows[i].commands & 1U << command) != 0 &&
		    (strcmp(name, rows[i].name) == 0 || (rows[i].letter != NULL && strcmp(name, rows[i].letter) == 0)))
			return &rows[i];
	return NULL;
}

/* One option at argv[*at]; leaves *at on its last word. */
static int read_option(struct load_options *options, int argc, char *const *argv, int *at, char *why, size_t why_size)
{
	char name[NAME_MAX_LENGTH + 1], text[160];
	const char *word = argv[*at], *equals = word[1] == '-' ? strchr(word, '=') : NULL, *value;
	bool is_attached = word[1] != '-' && word[1] != '\0' && word[2] != '\0'; /* -c64 */
	size_t length = is_attached ? 2 : equals == NULL ? strlen(word) : (size_t)(equals - word);
	const struct row *row;

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	row = length > NAME_MAX_LENGTH ? NULL : find_row(name, options->command);
	if (row == NULL)
		return refuse_name(name, options->command, why, why_size);
	if (row->type == TYPE_FLAG) {
		*(bool *)((char *)options + row->offset) = true;
		if (equals != NULL)
			snprintf(why, why_size, "%s takes no value", row->name);
		return equals == NULL ? 0 : -1;
	}
	value = is_attached ? word + 2 : equals != NULL ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
	if (value == NULL || value[0] == '\0') {
		snprintf(why, why_size, "%s needs a value: %s", row->name, row->value);
		return -1;
	}
	if (!set_value(options, row, value)) {
		snprintf(why, why_size, "%s %s: expected %s", row->name, value, expected(row, text, sizeof(text)));
		return -1;
	}
	return 0;
}

static int check_together(const struct load_options *options, char *why, size_t why_size)
{
	unsigned count = options->arguments.count;
	const char *wrong = NULL;

	if (count < commands[options->command].min || count > commands[options->command].max) {
		snprintf(why, why_size, "%s: expected %s, got %u argument%s", commands[options->command].name,
			 commands[options->command].max == 0 ? "only options" : commands[options->command].usage, count,
			 count == 1 ? "" : "s");
		return -1;
	}
	if (options->rate > 0 && (options->connections > 0 || options->pipeline > 0))
		wrong = "--rate is an open loop, --connections and --pipeline belong to a closed one: give one or the "
			"other";
	else if (options->rate <= 0 && options->command == COMMAND_RUN && options->max_in_flight > 0)
		wrong = "--max-in-flight belongs to an open loop (--rate)";
	else if (options->targets.count == 1)
		wrong = "--target is needed at least twice: there is nothing to compare with";
	else if (options->targets.count > 0 &&
		 (options->program || options->delay_count || options->modes || options->compute_path))
		wrong = "--target measures what runs already; --program, --modes, --database-delay and --compute-path "
			"start services";
	else if (options->compute_count > 0 && options->compute_path == NULL)
		wrong = "--compute-threads needs what is to be computed: --compute-path";
	else if (options->compute_count > 0 && options->compute_threads[0] != 1)
		wrong = "--compute-threads: the first is what the others are compared with: 1";
	else if (options->pipeline > 1 && options->no_keep_alive)
		wrong = "--pipeline needs connections that stay open, --no-keep-alive closes them";
	else if (options->pipeline > 1 && options->redirects > 0)
		wrong = "--follow sends a request again behind its answer, which --pipeline does not leave room for";
	if (wrong != NULL)
		snprintf(why, why_size, "%s", wrong);
	return wrong == NULL ? 0 : -1;
}

static int find_command(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i].name) == 0)
			return i;
	return -1;
}

int options_read(struct load_options *options, int argc, char *const *argv, char *why, size_t why_size)
{
	int command = find_command(argv[1]);
	bool is_over = false;

	*options = (struct load_options){0};
	if (command < 0) {
		snprintf(why, why_size,
			 "unknown command '%s'; expected run, burst, sweep, compare, diff, loop or version", argv[1]);
		return -1;
	}
	options->command = (enum command_name)command;
	for (int at = 2; at < argc; at++) {
		if (!is_over && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
			options->help = true;
			return 0;
		}
		if (!is_over && strcmp(argv[at], "--") == 0) {
			is_over = true;
		} else if (!is_over && argv[at][0] == '-' && argv[at][1] != '\0') {
			if (read_option(options, argc, argv, &at, why, why_size) != 0)
				return -1;
		} else if (options->arguments.count == STRINGS_MAX) {
			snprintf(why, why_size, "more than %d arguments", STRINGS_MAX);
			return -1;
		} else {
			options->arguments.at[options->arguments.count++] = argv[at];
		}
	}
	return check_together(options, why, why_size);
}

/* Help */

static void print_wrapped(const char *text, FILE *out)
{
	int column = HELP_COLUMN;

	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		if (column + length + 1 > HELP_WIDTH && column > HELP_COLUMN) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		fprintf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", length, text);
		column += length + 1;
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

void options_print_commands(FILE *out)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %-14s %s\n", commands[i].name, commands[i].usage, commands[i].what);
}

void options_print_help(enum command_name command, FILE *out)
{
	char left[80];

	fprintf(out, "meantime-load %s - %s\n\nusage: meantime-load %s [OPTION...]%s%s\n\n", commands[command].name,
		commands[command].what, commands[command].name, commands[command].max > 0 ? " " : "",
		commands[command].usage);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		if ((rows[i].commands & 1U << command) == 0)
			continue;
		snprintf(left, sizeof(left), "  %s%s%s%s%s", rows[i].letter ? rows[i].letter : "",
			 rows[i].letter ? ", " : "", rows[i].name, rows[i].value ? " " : "",
			 rows[i].value ? rows[i].value : "");
		if (strlen(left) + 1 < HELP_COLUMN)
			fprintf(out, "%-*s", HELP_COLUMN, left);
		else
			fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
		print_wrapped(rows[i].help, out);
	}
	fputs("\nIn a URL, header or body {n} is a running number and {random:a-b} an integer from a to b.\n"
	      "Times: 400us, 250ms, 2s, 1m; a bare number is seconds. Ctrl-C ends with the report of what there is.\n"
	      "exit status: 0 met; 1 an --slo or --max-errors was missed, or an arm failed; 2 the command line "
	      "or\n"
	      "a file is wrong; 3 the measurement itself was unsound, the report says why\n",
	      out);
}
