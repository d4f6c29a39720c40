#include "server/token_command.h"

#include "base/memory.h"
#include "base/secret_file.h"
#include "identity/claims_text.h"
#include "identity/jws.h"
#include "server/command_words.h"

#include <stdlib.h>
#include <time.h>

struct token_words {
	const char *keys, *kid;
	char **claims; /* the words from here on that are claims */
	unsigned claim_count;
};

static void print_help(void)
{
	fputs("meantime token - signs a token for development\n"
	      "\n"
	      "usage: meantime token --jwt-keys FILE [--kid KID] [NAME=VALUE...]\n"
	      "\n"
	      "The token goes to stdout. Its claims are those that are given, and no others.\n"
	      "\n"
	      "  --jwt-keys FILE  a JWK set, PEM, or a raw secret; the first key in it that signs is taken\n"
	      "  --kid KID        the key with this name instead\n"
	      "  NAME=VALUE       a claim; a VALUE that is JSON (a number, true, false, null, an object, an array, a "
	      "text\n"
	      "                   in quotes) is that value, any other is a text\n"
	      "  exp=1h           of exp, nbf and iat also a time from now: 90s, 15m, 1h, 7d, -1h\n",
	      stdout);
}

/* Returns whether the words are a command; else says what is wrong. Claims are moved to the front. */
static bool read_words(struct command_words *words, struct token_words *token)
{
	token->claims = words->words;
	while (words->at < words->count) {
		char *word = words->words[words->at];
		const char *value = word;

		if (command_words_take(words, "--jwt-keys", &token->keys))
			value = token->keys;
		else if (command_words_take(words, "--kid", &token->kid))
			value = token->kid;
		else if (word[0] != '-') {
			token->claims[token->claim_count++] = word;
			words->at++;
		} else {
			fprintf(stderr,
				"meantime: token: \"%s\": expected --jwt-keys FILE [--kid KID] [NAME=VALUE...]\n",
				word);
			return false;
		}
		if (value == NULL) {
			fprintf(stderr, "meantime: token: %s has no value\n", word);
			return false;
		}
	}
	if (token->keys != NULL)
		return true;
	fputs("meantime: token: expected --jwt-keys FILE [--kid KID] [NAME=VALUE...]\n", stderr);
	return false;
}

/* Keys that are faulty are said, and then there are none. */
static struct key_set *read_keys(const char *file)
{
	struct diagnostics *diagnostics = memory_alloc(sizeof(*diagnostics));
	struct arena arena = {0};
	struct key_set *keys = NULL;
	struct text text;
	const char *why;

	diagnostics_init(diagnostics, &arena);
	if (secret_file_read(file, KEY_SET_BYTES_MAX, &text, &why) == 0) {
		keys = key_set_create(text, file, KEYS_FOR_SIGNING, diagnostics);
		secret_file_forget(&text);
	} else {
		diagnostics_add(diagnostics, file, 0, "it cannot be read: %s", why);
	}
	if (diagnostics->count > 0) {
		diagnostics_print(diagnostics, stderr);
		key_set_destroy(keys);
		keys = NULL;
	}
	arena_cleanup(&arena);
	free(diagnostics);
	return keys;
}

static const struct key *pick(const struct key_set *keys, const char *kid)
{
	for (unsigned i = 0; i < keys->count; i++)
		if (kid == NULL || (keys->keys[i].kid.at != NULL && text_equal(keys->keys[i].kid, text_of(kid))))
			return &keys->keys[i];
	return NULL;
}

/* Returns what is wrong, or NULL. What was signed is verified: the halves of a key may not belong together. */
static const char *sign(const struct key_set *keys, const struct key *key, struct text claims, struct arena *arena,
			struct text *token)
{
	struct text payload;

	*token = jws_sign(key, algorithm_first(key->algorithms), claims, arena);
	if (token->at == NULL)
		return "the key cannot sign";
	if (token->length > JWS_BYTES_MAX)
		return "the token is too long: 8192 bytes at most are expected";
	return jws_verify(keys, *token, arena, &payload) == TOKEN_GOOD
		   ? NULL
		   : "the private half of the key does not belong to "
		     "the public one";
}

static int make(const struct token_words *words, const struct key_set *keys)
{
	const struct key *key = pick(keys, words->kid);
	struct arena arena = {0};
	struct text claims, token;
	const char *wrong = key == NULL ? "no key that signs has this kid" : NULL;

	if (wrong == NULL)
		wrong = claims_text_make(words->claims, words->claim_count, time(NULL), &arena, &claims);
	if (wrong == NULL)
		wrong = sign(keys, key, claims, &arena, &token);
	if (wrong == NULL)
		printf("%.*s\n", TEXT_ARGS(token));
	else
		fprintf(stderr, "meantime: token: %s\n", wrong);
	arena_cleanup(&arena);
	return wrong == NULL ? EXIT_GOOD : EXIT_WRONG;
}

int token_command(int argc, char **argv)
{
	struct command_words words = {argc, argv, 0};
	struct token_words token = {0};
	struct key_set *keys;
	int status;

	if (command_words_ask_for_help(&words)) {
		print_help();
		return EXIT_GOOD;
	}
	if (!read_words(&words, &token))
		return EXIT_USAGE;
	keys = read_keys(token.keys);
	if (keys == NULL)
		return EXIT_WRONG;
	status = make(&token, keys);
	key_set_destroy(keys);
	return status;
}
