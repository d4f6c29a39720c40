/* Preloaded into the service by tests/blackbox/test_memory.py: counts the calls of malloc, calloc and realloc that come
 * from the program's own code, not from libh2o, libpq and the other libraries, and writes the number at the end to
 * the file that COUNT_MALLOC names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uintptr_t program_start, program_end;
static atomic_ulong calls;

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);

/* The first object that is listed is the program. */
static int find_program(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && (header->p_flags & PF_X)) {
			program_start = info->dlpi_addr + header->p_vaddr;
			program_end = program_start + header->p_memsz;
		}
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	dl_iterate_phdr(find_program, NULL);
}

__attribute__((destructor)) static void end(void)
{
	const char *name = getenv("COUNT_MALLOC");
	char text[32];
	int length = snprintf(text, sizeof(text), "%lu\n", atomic_load(&calls)), file;

	if (name == NULL || (file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644)) < 0)
		return;
	if (write(file, text, (size_t)length) != length)
		abort();
	close(file);
}

static void count(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (at >= program_start && at < program_end)
		atomic_fetch_add(&calls, 1);
}

void *malloc(size_t bytes)
{
	count(__builtin_return_address(0));
	return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
	count(__builtin_return_address(0));
	return __libc_calloc(number, bytes);
}

void *realloc(void *memory, size_t bytes)
{
	count(__builtin_return_address(0));
	return __libc_realloc(memory, bytes);
}
