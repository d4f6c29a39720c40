#include "loadgen/report/text.h"

#include <stdarg.h>
#include <string.h>

void report_text_paragraph(FILE *out, const char *text, unsigned columns, unsigned indent)
{
	unsigned column = 0;

	while (*text != '\0') {
		unsigned length = (unsigned)strcspn(text, " ");

		if (column > 0 && column + length + 1 > columns) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > 0) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

void report_text_repeated(FILE *out, char mark, double count)
{
	for (double i = 0.5; i < count; i++)
		fputc(mark, out);
}

void report_text_line(FILE *out, const char *format, ...)
{
	va_list values;

	fputs("  ", out);
	va_start(values, format);
	vfprintf(out, format, values);
	va_end(values);
	fputc('\n', out);
}
