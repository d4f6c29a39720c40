/* The annotation `-- events: CHANNEL`. */
#include "handlers/sql/draft.h"
#include "handlers/sql/events.h"

#include "base/buffer.h"

bool sql_read_events(struct parser *parser, const struct note *note)
{
	struct arena *arena = &parser->set->arena;
	struct endpoint_events *events = arena_alloc_zeroed(arena, sizeof(*events));
	const char *problem;

	events->line = note->line;
	problem =
	    channel_name_read((struct text){arena_copy(arena, note->value), note->value.length}, &events->channel);
	if (problem != NULL && note->value.length > 0)
		complain(parser, note->line, "the channel \"%.*s\" %s", TEXT_ARGS(sql_shown(note->value)), problem);
	parser->draft.endpoint.events = events;
	return note->value.length > 0;
}

static void check_parameters(struct parser *parser, struct endpoint_events *events)
{
	struct draft *draft = &parser->draft;

	for (unsigned i = 0; i < events->channel.count; i++) {
		const struct channel_piece *piece = &events->channel.pieces[i];
		const struct db_parameter *parameter =
		    sql_find_parameter(draft->parameters, draft->parameter_count, piece->text);

		if (!piece->is_parameter)
			continue;
		if (parameter == NULL)
			complain(parser, events->line, "the channel has a parameter that the SQL does not use: %.*s",
				 TEXT_ARGS(sql_shown(piece->text)));
		else
			events->parameters[i] = (unsigned)(parameter - draft->parameters);
	}
}

static void refuse_with(struct parser *parser, enum annotation annotation, const char *why)
{
	unsigned line = parser->draft.lines[annotation];

	if (line > 0)
		complain(parser, line, "`-- %s` and `-- events:`: %s", sql_annotation_key(annotation), why);
}

void sql_check_events(struct parser *parser)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;

	if (endpoint->events == NULL)
		return;
	if (endpoint->method != HTTP_GET || endpoint->shape == ENDPOINT_EXEC || parser->draft.part_count > 0)
		complain(parser, endpoint->events->line,
			 "`-- events:` is for :one and :many on GET only, and for one statement");
	refuse_with(parser, ANNOTATION_STREAM, "a snapshot is sent as one event");
	refuse_with(parser, ANNOTATION_WORK, "they are for what SQL answers");
	refuse_with(parser, ANNOTATION_ETAG, "a stream of events has no version");
	refuse_with(parser, ANNOTATION_LAST_MODIFIED, "a stream of events has no version");
	refuse_with(parser, ANNOTATION_CACHE_CONTROL, "no cache keeps a stream of events");
	refuse_with(parser, ANNOTATION_STATUS, "a stream of events is a 200, or no client reads it");
	refuse_with(parser, ANNOTATION_CONTENT_TYPE, "it is text/event-stream");
	refuse_with(parser, ANNOTATION_HEADER, "a stream of events is of more than one answer");
	check_parameters(parser, endpoint->events);
}
