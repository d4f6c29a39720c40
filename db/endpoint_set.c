#include "db/sql_file.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

void endpoint_set_init(struct endpoint_set *set)
{
	memset(set, 0, sizeof(*set));
	arena_init(&set->arena, NULL, 0);
	diagnostics_init(&set->diagnostics, &set->arena);
}

void endpoint_set_cleanup(struct endpoint_set *set)
{
	arena_cleanup(&set->arena);
	set->endpoints = NULL;
	set->count = set->capacity = 0;
	diagnostics_init(&set->diagnostics, &set->arena);
}

static int is_sql_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".sql") == 0;
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
		diagnostics_add(&set->diagnostics, path, 0, "can not be read: %s", strerror(errno));
	else
		sql_file_parse(set, path, (struct text){bytes, length});
	if (file != NULL)
		fclose(file);
	free(bytes);
}

int endpoint_set_load(struct endpoint_set *set, const char *folder)
{
	unsigned before = set->diagnostics.count, endpoints_before = set->count;
	struct dirent **names;
	int count = scandir(folder, &names, is_sql_file, compare_names);

	if (count < 0) {
		diagnostics_add(&set->diagnostics, folder, 0, "the folder of endpoints can not be read: %s",
				strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		load_file(set, arena_printf(&set->arena, "%s/%s", folder, names[i]->d_name));
		free(names[i]);
	}
	free(names);
	if (set->diagnostics.count == before && set->count == endpoints_before)
		diagnostics_add(&set->diagnostics, folder, 0,
				"the folder holds no endpoint: no *.sql file with a `-- name:` line");
	return set->diagnostics.count == before ? 0 : -1;
}
