/* Everything in the file is foreign: each value is looked at before it is used, and everything is bounded. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "loadgen/report/json.h"
#include "loadgen/report/read_json.h"
#include "loadgen/report/report_formats.h"

enum { FILE_BYTES_MAX = 512 * 1024 * 1024 };

static int read_arm(struct json_reader *reader, json_t *object, unsigned index, void *data)
{
	struct report *report = data;
	struct report_arm *arm = &report->arms[index];

	report->arm_count = index + 1;
	if (json_reader_string(reader, object, "name", &arm->name) < 0 ||
	    json_reader_maybe_string(reader, object, "url", &arm->url) < 0 ||
	    json_reader_maybe_string(reader, object, "note", &arm->note) < 0 ||
	    json_reader_bool(reader, object, "is_ours", &arm->is_ours) < 0)
		return -1;
	if (json_is_null(json_object_get(object, "threads")))
		return 0;
	return json_reader_unsigned(reader, object, "threads", UINT32_MAX, &arm->threads);
}

static int read_machine(struct json_reader *reader, json_t *root, struct report_machine *machine)
{
	json_t *object;
	size_t back;

	if (json_reader_object(reader, root, "machine", &object) < 0)
		return -1;
	back = json_reader_enter(reader, "machine", -1);
	if (json_reader_maybe_string(reader, object, "processor", &machine->processor) < 0 ||
	    json_reader_maybe_string(reader, object, "kernel", &machine->kernel) < 0 ||
	    json_reader_unsigned(reader, object, "cores", UINT32_MAX, &machine->cores) < 0 ||
	    json_reader_count(reader, object, "memory_bytes", INT64_MAX, &machine->memory_bytes) < 0)
		return -1;
	json_reader_leave(reader, back);
	return 0;
}

static int read_format(struct json_reader *reader, json_t *root)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	json_t *version = json_object_get(root, "version");

	if (format == NULL || strcmp(format, REPORT_JSON_FORMAT) != 0)
		return json_reader_fail(reader, "format",
					"\"" REPORT_JSON_FORMAT "\", as meantime-load --json writes it");
	if (!json_is_integer(version) || json_integer_value(version) != REPORT_JSON_VERSION)
		return json_reader_fail(reader, "version", "2; measure again with this version of meantime-load");
	return 0;
}

static int read_root(struct json_reader *reader, json_t *root, struct report *report)
{
	if (!json_is_object(root))
		return json_reader_fail(reader, "the file", "an object, as meantime-load --json writes it");
	if (read_format(reader, root) < 0 || json_reader_string(reader, root, "command", &report->command) < 0 ||
	    json_reader_string(reader, root, "command_line", &report->command_line) < 0 ||
	    json_reader_string(reader, root, "started", &report->started) < 0 ||
	    json_reader_bool(reader, root, "is_sound", &report->is_sound) < 0 ||
	    json_reader_bool(reader, root, "is_interrupted", &report->is_interrupted) < 0 ||
	    read_machine(reader, root, &report->machine) < 0 ||
	    json_reader_elements(reader, root, "arms", ARMS_MAX, read_arm, report) < 0)
		return -1;
	return json_reader_elements(reader, root, "loads", LEVEL_RUNS_MAX, report_read_json_load, report);
}

static json_t *parse(struct json_reader *reader, FILE *in)
{
	json_error_t error;
	json_t *root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL)
		snprintf(reader->why, reader->why_size, "%s:%d: no JSON: %s", reader->file, error.line, error.text);
	return root;
}

/* A directory or a device has no size that says how much there is to read. */
static int check_file(struct json_reader *reader, FILE *in)
{
	struct stat status;

	if (fstat(fileno(in), &status) != 0 || !S_ISREG(status.st_mode))
		return json_reader_fail(reader, "the file", "a regular file");
	if (status.st_size > FILE_BYTES_MAX)
		return json_reader_fail(reader, "the file", "at most 512 MiB");
	return 0;
}

/* A pipe without a writer would hold up a plain fopen(). */
static FILE *open_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

int report_read_json(struct report *report, const char *file, char *why, size_t why_size)
{
	struct json_reader reader = {.arena = &report->arena, .file = file, .why = why, .why_size = why_size};
	FILE *in = open_file(file);
	json_t *root = NULL;
	int status = -1;

	if (in == NULL) {
		snprintf(why, why_size, "%s: %s", file, strerror(errno));
		return -1;
	}
	if (check_file(&reader, in) == 0)
		root = parse(&reader, in);
	if (root != NULL)
		status = read_root(&reader, root, report);
	json_decref(root);
	fclose(in);
	return status;
}
