#include "events/values/event_text.h"

static size_t line_length(struct text rest)
{
	size_t length = 0;

	while (length < rest.length && rest.at[length] != '\n' && rest.at[length] != '\r')
		length++;
	return length;
}

static void add_data(struct buffer *out, struct text rest)
{
	for (;;) {
		size_t length = line_length(rest), end;

		buffer_add(out, TEXT("data: "));
		buffer_add(out, (struct text){rest.at, length});
		buffer_add_char(out, '\n');
		if (length == rest.length)
			return;
		end = rest.at[length] == '\r' && length + 1 < rest.length && rest.at[length + 1] == '\n' ? 2 : 1;
		rest = (struct text){rest.at + length + end, rest.length - length - end};
	}
}

void event_text_add(struct buffer *out, const char *name, const struct event_id *id, struct text data)
{
	char written[EVENT_ID_BYTES];

	buffer_printf(out, "event: %s\n", name);
	if (id != NULL) {
		event_id_write(*id, written);
		buffer_printf(out, "id: %s\n", written);
	}
	add_data(out, data);
	buffer_add_char(out, '\n');
}

void event_text_add_comment(struct buffer *out, const char *words)
{
	buffer_printf(out, ": %s\n\n", words);
}

void event_text_add_retry(struct buffer *out, unsigned ms)
{
	buffer_printf(out, "retry: %u\n\n", ms);
}
