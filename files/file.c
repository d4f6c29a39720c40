#include "files/file.h"

#include "base/log.h"
#include "base/require.h"
#include "files/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Failing */

static bool is_missing(int error)
{
	static const int missing[] = {ENOENT, ENOTDIR,      EXDEV, ELOOP,  EACCES,
				      EPERM,  ENAMETOOLONG, ENXIO, ENODEV, EINVAL};

	for (unsigned i = 0; i < ARRAY_LENGTH(missing); i++)
		if (error == missing[i])
			return true;
	return false;
}

static enum file_outcome outcome_of(const struct file_order *order, int error)
{
	if (is_missing(error))
		return FILE_MISSING;
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN)
		return FILE_BUSY;
	log_error("files", "%s cannot be read: %s", order->name, strerror(error));
	return FILE_FAILED;
}

static void fail(struct file_order *order, enum file_outcome outcome)
{
	file_end(order);
	order->outcome = outcome;
}

/* Finding */

static struct file_facts facts_of(const struct stat *found)
{
	return (struct file_facts){
	    .bytes = (uint64_t)found->st_size,
	    .number = found->st_ino,
	    .modified_s = found->st_mtim.tv_sec,
	    .modified_ns = (uint32_t)found->st_mtim.tv_nsec,
	};
}

static bool is_older(const struct file_facts *facts, const struct file_facts *than)
{
	if (facts->modified_s != than->modified_s)
		return facts->modified_s < than->modified_s;
	return facts->modified_ns < than->modified_ns;
}

/* Opens what has this name. Returns what kind of thing it is, of S_IFMT; 0 and errno: none is open. */
static mode_t open_one(struct file_order *order, const char *name, int *fd, struct file_facts *facts)
{
	struct stat found;

	*fd = folder_enter(order->folder, name);
	if (*fd < 0)
		return 0;
	if (fstat(*fd, &found) != 0) {
		int error = errno;

		folder_leave(order->folder, *fd);
		errno = error;
		return 0;
	}
	*facts = facts_of(&found);
	return found.st_mode & S_IFMT;
}

/* Returns what comes of a folder, which is closed by now: its index needs the place. */
static enum file_outcome look_for_index(struct file_order *order)
{
	const char *name = arena_printf(order->arena, "%s/index.html", order->name);
	struct file_facts facts;
	int fd;
	mode_t kind = open_one(order, name, &fd, &facts);

	if (kind == 0)
		return outcome_of(order, errno);
	folder_leave(order->folder, fd);
	return S_ISREG(kind) ? FILE_IS_FOLDER : FILE_MISSING;
}

/* Takes the first sibling that is there and fresh. */
static void look_for_sibling(struct file_order *order)
{
	for (unsigned i = 0; i < FILE_SIBLINGS_MAX && order->siblings[i] != NULL; i++) {
		const char *name = arena_printf(order->arena, "%s%s", order->name, order->siblings[i]);
		struct file_facts facts;
		int fd;
		mode_t kind = open_one(order, name, &fd, &facts);

		if (kind == 0)
			continue;
		if (S_ISREG(kind) && !is_older(&facts, &order->facts)) {
			folder_leave(order->folder, order->fd);
			order->fd = fd;
			order->facts = facts;
			order->sibling = order->siblings[i];
			return;
		}
		folder_leave(order->folder, fd);
	}
}

static void find(struct file_order *order)
{
	mode_t kind = open_one(order, order->name, &order->fd, &order->facts);

	if (kind == 0) {
		order->fd = -1;
		order->outcome = outcome_of(order, errno);
		return;
	}
	if (!S_ISREG(kind)) {
		file_end(order);
		order->outcome = S_ISDIR(kind) ? look_for_index(order) : FILE_MISSING;
		return;
	}
	look_for_sibling(order);
	order->outcome = FILE_FOUND;
	order->was_found = true;
	order->at = 0;
	order->end = order->facts.bytes;
}

/* Reading */

static bool is_as_found(const struct file_order *order)
{
	struct stat now;
	struct file_facts facts;

	if (fstat(order->fd, &now) != 0)
		return false;
	facts = facts_of(&now);
	return facts.bytes == order->facts.bytes && facts.modified_s == order->facts.modified_s &&
	       facts.modified_ns == order->facts.modified_ns;
}

/* Returns how many bytes came, less than `bytes` where the file ends before them; or -1 and errno. */
static ssize_t read_whole(int fd, char *out, size_t bytes, uint64_t at)
{
	size_t length = 0;

	while (length < bytes) {
		ssize_t got = pread(fd, out + length, bytes - length, (off_t)(at + length));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

static void read_part(struct file_order *order)
{
	uint64_t left = order->end - order->at;
	size_t bytes = left < FILE_PART_BYTES ? (size_t)left : FILE_PART_BYTES;
	ssize_t got;

	REQUIRE(order->fd >= 0);
	if (order->buffer == NULL)
		order->buffer = arena_alloc(order->arena, bytes);
	got = read_whole(order->fd, order->buffer, bytes, order->at);
	if (got < 0) {
		fail(order, outcome_of(order, errno));
		return;
	}
	if ((size_t)got < bytes || !is_as_found(order)) {
		fail(order, FILE_CHANGED);
		return;
	}
	order->part = order->buffer;
	order->part_bytes = bytes;
	order->at += bytes;
	if (order->at == order->end)
		file_end(order);
}

void file_work(struct file_order *order)
{
	if (order->was_found) {
		read_part(order);
		return;
	}
	find(order);
	if (order->outcome == FILE_FOUND && order->reads_at_once)
		read_part(order);
}

void file_end(struct file_order *order)
{
	if (order->fd >= 0)
		folder_leave(order->folder, order->fd);
	order->fd = -1;
}
