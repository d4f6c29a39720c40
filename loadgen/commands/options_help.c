#include <stdio.h>
#include <string.h>

#include "loadgen/commands/option_table.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 100 };

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
		fprintf(out, "  %-8s %-14s %s\n", option_commands[i].name, option_commands[i].usage,
			option_commands[i].what);
}

void options_print_help(enum command_name command, FILE *out)
{
	char left[80];

	fprintf(out, "meantime-load %s - %s\n\nusage: meantime-load %s [OPTION...]%s%s\n\n",
		option_commands[command].name, option_commands[command].what, option_commands[command].name,
		option_commands[command].max > 0 ? " " : "", option_commands[command].usage);
	for (size_t i = 0; i < option_row_count; i++) {
		if ((option_rows[i].commands & 1U << command) == 0)
			continue;
		snprintf(left, sizeof(left), "  %s%s%s%s%s", option_rows[i].letter ? option_rows[i].letter : "",
			 option_rows[i].letter ? ", " : "", option_rows[i].name, option_rows[i].value ? " " : "",
			 option_rows[i].value ? option_rows[i].value : "");
		if (strlen(left) + 1 < HELP_COLUMN)
			fprintf(out, "%-*s", HELP_COLUMN, left);
		else
			fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
		print_wrapped(option_rows[i].help, out);
	}
	fputs("\nIn a URL, header or body {n} is a running number and {random:a-b} an integer from a to b.\n"
	      "Times: 400us, 250ms, 2s, 1m; a bare number is seconds. Ctrl-C ends with the report of what there is.\n"
	      "exit status: 0 met; 1 an --slo or --max-errors was missed, or an arm failed; 2 the command line "
	      "or\n"
	      "a file is wrong; 3 the measurement itself was unsound, the report says why\n",
	      out);
}
