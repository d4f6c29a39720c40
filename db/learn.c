#include "db/learn.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "base/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 16, /* of domains over arrays over domains */
	/* "vector" types look like arrays in the catalog, but their text form is "1 2 3" */
	OID_INT2VECTOR = 22,
	OID_OIDVECTOR = 30,
	OID_RECORD = 2249,
	OID_RECORD_ARRAY = 2287,
};

/* A row of learn_types_sql. */
struct learn_type {
	Oid oid, base, element; /* 0: it is no domain, no array */
	const char *name, *labels;
	const char *attribute_names; /* of a composite type: a JSON array; NULL: it is none */
	const char *attribute_oids;  /* one blank between */
	struct db_composite *composite;
	bool is_hstore;
	bool is_cast; /* to json, by a function */
	char delimiter;
};

/* PostgreSQL takes an array for ten values, and a recursive query for thousands. Their cost would have it compile this
 * (jit_above_cost), which takes a hundred times as long as to run it. */
const char learn_types_sql[] =
    "WITH RECURSIVE used AS ("
    " SELECT oid FROM unnest($1::oid[]) AS oid"
    " UNION"
    " SELECT part.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid, LATERAL (VALUES"
    " (CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE 0 END),"
    " (CASE WHEN t.typcategory = 'A' AND t.typtype = 'b' THEN t.typelem ELSE 0 END)"
    " UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a"
    " WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS part(oid)"
    " WHERE part.oid <> 0)"
    " SELECT t.oid, format_type(t.oid, NULL),"
    " CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE 0 END,"
    " CASE WHEN t.typcategory = 'A' AND t.typtype = 'b' THEN t.typelem ELSE 0 END,"
    " (SELECT e.typdelim FROM pg_catalog.pg_type e WHERE e.oid = t.typelem),"
    " (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid),"
    " (SELECT json_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a"
    " WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),"
    " (SELECT string_agg(a.atttypid::text, ' ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a"
    " WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),"
    " t.typname = 'hstore' AND t.typtype = 'b' AND EXISTS (SELECT FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid WHERE d.classid = 'pg_catalog.pg_type'::regclass"
    " AND d.objid = t.oid AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND e.extname = 'hstore'),"
    " t.oid >= 16384 AND EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castsource = t.oid"
    " AND c.casttarget = 'pg_catalog.json'::regtype AND c.castmethod = 'f')"
    " FROM pg_catalog.pg_type t WHERE t.oid = ANY (ARRAY(SELECT oid FROM used))";

/* Types */

static struct learn_type *find_type(const struct learn_catalog *catalog, Oid oid)
{
	for (unsigned i = 0; i < catalog->count; i++)
		if (catalog->types[i].oid == oid)
			return &catalog->types[i];
	return NULL;
}

static void add_oid(struct buffer *list, const struct learn_catalog *catalog, Oid oid)
{
	if (oid != 0 && find_type(catalog, oid) == NULL)
		buffer_printf(list, "%c%u", list->length == 0 ? '{' : ',', oid);
}

const char *learn_missing_types(const struct learn_catalog *catalog, const PGresult *described)
{
	struct buffer list = buffer_in(catalog->arena);

	for (int i = 0; i < PQnfields(described); i++)
		add_oid(&list, catalog, PQftype(described, i));
	for (int i = 0; i < PQnparams(described); i++)
		add_oid(&list, catalog, PQparamtype(described, i));
	if (list.length == 0)
		return NULL;
	buffer_add(&list, TEXT("}"));
	return arena_copy(catalog->arena, buffer_text(&list));
}

static Oid oid_at(const PGresult *rows, int row, int column)
{
	return (Oid)strtoul(PQgetvalue(rows, row, column), NULL, 10);
}

static const char *text_or_null(struct arena *arena, const PGresult *rows, int row, int column)
{
	return PQgetisnull(rows, row, column) ? NULL : arena_copy(arena, text_of(PQgetvalue(rows, row, column)));
}

static struct learn_type type_of_row(struct arena *arena, const PGresult *rows, int row)
{
	return (struct learn_type){
	    .oid = oid_at(rows, row, 0),
	    .name = arena_copy(arena, text_of(PQgetvalue(rows, row, 1))),
	    .base = oid_at(rows, row, 2),
	    .element = oid_at(rows, row, 3),
	    .delimiter = PQgetvalue(rows, row, 4)[0],
	    .labels = text_or_null(arena, rows, row, 5),
	    .attribute_names = text_or_null(arena, rows, row, 6),
	    .attribute_oids = text_or_null(arena, rows, row, 7),
	    .is_hstore = PQgetvalue(rows, row, 8)[0] == 't',
	    .is_cast = PQgetvalue(rows, row, 9)[0] == 't',
	};
}

