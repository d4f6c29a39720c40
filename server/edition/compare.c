#include "server/edition/edition.h"

#include "db/pipeline.h"
#include "handlers/sql/parts.h"

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_parameter(const struct db_parameter *a, const struct db_parameter *b)
{
	return is_same_text(a->name, b->name) && is_same_text(a->description, b->description) &&
	       a->has_default == b->has_default && is_same_text(a->default_text, b->default_text);
}

static bool are_same_parameters(const struct db_statement *a, const struct db_statement *b)
{
	if (a->parameter_count != b->parameter_count)
		return false;
	for (unsigned i = 0; i < a->parameter_count; i++)
		if (!is_same_parameter(&a->parameters[i], &b->parameters[i]))
			return false;
	return true;
}

static bool are_same_choices(const struct db_statement *a, const struct db_statement *b)
{
	if (a->choice_count != b->choice_count)
		return false;
	for (unsigned i = 0; i < a->choice_count; i++)
		if (a->choices[i].status != b->choices[i].status ||
		    !is_same_text(a->choices[i].sqlstate, b->choices[i].sqlstate))
			return false;
	return true;
}

static bool are_same_parts(const struct endpoint *a, const struct endpoint *b);

static bool is_same_channel(const struct endpoint *a, const struct endpoint *b)
{
	if (a->events == NULL || b->events == NULL)
		return a->events == b->events;
	if (a->events->channel.count != b->events->channel.count)
		return false;
	for (unsigned i = 0; i < a->events->channel.count; i++)
		if (!text_equal(a->events->channel.pieces[i].text, b->events->channel.pieces[i].text))
			return false;
	return true;
}

static bool is_same_cache(const struct endpoint_cache *a, const struct endpoint_cache *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->fresh_ms == b->fresh_ms && a->stale_ms == b->stale_ms && a->by == b->by &&
	       text_equal(a->claim, b->claim);
}

/* As their files say. */
static bool is_same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->shape == b->shape && a->method == b->method && a->status == b->status &&
	       a->timeout_ms == b->timeout_ms && a->max_rows == b->max_rows && a->is_isolated == b->is_isolated &&
	       a->is_stream == b->is_stream && is_same_text(a->path, b->path) && is_same_text(a->summary, b->summary) &&
	       a->is_uncompressed == b->is_uncompressed && a->has_etag == b->has_etag &&
	       is_same_text(a->etag_column, b->etag_column) && is_same_text(a->modified_column, b->modified_column) &&
	       is_same_text(a->cache_control, b->cache_control) && is_same_text(a->work, b->work) &&
	       is_same_text(a->statement.sql, b->statement.sql) && are_same_parameters(&a->statement, &b->statement) &&
	       are_same_choices(&a->statement, &b->statement) && is_same_channel(a, b) &&
	       is_same_cache(a->cache, b->cache) && are_same_parts(a, b);
}

static bool are_same_parts(const struct endpoint *a, const struct endpoint *b)
{
	if (a->parts_kind != b->parts_kind || a->part_count != b->part_count)
		return false;
	for (unsigned i = 0; i < a->part_count; i++)
		if (!is_same_text(a->parts[i].endpoint.name, b->parts[i].endpoint.name) ||
		    a->parts[i].is_optional != b->parts[i].is_optional ||
		    !is_same_endpoint(&a->parts[i].endpoint, &b->parts[i].endpoint))
			return false;
	return true;
}

/* Files keep their order, so it is mostly the next one. */
static unsigned find(const struct endpoint_set *set, const char *name, unsigned from)
{
	for (unsigned i = 0; i < set->count; i++) {
		unsigned index = (from + i) % set->count;

		if (strcmp(set->endpoints[index].name, name) == 0)
			return index;
	}
	return DB_NOT_CARRIED;
}

static unsigned compare_endpoint(const struct endpoint *endpoint, const struct endpoint_set *before, unsigned at,
				 struct edition_changes *changes)
{
	const struct endpoint *other;

	if (at == DB_NOT_CARRIED) {
		changes->added++;
		return DB_NOT_CARRIED;
	}
	other = &before->endpoints[at];
	changes->changed += !is_same_endpoint(endpoint, other);
	return strcmp(endpoint->statement.sql, other->statement.sql) == 0 ? other->statement.index : DB_NOT_CARRIED;
}

/* What a part was expected to take still holds, where it has the same place. */
static void carry_parts(const struct endpoint *endpoint, const struct endpoint *before, unsigned *carried_from)
{
	for (unsigned i = 0; i < endpoint->part_count; i++) {
		const struct endpoint *part = &endpoint->parts[i].endpoint;
		const struct endpoint *other =
		    before != NULL && i < before->part_count ? &before->parts[i].endpoint : NULL;
		bool is_same = other != NULL && strcmp(part->statement.sql, other->statement.sql) == 0;

		carried_from[part->statement.index] = is_same ? other->statement.index : DB_NOT_CARRIED;
	}
}

struct edition_changes edition_compare(struct edition *edition, const struct edition *before)
{
	struct endpoint_set *set = &edition->endpoints;
	unsigned *carried_from = arena_alloc(&set->arena, (set->statement_count + 1) * sizeof(*carried_from)), next = 0;
	struct edition_changes changes = {0};

	for (unsigned i = 0; i < set->count; i++) {
		unsigned at = find(&before->endpoints, set->endpoints[i].name, next);

		carried_from[set->endpoints[i].statement.index] =
		    compare_endpoint(&set->endpoints[i], &before->endpoints, at, &changes);
		carry_parts(&set->endpoints[i], at != DB_NOT_CARRIED ? &before->endpoints.endpoints[at] : NULL,
			    carried_from);
		if (at != DB_NOT_CARRIED)
			next = at + 1;
	}
	edition->carried_from = carried_from;
	changes.removed = before->endpoints.count - (set->count - changes.added);
	changes.has_other_types =
	    changes.added + changes.removed + changes.changed == 0 && !text_equal(edition->openapi, before->openapi);
	return changes;
}
