#include "files/survey.h"

#include "base/percent.h"
#include "files/folder.h"
#include "files/values/file_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
	struct folder *folder;
	survey_fn *say;
	unsigned entries, depth;
};

static void look_at_folder(struct look *look, const char *name, int fd);

/* A name may hold anything: '?' stands for what would break the line, or is not UTF-8. */
static void say(const struct look *look, const char *name, const char *why)
{
	char sound[FILE_NAME_BYTES_MAX + 1];
	unsigned char last = utf8_is_valid(text_of(name)) ? 0xff : 0x7e;
	size_t length = 0;

	for (; name[length] != '\0'; length++) {
		unsigned char c = (unsigned char)name[length];

		sound[length] = c < ' ' || c == 0x7f || c > last ? '?' : name[length];
	}
	sound[length] = '\0';
	look->say(sound, why);
}

static const char *why_not(int error)
{
	if (error == EXDEV)
		return "leads out of the folder";
	if (error == ENOENT)
		return "leads to nothing";
	return strerror(error);
}

static void look_at(struct look *look, const char *name)
{
	struct stat found;
	int fd;

	if (!utf8_is_valid(text_of(name))) {
		say(look, name, "has a name that is not UTF-8");
		return;
	}
	fd = folder_enter(look->folder, name);
	if (fd < 0) {
		say(look, name, why_not(errno));
		return;
	}
	if (fstat(fd, &found) != 0)
		say(look, name, strerror(errno));
	else if (S_ISDIR(found.st_mode) && look->depth < SURVEY_DEPTH_MAX)
		look_at_folder(look, name, fd);
	else if (!S_ISREG(found.st_mode))
		say(look, name, S_ISDIR(found.st_mode) ? "is too deep" : "is no regular file");
	folder_leave(look->folder, fd);
}

/* A link to a folder above it would be walked for ever, but for the bounds. */
static void look_at_entry(struct look *look, const char *parent, const struct dirent *entry)
{
	char name[FILE_NAME_BYTES_MAX + 1];
	bool is_at_top = strcmp(parent, ".") == 0;
	int length;

	if (!file_name_allows(text_of(entry->d_name), is_at_top) || look->entries == SURVEY_ENTRIES_MAX)
		return;
	look->entries++;
	length = is_at_top ? snprintf(name, sizeof(name), "%s", entry->d_name)
			   : snprintf(name, sizeof(name), "%s/%s", parent, entry->d_name);
	if (length < (int)sizeof(name))
		look_at(look, name);
	else
		say(look, parent, "holds names that are too long");
}

static void look_at_folder(struct look *look, const char *name, int fd)
{
	int own = dup(fd);
	DIR *entries = own >= 0 ? fdopendir(own) : NULL;
	const struct dirent *entry;

	if (entries == NULL) {
		say(look, name, strerror(errno));
		if (own >= 0)
			close(own);
		return;
	}
	look->depth++;
	while ((entry = readdir(entries)) != NULL)
		look_at_entry(look, name, entry);
	look->depth--;
	closedir(entries);
}

void survey(const char *path, survey_fn *say_one)
{
	char why[SURVEY_WHY_BYTES];
	/* each folder on the way to a file is open */
	struct look look = {.folder = folder_open(path, SURVEY_DEPTH_MAX + 2, why, sizeof(why)), .say = say_one};

	if (look.folder == NULL) {
		say_one(path, why);
		return;
	}
	look_at(&look, ".");
	folder_close(look.folder);
}
