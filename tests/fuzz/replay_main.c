/* Runs a fuzz target over every file of the folders given: the corpus is replayed in the ordinary test run, by any
 * compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static _Noreturn void fail(const char *what, const char *name)
{
	fprintf(stderr, "replay: %s ", what);
	perror(name);
	exit(1);
}

/* A copy of exactly the file's size, so that ASan and valgrind see a read beyond its end. */
static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET) != 0)
		fail("cannot open", path);
	bytes = malloc((size_t)length + (length == 0));
	if (bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length)
		fail("cannot read", path);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, (size_t)length);
	free(bytes);
}

static unsigned replay_folder(const char *folder)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;
	char path[4096];

	if (entries == NULL)
		fail("cannot open the folder", folder);
	while ((entry = readdir(entries)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		/* Said first: when the input crashes, this is the line that names it. */
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		fprintf(stderr, "replay: %s\n", path);
		replay_file(path);
		count++;
	}
	closedir(entries);
	return count;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (replay_folder(argv[i]) == 0) {
			fprintf(stderr, "replay: %s holds no input\n", argv[i]);
			return 1;
		}
	}
	if (argc < 2)
		fprintf(stderr, "usage: %s CORPUS-FOLDER...\n", argv[0]);
	return argc < 2;
}
