#include "server/migrate_command.h"

#include "config/options.h"
#include "queue/migrate.h"
#include "server/command_words.h"
#include "server/queue_tables.h"

#include <stdlib.h>
#include <unistd.h>

#define LOCK_TIMEOUT_MS "60000"

enum { LOCK_TIMEOUT_MS_MAX = 3600000 };

static void print_help(void)
{
	fputs(
	    "meantime migrate - makes and upgrades the tables of the queue\n"
	    "\n"
	    "usage: meantime migrate [--dry-run] [--service-role ROLE] [--lock-timeout-ms N] [OPTION...]\n"
	    "\n"
	    "The tables are in the schema meantime_queue. Several may run this at once, and it may run again: what is "
	    "made\n"
	    "is left alone. It says what it did, a line each. The login role needs CREATE on the database, or owns "
	    "the\n"
	    "schema.\n"
	    "\n"
	    "  --dry-run            does all of it in one transaction, rolls it back, and says what would be made\n"
	    "  --service-role ROLE  lets another role serve the queue; one that may already, may so after an upgrade\n"
	    "  --lock-timeout-ms N  longest time to wait for a lock: another migration's, or one on a table (1 to\n"
	    "                       3600000; default 60000)\n"
	    "  OPTION               any of serve's; --database, --connect-timeout-ms and --database-wait-ms are used, "
	    "also\n"
	    "                       from the environment (DATABASE_URL) or a file (--config FILE)\n"
	    "\n"
	    "exit status: 0 the tables have this program's version, or would have; 1 something given is wrong, a right "
	    "is\n"
	    "missing, the database cannot be reached, or a newer meantime has made the tables, said on stderr; 2 the "
	    "command\n"
	    "line cannot be understood\n",
	    stdout);
}

/* An option behind it is no value: it was forgotten. */
static bool is_value(const char *value)
{
	return value != NULL && value[0] != '\0' && strncmp(value, "--", 2) != 0;
}

static bool read_timeout(const char *value, uint32_t *timeout_ms)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	*timeout_ms = (uint32_t)number;
	return value[0] >= '0' && value[0] <= '9' && *end == '\0' && number >= 1 && number <= LOCK_TIMEOUT_MS_MAX;
}

/* Takes the next word where it is this command's own, and then its value; NULL is a value that is missing. */
static bool take_own(struct command_words *words, struct queue_migrate_settings *settings, const char **timeout,
		     const char **value)
{
	*value = words->words[words->at];
	if (strcmp(*value, "--dry-run") == 0) {
		settings->is_dry_run = true;
		words->at++;
		return true;
	}
	if (command_words_take(words, "--service-role", value))
		settings->service_role = *value;
	else if (command_words_take(words, "--lock-timeout-ms", value))
		*timeout = *value;
	else
		return false;
	if (!is_value(*value))
		*value = NULL;
	return true;
}

/* Returns whether its own words are right; else says what is wrong. The others are moved to the front. */
static bool read_words(struct command_words *words, struct queue_migrate_settings *settings, int *others)
{
	const char *timeout = LOCK_TIMEOUT_MS, *value;

	while (words->at < words->count) {
		char *word = words->words[words->at];

		if (!take_own(words, settings, &timeout, &value)) {
			words->words[(*others)++] = words->words[words->at++];
		} else if (value == NULL) {
			fprintf(stderr, "meantime: migrate: %s has no value\n", word);
			return false;
		}
	}
	if (read_timeout(timeout, &settings->lock_timeout_ms))
		return true;
	fprintf(stderr, "meantime: migrate: --lock-timeout-ms must be an integer from 1 to %d, not \"%.60s\"\n",
		LOCK_TIMEOUT_MS_MAX, timeout);
	return false;
}

static int migrate(const struct options *options, const struct queue_migrate_settings *wishes)
{
	char why[QUEUE_MIGRATE_WHY_BYTES];
	struct db_settings settings;
	struct db_conn conn;
	PGconn *pg;
	int status;

	pg = queue_tables_connect(options, &settings, &conn);
	if (pg == NULL)
		return EXIT_WRONG;
	status = queue_migrate(pg, wishes, why);
	if (status != 0)
		fprintf(stderr, "meantime: migrate: %s\n", why);
	db_conn_close(&conn);
	return status == 0 ? EXIT_GOOD : EXIT_WRONG;
}

int migrate_command(int argc, char **argv)
{
	struct queue_migrate_settings wishes = {.out = stdout};
	struct command_words words = {argc, argv, 0};
	struct options options;
	int others = 0, status;

	if (command_words_ask_for_help(&words)) {
		print_help();
		return EXIT_GOOD;
	}
	if (!read_words(&words, &wishes, &others))
		return EXIT_USAGE;
	if (options_load(&options, others, argv, environ) == 0) {
		log_set_level(options.log_level);
		status = migrate(&options, &wishes);
	} else {
		fprintf(stderr, "meantime: %s\n", options.error);
		status = options.is_usage_error ? EXIT_USAGE : EXIT_WRONG;
	}
	options_cleanup(&options);
	return status;
}
