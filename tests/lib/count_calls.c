/* Preloaded into the service by tests/blackbox/test_memory.py: counts the calls of malloc, calloc and realloc that come
 * from the program's own code, not from libh2o, libpq and the other libraries, and how often the kernel is told what an
 * epoll waits for, from any caller; writes both numbers at the end to the file that COUNT_CALLS names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static uintptr_t program_start, program_end;
static atomic_ulong allocations, registrations;
static long (*real_syscall)(long, ...);

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
	real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
}

__attribute__((destructor)) static void end(void)
{
	const char *name = getenv("COUNT_CALLS");
	char text[64];
	int length = snprintf(text, sizeof(text), "%lu %lu\n", atomic_load(&allocations), atomic_load(&registrations)),
	    file;

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
		atomic_fetch_add(&allocations, 1);
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

/* The program's way to the kernel, in loop/epoll_memory.c. */
long syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_epoll_ctl)
		atomic_fetch_add(&registrations, 1);
	return real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

/* libuv's way, where the program's function does not stand in front of it. */
int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	return (int)syscall(SYS_epoll_ctl, (long)epoll, (long)operation, (long)fd, event);
}
