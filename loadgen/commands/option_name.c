#include "loadgen/commands/option_name.h"

#include <stdio.h>
#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many characters to insert, drop or replace to make one of the other (Levenshtein). */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[OPTION_NAME_MAX + 1], length = (unsigned)strlen(b);

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

int option_name_refuse(const char *name, enum command_name command, char *why, size_t why_size)
{
	const char *best = NULL;
	unsigned nearest = 4; /* farther than 3 is no slip of the fingers */

	for (size_t i = 0; i < option_row_count; i++) {
		unsigned distance = edit_distance(name, option_rows[i].name);

		if (strcmp(name, option_rows[i].name) == 0 ||
		    (option_rows[i].letter != NULL && strcmp(name, option_rows[i].letter) == 0)) {
			snprintf(why, why_size, "%s is no option of %s", option_rows[i].name,
				 option_commands[command].name);
			return -1;
		}
		if ((option_rows[i].commands & 1U << command) != 0 && distance < nearest) {
			nearest = distance;
			best = option_rows[i].name;
		}
	}
	if (best != NULL)
		snprintf(why, why_size, "unknown option %s; is it %s?", name, best);
	else
		snprintf(why, why_size, "unknown option %s; meantime-load %s --help lists them", name,
			 option_commands[command].name);
	return -1;
}

const struct option_row *option_name_find(const char *name, enum command_name command)
{
	for (size_t i = 0; i < option_row_count; i++)
		if ((option_rows[i].commands & 1U << command) != 0 &&
		    (strcmp(name, option_rows[i].name) == 0 ||
		     (option_rows[i].letter != NULL && strcmp(name, option_rows[i].letter) == 0)))
			return &option_rows[i];
	return NULL;
}