void learn_add_types(struct learn_catalog *catalog, const PGresult *rows)
{
	for (int row = 0; row < PQntuples(rows); row++) {
		if (find_type(catalog, oid_at(rows, row, 0)) != NULL)
			continue;
		if (catalog->count == catalog->capacity) {
			struct learn_type *grown;

			catalog->capacity = catalog->capacity > 0 ? catalog->capacity * 2 : 16;
			grown = arena_alloc(catalog->arena, catalog->capacity * sizeof(*grown));
			if (catalog->count > 0)
				memcpy(grown, catalog->types, catalog->count * sizeof(*grown));
			catalog->types = grown;
		}
		catalog->types[catalog->count++] = type_of_row(catalog->arena, rows, row);
	}
}

static struct db_type type_at_depth(const struct learn_catalog *catalog, Oid oid, unsigned depth);

static unsigned count_words(const char *words)
{
	unsigned count = *words != '\0';

	for (; *words != '\0'; words++)
		count += *words == ' ';
	return count;
}

/* Of a type that holds arrays of itself, the same again: what it is made of is entered before it is known. */
static const struct db_composite *composite_of(const struct learn_catalog *catalog, struct learn_type *row)
{
	struct text names = text_of(row->attribute_names);
	char *oids = arena_copy(catalog->arena, text_of(row->attribute_oids));
	size_t at = 0, end;

	if (row->composite != NULL)
		return row->composite;
	row->composite = arena_alloc_zeroed(catalog->arena, sizeof(*row->composite));
	row->composite->attributes =
	    arena_alloc_zeroed(catalog->arena, count_words(oids) * sizeof(*row->composite->attributes));
	while (*oids != '\0') {
		struct db_attribute *attribute = &row->composite->attributes[row->composite->count++];
		struct text name;

		at = json_scan_space(names, at + 1);
		REQUIRE(json_scan_value((struct text){names.at + at, names.length - at}, 1, &end));
		REQUIRE(json_scan_string((struct text){names.at + at, end}, catalog->arena, &name));
		at = json_scan_space(names, at + end);
		attribute->name = name.at;
		attribute->type = type_at_depth(catalog, (Oid)strtoul(oids, &oids, 10), 0);
		oids += *oids == ' ';
	}
	return row->composite;
}

static struct db_type type_at_depth(const struct learn_catalog *catalog, Oid oid, unsigned depth)
{
	struct learn_type *row = find_type(catalog, oid);
	struct db_type type = {.kind = db_type_kind_of(oid), .delimiter = ',', .name = "unknown"};

	if (row == NULL)
		return (struct db_type){.kind = DB_TYPE_OTHER, .delimiter = ',', .name = "unknown"};
	if (row->base != 0 && depth < DEPTH_MAX)
		type = type_at_depth(catalog, row->base, depth + 1);
	if (row->element != 0 && depth < DEPTH_MAX && oid != OID_INT2VECTOR && oid != OID_OIDVECTOR) {
		type = type_at_depth(catalog, row->element, depth + 1);
		/* whose elements are arrays themselves, by way of a domain: PostgreSQL's text is all there is of it */
		if (type.is_array)
			type = (struct db_type){.kind = DB_TYPE_OTHER};
		else
			type.is_array = true;
		type.delimiter = row->delimiter;
	}
	if (row->attribute_names != NULL) {
		type.kind = DB_TYPE_COMPOSITE;
		type.composite = composite_of(catalog, row);
	}
	if (row->is_hstore)
		type.kind = DB_TYPE_HSTORE;
	if (row->labels != NULL)
		type.labels = row->labels;
	type.name = row->name;
	return type;
}

struct db_type learn_type(const struct learn_catalog *catalog, Oid oid)
{
	return type_at_depth(catalog, oid, 0);
}

bool learn_is_shown_as_json(const struct learn_catalog *catalog, Oid oid)
{
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		const struct learn_type *row = find_type(catalog, oid);

		if (oid == OID_RECORD || oid == OID_RECORD_ARRAY)
			return true;
		if (row == NULL)
			return false;
		if (row->is_cast || row->is_hstore || row->attribute_names != NULL)
			return true;
		oid = row->base != 0 ? row->base : row->element;
	}
	return false;
}

/* Signatures */

void learn_columns(struct db_signature *signature, const struct learn_catalog *catalog, const PGresult *described)
{
	unsigned count = (unsigned)PQnfields(described);
	struct db_column *columns = arena_alloc_zeroed(catalog->arena, count * sizeof(*columns));

	for (unsigned i = 0; i < count; i++) {
		struct buffer key = buffer_in(catalog->arena);

		columns[i].name = arena_copy(catalog->arena, text_of(PQfname(described, (int)i)));
		buffer_add_json_string(&key, text_of(columns[i].name));
		buffer_add_char(&key, ':');
		columns[i].key = buffer_text(&key);
		columns[i].oid = PQftype(described, (int)i);
		columns[i].type = learn_type(catalog, columns[i].oid);
	}
	signature->columns = columns;
	signature->column_count = count;
}

