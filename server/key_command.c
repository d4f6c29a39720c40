#include "server/key_command.h"

#include "identity/api_keys.h"
#include "server/command_words.h"

struct key_words {
	const char *name, *role, *claims;
};

static void print_help(void)
{
	fputs("meantime key - makes an API key\n"
	      "\n"
	      "usage: meantime key NAME --role ROLE [--claims JSON] >>FILE\n"
	      "\n"
	      "The key goes to stderr, once: no file has it. Its line for the file of API keys goes to stdout. There "
	      "the\n"
	      "key is its SHA-256.\n"
	      "\n"
	      "  NAME           the name of the key: letters, digits, \"_\", \"-\" and \".\"\n"
	      "  --role ROLE    the role in PostgreSQL that its requests run as\n"
	      "  --claims JSON  its claims, an object; default: {\"sub\":NAME,\"role\":ROLE}\n",
	      stdout);
}

/* Returns whether the words are a command; else says what is wrong. */
static bool read_words(struct command_words *words, struct key_words *key)
{
	while (words->at < words->count) {
		const char *word = words->words[words->at], *value = word;

		if (command_words_take(words, "--role", &key->role))
			value = key->role;
		else if (command_words_take(words, "--claims", &key->claims))
			value = key->claims;
		else if (word[0] != '-' && key->name == NULL)
			key->name = words->words[words->at++];
		else {
			fprintf(stderr, "meantime: key: \"%s\": expected NAME --role ROLE [--claims JSON]\n", word);
			return false;
		}
		if (value == NULL) {
			fprintf(stderr, "meantime: key: %s has no value\n", word);
			return false;
		}
	}
	if (key->name != NULL && key->role != NULL)
		return true;
	fputs("meantime: key: expected NAME --role ROLE [--claims JSON]\n", stderr);
	return false;
}

static int make(const struct key_words *words)
{
	struct text claims = words->claims != NULL ? text_of(words->claims) : (struct text){0}, line;
	struct arena arena = {0};
	char key[API_KEY_LENGTH + 1];
	const char *wrong = api_keys_make(text_of(words->name), text_of(words->role), claims, &arena, key, &line);

	if (wrong == NULL) {
		/* a key that could not be shown must not get into the file */
		if (fprintf(stderr, "%s\n", key) < 0)
			return EXIT_WRONG;
		printf("%.*s\n", TEXT_ARGS(line));
	} else {
		fprintf(stderr, "meantime: key: %s\n", wrong);
	}
	arena_cleanup(&arena);
	return wrong == NULL ? EXIT_GOOD : EXIT_WRONG;
}

int key_command(int argc, char **argv)
{
	struct command_words words = {argc, argv, 0};
	struct key_words key = {0};

	if (command_words_ask_for_help(&words)) {
		print_help();
		return EXIT_GOOD;
	}
	return read_words(&words, &key) ? make(&key) : EXIT_USAGE;
}
