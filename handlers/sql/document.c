#include "handlers/sql/document.h"

#include "base/require.h"

/* A line of its own for the next member or bracket. */
static void begin_line(struct document *document)
{
	buffer_add_char(document->out, '\n');
	for (unsigned level = 0; level < document->depth; level++)
		buffer_add(document->out, TEXT("  "));
}

void document_begin_member(struct document *document, const char *key)
{
	if (document->has_members)
		buffer_add_char(document->out, ',');
	if (document->depth > 0)
		begin_line(document);
	if (key != NULL) {
		buffer_add_json_string(document->out, text_of(key));
		buffer_add(document->out, TEXT(": "));
	}
	document->has_members = true;
}

static void open_with(struct document *document, const char *key, char opening, char closing)
{
	REQUIRE(document->depth < DOCUMENT_NESTING_MAX);
	document_begin_member(document, key);
	buffer_add_char(document->out, opening);
	document->closing[document->depth++] = closing;
	document->has_members = false;
}

void document_open_object(struct document *document, const char *key)
{
	open_with(document, key, '{', '}');
}

void document_open_array(struct document *document, const char *key)
{
	open_with(document, key, '[', ']');
}

void document_close(struct document *document)
{
	document->depth--;
	if (document->has_members)
		begin_line(document);
	buffer_add_char(document->out, document->closing[document->depth]);
	document->has_members = true;
}

void document_close_above(struct document *document, unsigned depth)
{
	while (document->depth > depth)
		document_close(document);
}

void document_add_json(struct document *document, const char *key, const char *json)
{
	document_begin_member(document, key);
	buffer_add(document->out, text_of(json));
}

void document_add_string(struct document *document, const char *key, const char *string)
{
	document_begin_member(document, key);
	buffer_add_json_string(document->out, text_of(string));
}
