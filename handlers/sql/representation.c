#include "handlers/sql/representation.h"

#include "db/values/datetime.h"
#include "exchange/entity_tag.h"
#include "handlers/sql/plan.h"

static bool is_version(const struct db_type *type)
{
	switch (type->kind) {
	case DB_TYPE_INT2:
	case DB_TYPE_INT4:
	case DB_TYPE_INT8:
	case DB_TYPE_UUID:
	case DB_TYPE_TIMESTAMP:
	case DB_TYPE_TIMESTAMPTZ:
		return !type->is_array;
	default:
		return false;
	}
}

static bool is_instant(const struct db_type *type)
{
	return type->kind == DB_TYPE_TIMESTAMPTZ && !type->is_array;
}

/* NULL: there is none. */
static const struct db_column *column_named(const struct db_signature *signature, const char *name)
{
	for (unsigned i = 0; i < signature->column_count; i++)
		if (strcmp(signature->columns[i].name, name) == 0)
			return &signature->columns[i];
	return NULL;
}

/* At start */

static int check_column(struct endpoint_set *set, const struct endpoint *endpoint, const char *name, unsigned line,
			bool (*suits)(const struct db_type *type), const char *expected)
{
	const struct db_column *column = column_named(&endpoint->statement.signature, name);

	if (column != NULL && suits(&column->type))
		return 0;
	if (column == NULL)
		diagnostics_add(&set->diagnostics, endpoint->file, line, "%s has no column %s", endpoint->name, name);
	else
		diagnostics_add(&set->diagnostics, endpoint->file, line, "the column %s of %s must be %s, not %s", name,
				endpoint->name, expected, column->type.name);
	return -1;
}

/* Where the version is another one, the SQL finds nothing, and that has to be seen. */
static int check_if_match(struct endpoint_set *set, const struct endpoint *endpoint)
{
	if (!endpoint->takes_if_match || sql_plan_may_find_nothing(endpoint))
		return 0;
	diagnostics_add(
	    &set->diagnostics, endpoint->file, endpoint->if_match_line,
	    "if-match needs an endpoint that finds nothing where the version is another one: :one, or :exec "
	    "with UPDATE, DELETE or MERGE");
	return -1;
}

int sql_representation_check(struct endpoint_set *endpoints)
{
	int outcome = 0;

	for (unsigned i = 0; i < endpoints->count; i++) {
		const struct endpoint *endpoint = &endpoints->endpoints[i];

		if (endpoint->etag_column != NULL)
			outcome |= check_column(endpoints, endpoint, endpoint->etag_column, endpoint->etag_line,
						is_version, "an integer, a uuid or a timestamp");
		if (endpoint->modified_column != NULL)
			outcome |= check_column(endpoints, endpoint, endpoint->modified_column, endpoint->modified_line,
						is_instant, "timestamp with time zone");
		outcome |= check_if_match(endpoints, endpoint);
	}
	return outcome;
}

/* Answers */

/* The value of a column in the first row; `at` NULL: it is NULL, or a migration has made another column of it. */
static struct text value_of(const struct db_signature *signature, const struct db_result *rows, const char *name,
			    bool (*suits)(const struct db_type *type))
{
	const struct db_column *column = column_named(signature, name);
	unsigned index;

	if (column == NULL || !suits(&column->type))
		return (struct text){NULL, 0};
	index = (unsigned)(column - signature->columns);
	return db_is_null(rows, 0, index) ? (struct text){NULL, 0} : db_value(rows, 0, index);
}

/* As the value is in JSON, and so as a parameter takes it back. A tag has no blanks. */
static void add_etag(struct exchange *x, struct text version)
{
	char *copy, *blank;

	if (version.at == NULL)
		return;
	copy = arena_printf(&x->arena, "%.*s%.*s", TEXT_ARGS(version), TEXT_ARGS(entity_tag_media(x->media)));
	blank = strchr(copy, ' ');
	if (blank != NULL)
		*blank = 'T';
	/* a year before Christ */
	if (blank == NULL || strchr(blank, ' ') == NULL)
		x->response.etag = text_of(copy);
}

void sql_representation_note(struct exchange *x, const struct endpoint *endpoint, const struct db_signature *signature,
			     const struct db_result *rows)
{
	if (endpoint->cache_control != NULL)
		response_add_header(x, "cache-control", text_of(endpoint->cache_control));
	if (endpoint->etag_column != NULL)
		add_etag(x, value_of(signature, rows, endpoint->etag_column, is_version));
	if (endpoint->modified_column != NULL)
		x->response.is_dated = datetime_seconds(
		    value_of(signature, rows, endpoint->modified_column, is_instant), &x->response.modified_s);
	x->response.is_hashed = endpoint->has_etag && endpoint->etag_column == NULL;
	x->response.is_conditional = endpoint->has_etag || endpoint->modified_column != NULL;
}
