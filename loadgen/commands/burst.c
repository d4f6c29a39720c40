/* burst: requests released at the same instant. */
#include <math.h>

#include "loadgen/commands/command.h"
#include "loadgen/report/format.h"

int command_burst(struct command *command)
{
	const struct load_options *options = command->options;
	struct report *report = command->report;
	const struct report_burst *burst;
	const char *urls[16];
	char text[FORMATTED];
	unsigned count = options->arguments.count, repeats = (unsigned)(options->repeats > 0 ? options->repeats : 5);

	for (unsigned i = 0; i < count; i++)
		urls[i] = options->arguments.at[i];
	/* one URL is meant as the picture of three of it */
	if (count == 1)
		urls[count++] = urls[0], urls[count++] = urls[0];
	report->arms[report->arm_count++] = (struct report_arm){.name = "target", .url = urls[0]};
	live_begin(command->live, command_burst_seconds(count, repeats), "burst of %u", count);
	if (command_measure_burst(command, 0, urls, count, repeats) != 0)
		return EXIT_USAGE;
	if (report->burst_count == 0)
		return EXIT_GOOD;
	burst = &report->bursts[0];
	if (isnan(burst->overlap))
		report_say(report, "How much overlapped cannot be said: a request alone was not answered.");
	else if (burst->overlap > 0.9)
		report_say(report, "They overlap: %u requests are over in %s, overlap %.2f of 1.", count,
			   format_ms(burst->makespan, text), burst->overlap);
	else if (burst->overlap < 0.1)
		report_say(report, "They queue behind each other: %u requests are over in %s, overlap %.2f of 1.",
			   count, format_ms(burst->makespan, text), burst->overlap);
	else
		report_say(report, "They overlap in part: %u requests are over in %s, overlap %.2f of 1.", count,
			   format_ms(burst->makespan, text), burst->overlap);
	return EXIT_GOOD;
}