bool learn_is_described_so(const struct db_signature *signature, unsigned parameter_count, const PGresult *described)
{
	if ((unsigned)PQnfields(described) != signature->column_count ||
	    (unsigned)PQnparams(described) != parameter_count)
		return false;
	for (unsigned i = 0; i < parameter_count; i++)
		if (PQparamtype(described, (int)i) != signature->parameters[i].oid)
			return false;
	for (unsigned i = 0; i < signature->column_count; i++)
		if (PQftype(described, (int)i) != signature->columns[i].oid ||
		    strcmp(PQfname(described, (int)i), signature->columns[i].name) != 0)
			return false;
	return true;
}

static const struct db_signature *find_learnt(const struct db_statement *statement, const PGresult *described)
{
	const struct db_signatures *signatures = statement->signatures;

	if (learn_is_described_so(signatures->first, statement->parameter_count, described))
		return signatures->first;
	for (unsigned i = 0; i < signatures->count; i++)
		if (learn_is_described_so(&signatures->learnt[i]->signature, statement->parameter_count, described))
			return &signatures->learnt[i]->signature;
	return NULL;
}

const struct db_signature *learn_find(const struct db_statement *statement, const PGresult *described)
{
	const struct db_signature *found;

	if (statement->signatures == NULL)
		return learn_is_described_so(&statement->signature, statement->parameter_count, described)
			   ? &statement->signature
			   : NULL;
	db_signatures_lock(statement->signatures);
	found = find_learnt(statement, described);
	db_signatures_unlock(statement->signatures);
	return found;
}

/* False: a default, which is kept in the form that is bound, may be no value of the new type. */
static bool learn_parameters(struct db_signature *signature, const struct db_statement *statement,
			     const struct learn_catalog *catalog, const PGresult *described)
{
	struct db_parameter *parameters = arena_alloc(catalog->arena, statement->parameter_count * sizeof(*parameters));
	struct db_signature own;

	for (unsigned i = 0; i < statement->parameter_count; i++) {
		parameters[i] = statement->signature.parameters[i];
		parameters[i].oid = PQparamtype(described, (int)i);
		parameters[i].type = learn_type(catalog, parameters[i].oid);
	}
	signature->parameters = parameters;
	for (unsigned i = 0; i < statement->parameter_count; i++) {
		struct db_signature one = {.parameters = &parameters[i]};

		own.parameters = &statement->signature.parameters[i];
		if (parameters[i].default_text != NULL && !db_signature_takes(&one, &own, 1))
			return false;
	}
	return true;
}

/* NULL, or why not. */
static const char *fill_learnt(struct db_learnt *learnt, const struct db_statement *statement,
			       const PGresult *described, const PGresult *types)
{
	struct learn_catalog catalog = {.arena = &learnt->arena};
	const char *problem;

	learn_add_types(&catalog, types);
	learn_columns(&learnt->signature, &catalog, described);
	problem = db_signature_problem(&learnt->signature, statement->needs_columns, &learnt->arena);
	if (problem == NULL && !learn_parameters(&learnt->signature, statement, &catalog, described))
		problem = "has a parameter of another type, and its default may be no value of that";
	return problem;
}

/* With the lock. */
static const struct db_signature *learn_new(const struct db_statement *statement, const PGresult *described,
					    const PGresult *types, char *why, size_t why_size)
{
	struct db_signatures *signatures = statement->signatures;
	struct db_learnt *learnt;
	const char *problem;

	if (signatures->count == DB_SIGNATURES_MAX) {
		snprintf(why, why_size, "has changed more than %d times", DB_SIGNATURES_MAX);
		return NULL;
	}
	learnt = memory_alloc_zeroed(1, sizeof(*learnt));
	problem = fill_learnt(learnt, statement, described, types);
	if (problem == NULL) {
		signatures->learnt[signatures->count++] = learnt;
		return &learnt->signature;
	}
	snprintf(why, why_size, "%s", problem);
	arena_cleanup(&learnt->arena);
	free(learnt);
	return NULL;
}

const struct db_signature *learn_again(const struct db_statement *statement, const PGresult *described,
				       const PGresult *types, char *why, size_t why_size)
{
	const struct db_signature *signature;

	db_signatures_lock(statement->signatures);
	/* another connection may have been quicker */
	signature = find_learnt(statement, described);
	if (signature == NULL)
		signature = learn_new(statement, described, types, why, why_size);
	db_signatures_unlock(statement->signatures);
	return signature;
}
