#include "base/secret_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* Returns -1 with errno, or the bytes that were read, at most `bytes_max`. */
static ssize_t read_all(int fd, char *bytes, size_t bytes_max)
{
	size_t length = 0;
	ssize_t got = 1;

	while (length < bytes_max && got > 0) {
		got = read(fd, bytes + length, bytes_max - length);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			length += (size_t)got;
	}
	return got < 0 ? -1 : (ssize_t)length;
}

int secret_file_read(const char *path, size_t bytes_max, struct text *content, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = memory_alloc(bytes_max + 2);
	/* one more than there may be: whether it is longer */
	ssize_t length = fd < 0 ? -1 : read_all(fd, bytes, bytes_max + 1);

	*why = length < 0 ? strerror(errno) : (size_t)length > bytes_max ? "it is too long" : NULL;
	if (fd >= 0)
		close(fd);
	*content = (struct text){bytes, *why == NULL ? (size_t)length : bytes_max};
	bytes[content->length] = '\0';
	if (*why == NULL)
		return 0;
	secret_file_forget(content);
	return -1;
}

void secret_file_forget(struct text *content)
{
	char *bytes = (char *)(uintptr_t)content->at;

	if (bytes != NULL)
		explicit_bzero(bytes, content->length);
	free(bytes);
	*content = (struct text){0};
}
