/* burst: requests released at the same instant. */
#include "loadgen/commands/command.h"
#include "loadgen/report/findings.h"

int command_burst(struct command *command)
{
	const struct load_options *options = command->options;
	struct report *report = command->report;
	const char *urls[16];
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
	find_burst(report);
	return EXIT_GOOD;
}
