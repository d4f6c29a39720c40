#include "files/folder.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRIES = 16 }; /* where a folder on the way is being renamed */

struct folder {
	int fd;
	unsigned files_max;
	atomic_uint files; /* that are open */
};

/* O_NONBLOCK: a FIFO without a writer is no reason to wait. */
static int open_beneath(int folder, const char *name)
{
	struct open_how how = {
	    .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -1;

	for (unsigned i = 0; i < TRIES; i++) {
		fd = (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

/* False: this kernel has no openat2(), or a filter of system calls refuses it. */
static bool can_open_beneath(int folder)
{
	int fd = open_beneath(folder, ".");

	if (fd < 0)
		return errno != ENOSYS && errno != EPERM;
	close(fd);
	return true;
}

struct folder *folder_open(const char *path, unsigned files_max, char *why, size_t why_bytes)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct folder *folder;

	if (fd < 0) {
		snprintf(why, why_bytes, "the folder \"%s\" cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	if (!can_open_beneath(fd)) {
		snprintf(why, why_bytes,
			 "files need openat2(2), which this kernel does not have (Linux 5.6 does), or which a seccomp "
			 "filter refuses: it keeps requests within the folder");
		close(fd);
		return NULL;
	}
	folder = memory_alloc_zeroed(1, sizeof(*folder));
	folder->fd = fd;
	folder->files_max = files_max;
	return folder;
}

void folder_close(struct folder *folder)
{
	if (folder == NULL)
		return;
	close(folder->fd);
	free(folder);
}

int folder_enter(struct folder *folder, const char *name)
{
	int fd;

	if (atomic_fetch_add(&folder->files, 1) >= folder->files_max) {
		atomic_fetch_sub(&folder->files, 1);
		errno = EMFILE;
		return -1;
	}
	fd = open_beneath(folder->fd, name);
	if (fd < 0)
		atomic_fetch_sub(&folder->files, 1);
	return fd;
}

void folder_leave(struct folder *folder, int fd)
{
	close(fd);
	atomic_fetch_sub(&folder->files, 1);
}
