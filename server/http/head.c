/* libh2o writes the first lines of a response's head with one sprintf(), which is a tenth of the instructions that an
 * ordinary request takes. Compiled with _FORTIFY_SOURCE, as Debian's is, that is a call of __sprintf_chk(). This one
 * stands in front of libc's for the whole program: the dynamic linker finds the program's symbols first. It writes
 * libh2o's two forms by itself, and hands on every other. Where libh2o calls something else, its head costs as much as
 * before. */
#include "base/decimal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HEAD "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: %s\r\n"

int __sprintf_chk(char *out, int flag, size_t size, const char *format, ...);
int __vsprintf_chk(char *out, int flag, size_t size, const char *format, va_list arguments);

static char *add(char *out, const char *text)
{
	size_t length = strlen(text);

	memcpy(out, text, length);
	return out + length;
}

/* Returns the end, where a 0 byte is. */
static char *write_head(char *out, va_list arguments, bool has_length)
{
	char *end = add(out, "HTTP/1.1 ");

	end = decimal_write(end, (unsigned)va_arg(arguments, int));
	*end++ = ' ';
	end = add(end, va_arg(arguments, const char *));
	end = add(end, "\r\nDate: ");
	end = add(end, va_arg(arguments, const char *));
	end = add(end, "\r\nConnection: ");
	end = add(end, va_arg(arguments, const char *));
	if (has_length) {
		end = add(end, "\r\nContent-Length: ");
		end = decimal_write(end, va_arg(arguments, size_t));
	}
	return strcpy(end, "\r\n") + 2;
}

int __sprintf_chk(char *out, int flag, size_t size, const char *format, ...)
{
	bool has_length = strcmp(format, HEAD "Content-Length: %zu\r\n") == 0;
	int written;
	va_list arguments;

	va_start(arguments, format);
	/* libc knows how much room there is, if the caller said so */
	if (size == SIZE_MAX && (has_length || strcmp(format, HEAD) == 0))
		written = (int)(write_head(out, arguments, has_length) - out);
	else
		written = __vsprintf_chk(out, flag, size, format, arguments);
	va_end(arguments);
	return written;
}
