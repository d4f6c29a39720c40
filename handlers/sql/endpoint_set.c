#include "handlers/sql/parts.h"

#include "base/log.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

void endpoint_set_init(struct endpoint_set *set)
{
	memset(set, 0, sizeof(*set));
	arena_init(&set->arena, NULL, 0);
	diagnostics_init(&set->diagnostics, &set->arena);
}

void endpoint_set_cleanup(struct endpoint_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct endpoint *endpoint = &set->endpoints[i];

		db_signatures_destroy(endpoint->statement.signatures);
		for (unsigned part = 0; part < endpoint->part_count; part++)
			db_signatures_destroy(endpoint->parts[part].endpoint.statement.signatures);
	}
	arena_cleanup(&set->arena);
	set->endpoints = NULL;
	set->count = set->capacity = set->statement_count = 0;
	diagnostics_init(&set->diagnostics, &set->arena);
}

static bool is_sql_name(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && strcasecmp(name + length - 4, ".sql") == 0;
}

/* The folder itself and the one above are none of its own. */
static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* By bytes, whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* One byte more than allowed is read, so that sql_file_parse() sees a file that is too large. */
static void load_file(struct endpoint_set *set, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = memory_alloc(SQL_FILE_BYTES_MAX + 1);
	size_t length = 0;

	if (file != NULL)
		length = fread(bytes, 1, SQL_FILE_BYTES_MAX + 1, file);
	if (file == NULL || ferror(file))
		diagnostics_add(&set->diagnostics, path, 0, "cannot be read: %s", strerror(errno));
	else
		sql_file_parse(set, path, (struct text){bytes, length});
	if (file != NULL)
		fclose(file);
	free(bytes);
}

static bool is_folder(const struct stat *status)
{
	return S_ISDIR(status->st_mode);
}

/* A backup, an editor's copy, a file that is switched off: the log says why it is not served. */
static void pass_over(const char *path, const char *why)
{
	log_info("endpoints", "%s is passed over: %s", path, why);
}

static int load_folder(struct endpoint_set *set, const char *folder);

static void load_entry(struct endpoint_set *set, const char *folder, const char *name)
{
	const char *path = arena_printf(&set->arena, "%s/%s", folder, name);
	bool is_sql = is_sql_name(name), is_hidden = name[0] == '.';
	struct stat itself, target;

	if (lstat(path, &itself) != 0 || stat(path, &target) != 0) {
		if (is_sql && !is_hidden)
			diagnostics_add(&set->diagnostics, path, 0, "cannot be read: %s", strerror(errno));
	} else if (is_folder(&target)) {
		/* links may lead round in a circle, or to all of the disk */
		if (!is_folder(&itself) && !is_hidden)
			pass_over(path, "it is a link to a folder");
		else if (!is_hidden)
			load_folder(set, path);
	} else if (!is_sql || is_hidden) {
		if (strcasestr(name, ".sql") != NULL)
			pass_over(path, is_hidden ? "it is hidden" : "its name does not end with .sql");
	} else if (!S_ISREG(target.st_mode)) {
		diagnostics_add(&set->diagnostics, path, 0, "is no regular file");
	} else {
		load_file(set, path);
	}
}

static int load_folder(struct endpoint_set *set, const char *folder)
{
	struct dirent **names;
	int count = scandir(folder, &names, is_entry, compare_names);

	if (count < 0) {
		diagnostics_add(&set->diagnostics, folder, 0, "the folder of endpoints cannot be read: %s",
				strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		load_entry(set, folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

int endpoint_set_load(struct endpoint_set *set, const char *folder)
{
	unsigned before = set->diagnostics.count, endpoints_before = set->count;

	if (load_folder(set, folder) != 0)
		return -1;
	if (set->diagnostics.count == before && set->count == endpoints_before)
		diagnostics_add(&set->diagnostics, folder, 0,
				"the folder holds no endpoint: no *.sql file with a `-- name:` line");
	return set->diagnostics.count == before ? 0 : -1;
}
