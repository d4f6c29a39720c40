#include "config/options_parts.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

void options_find_folders(struct options *options, const char *program)
{
	const char *slash = strrchr(program, '/');
	char *folder;

	if (strcmp(options_origin(options, "endpoints"), "default") != 0 || is_folder(options->endpoints) ||
	    slash == NULL)
		return;
	folder = arena_printf(&options->arena, "%.*s/../share/meantime/endpoints", (int)(slash - program), program);
	if (is_folder(folder))
		options->endpoints = folder;
}

void options_find_own_folders(struct options *options)
{
	char program[STRING_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length <= 0)
		return;
	program[length] = '\0';
	options_find_folders(options, program);
}
