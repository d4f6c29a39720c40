#include "loadgen/figures/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

static const char *processor_model(struct arena *arena)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[512], *model = NULL;

	while (file != NULL && model == NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "model name", 10) == 0 && (model = strchr(line, ':')) != NULL)
			model = arena_copy(arena, (struct text){model + 2, strcspn(model + 2, "\n")});
	if (file != NULL)
		fclose(file);
	return model == NULL ? "unknown" : model;
}

static void read_machine(struct report *report)
{
	struct utsname name;
	long cores = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	uname(&name);
	report->machine = (struct report_machine){
	    .processor = processor_model(&report->arena),
	    .kernel = arena_printf(&report->arena, "%s %s", name.sysname, name.release),
	    .cores = cores > 0 ? (unsigned)cores : 0,
	    .memory_bytes = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0,
	};
}

/* A report is passed on to others; the password in a database's URL is not for them. */
static bool is_secret(int argc, char *const *argv, int index)
{
	static const char database[] = "--database";

	return index > 1 && index < argc &&
	       (strcmp(argv[index - 1], database) == 0 || strncmp(argv[index], "--database=", sizeof(database)) == 0);
}

static const char *join(struct arena *arena, int argc, char *const *argv)
{
	struct buffer line = buffer_in(arena);

	buffer_add(&line, TEXT("meantime-load"));
	for (int i = 1; i < argc; i++) {
		/* what a shell would not take as it is stands in quotes */
		bool is_plain =
		    argv[i][0] != '\0' && strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
							  "0123456789-_./:=,%@+") == strlen(argv[i]);

		if (is_secret(argc, argv, i))
			buffer_add(&line, TEXT(" ..."));
		else
			buffer_printf(&line, is_plain ? " %s" : " '%s'", argv[i]);
	}
	return arena_copy(arena, buffer_text(&line));
}

void report_init(struct report *report, const char *command, int argc, char *const *argv)
{
	static const double usual[] = {50, 75, 90, 95, 99, 99.9, 99.99, 99.999};
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	*report = (struct report){.command = command,
				  .is_sound = true,
				  .slo_limit_ms = NAN,
				  .slo_percent = NAN,
				  .speedup = {.serial_share = NAN, .others_share = NAN}};
	arena_init(&report->arena, NULL, 0);
	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	report->started = arena_copy(&report->arena, text_of(text));
	report->command_line = join(&report->arena, argc, argv);
	read_machine(report);
	for (size_t i = 0; i < ARRAY_LENGTH(usual); i++)
		report_want_percentile(report, usual[i]);
}

bool report_want_percentile(struct report *report, double percent)
{
	unsigned at = 0;

	while (at < report->percent_count && report->percents[at] < percent - 1e-9)
		at++;
	if (at < report->percent_count && report->percents[at] < percent + 1e-9)
		return true;
	if (report->percent_count == PERCENTILES_MAX)
		return false;
	memmove(&report->percents[at + 1], &report->percents[at], (report->percent_count - at) * sizeof(double));
	report->percents[at] = percent;
	report->percent_count++;
	return true;
}

void report_cleanup(struct report *report)
{
	for (unsigned i = 0; i < report->load_count; i++)
		measurement_cleanup(&report->loads[i]->measurement);
	for (unsigned i = 0; i < report->burst_count; i++)
		measurement_cleanup(&report->bursts[i].measurement);
	arena_cleanup(&report->arena);
}

void report_say(struct report *report, const char *format, ...)
{
	va_list values;

	if (report->sentence_count == SENTENCES_MAX)
		return;
	va_start(values, format);
	report->sentences[report->sentence_count++] = arena_vprintf(&report->arena, format, values);
	va_end(values);
}

void report_say_first(struct report *report, const char *format, ...)
{
	va_list values;

	if (report->sentence_count < SENTENCES_MAX)
		report->sentence_count++;
	memmove(&report->sentences[1], &report->sentences[0],
		(report->sentence_count - 1) * sizeof(report->sentences[0]));
	va_start(values, format);
	report->sentences[0] = arena_vprintf(&report->arena, format, values);
	va_end(values);
}
