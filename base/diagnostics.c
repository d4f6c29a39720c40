#include "base/diagnostics.h"

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena)
{
	diagnostics->arena = arena;
	diagnostics->count = 0;
}

void diagnostics_add(struct diagnostics *diagnostics, const char *file, unsigned line, const char *format, ...)
{
	va_list values;

	if (diagnostics->count < DIAGNOSTICS_MAX) {
		struct diagnostic *item = &diagnostics->items[diagnostics->count];

		va_start(values, format);
		*item = (struct diagnostic){
		    .file = arena_copy(diagnostics->arena, text_of(file)),
		    .line = line,
		    .message = arena_vprintf(diagnostics->arena, format, values),
		};
		va_end(values);
	}
	diagnostics->count++;
}

void diagnostics_add_excerpt(struct diagnostics *diagnostics, struct text lines)
{
	if (diagnostics->count > 0 && diagnostics->count <= DIAGNOSTICS_MAX)
		diagnostics->items[diagnostics->count - 1].excerpt = arena_copy(diagnostics->arena, lines);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *out)
{
	for (unsigned i = 0; i < diagnostics->count && i < DIAGNOSTICS_MAX; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		if (item->line > 0)
			fprintf(out, "%s:%u: %s\n", item->file, item->line, item->message);
		else
			fprintf(out, "%s: %s\n", item->file, item->message);
		if (item->excerpt != NULL)
			fprintf(out, "%s\n", item->excerpt);
	}
	if (diagnostics->count > DIAGNOSTICS_MAX)
		fprintf(out, "and %u more\n", diagnostics->count - DIAGNOSTICS_MAX);
}
