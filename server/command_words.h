/* command_words.h - options of a command that has its own: --name VALUE or --name=VALUE.
 *
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How any command of the program ends. */
enum {
	EXIT_GOOD = 0,
	EXIT_WRONG = 1, /* with what was given: files, database, values */
	EXIT_USAGE = 2,
};

struct command_words {
	int count;
	char **words;
	int at; /* of the next word */
};

/* The words that a command prints its help for. */
static inline bool command_words_ask_for_help(const struct command_words *words)
{
	for (int i = 0; i < words->count; i++)
		if (strcmp(words->words[i], "--help") == 0 || strcmp(words->words[i], "-h") == 0)
			return true;
	return false;
}

/* Takes the next word, and its value, where it is this option. *value is NULL when it has none. */
static inline bool command_words_take(struct command_words *words, const char *name, const char **value)
{
	const char *word = words->words[words->at];
	size_t length = strlen(name);

	if (strncmp(word, name, length) != 0 || (word[length] != '\0' && word[length] != '='))
		return false;
	words->at++;
	if (word[length] == '=')
		*value = word + length + 1;
	else
		*value = words->at < words->count ? words->words[words->at++] : NULL;
	return true;
}
