#include "handlers/sql/event_channel.h"

/* At start */

static bool find_kind(const struct db_type *type, enum channel_kind *kind)
{
	bool is_text = strcmp(type->name, "text") == 0 || strcmp(type->name, "character varying") == 0;

	switch (type->kind) {
	case DB_TYPE_INT2:
	case DB_TYPE_INT4:
	case DB_TYPE_INT8:
		*kind = CHANNEL_INTEGER;
		return !type->is_array;
	case DB_TYPE_UUID:
		*kind = CHANNEL_UUID;
		return !type->is_array;
	default:
		*kind = CHANNEL_TEXT;
		return !type->is_array && type->kind == DB_TYPE_OTHER && (is_text || type->labels != NULL);
	}
}

static int check_parameter(struct endpoint_set *set, const struct endpoint *endpoint, unsigned piece, unsigned *texts)
{
	struct endpoint_events *events = endpoint->events;
	const struct db_parameter *parameter = &endpoint->statement.parameters[events->parameters[piece]];

	if (!find_kind(&parameter->type, &events->kinds[piece])) {
		diagnostics_add(&set->diagnostics, endpoint->file, events->line,
				"the parameter %s of the channel must be an integer, a uuid, a text or an enum, not %s",
				parameter->name, parameter->type.name);
		return -1;
	}
	*texts += events->kinds[piece] == CHANNEL_TEXT;
	return 0;
}

static int check_endpoint(struct endpoint_set *set, const struct endpoint *endpoint)
{
	struct endpoint_events *events = endpoint->events;
	unsigned texts = 0;
	int outcome = 0;

	for (unsigned i = 0; i < events->channel.count; i++)
		if (events->channel.pieces[i].is_parameter)
			outcome |= check_parameter(set, endpoint, i, &texts);
	if (texts <= 1)
		return outcome;
	diagnostics_add(
	    &set->diagnostics, endpoint->file, events->line,
	    "the channel has %u parameters that are texts, and different values could make one name; one is "
	    "the most",
	    texts);
	return -1;
}

int sql_events_check(struct endpoint_set *endpoints)
{
	int outcome = 0;

	for (unsigned i = 0; i < endpoints->count; i++)
		if (endpoints->endpoints[i].events != NULL)
			outcome |= check_endpoint(endpoints, &endpoints->endpoints[i]);
	return outcome;
}

/* Of a request */

const char *event_channel_make(struct exchange *x, const struct endpoint *endpoint,
			       char channel[CHANNEL_NAME_BYTES_MAX + 1], const char *const *values)
{
	const struct endpoint_events *events = endpoint->events;

	for (unsigned i = 0; i < events->channel.count; i++) {
		const struct channel_piece *piece = &events->channel.pieces[i];
		const char *value = piece->is_parameter ? values[events->parameters[i]] : NULL, *problem;

		if (!piece->is_parameter)
			problem = channel_name_add_literal(channel, piece->text);
		else if (value == NULL)
			problem = "must not be null: it is part of the name of a channel";
		else
			problem = channel_name_add(channel, events->kinds[i], text_of(value));
		if (problem != NULL)
			return arena_printf(&x->arena, "parameter \"%.*s\" %s", TEXT_ARGS(piece->text), problem);
	}
	return NULL;
}
