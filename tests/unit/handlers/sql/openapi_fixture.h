/* openapi_fixture.h - an OpenAPI document, and steps down into it. */
#pragma once

#include "handlers/sql/openapi.h"

#include "exchange/exchange.h"
#include "server/edition/edition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

static const char SOURCE[] = "-- name: note :one\n"
			     "-- route: GET /notes/{id}\n"
			     "-- summary: One \"note\".\n"
			     "-- param: id  its number\n"
			     "SELECT * FROM note WHERE id = :id;\n"
			     "-- name: notes :many\n"
			     "-- route: GET /notes\n"
			     "-- param: least = 10  the smallest\n"
			     "-- param: tag = null\n"
			     "SELECT 1 WHERE :word AND :least AND :tag AND :tiny;\n"
			     "-- name: change :exec\n"
			     "-- route: PUT /notes/{number}\n"
			     "-- param: body = none\n"
			     "-- param: price = null  in euro\n"
			     "UPDATE note SET body = :body, price = :price, extra = :extra WHERE id = :number;\n"
			     "-- name: add :one\n"
			     "-- route: POST /notes\n"
			     "-- status: 201\n"
			     "-- param: body = x\n"
			     "INSERT INTO note VALUES (:body) RETURNING *;\n"
			     "-- name: drop :exec\n"
			     "-- route: DELETE /notes/{id}\n"
			     "DELETE FROM note WHERE id = :id;\n"
			     "-- name: renew :exec\n"
			     "-- route: POST /renew\n"
			     "-- errors: BK001 = 402, 40P01 = 429, 23505 = 402\n"
			     "SELECT renew();\n"
			     "-- name: defaults :exec\n"
			     "-- route: PATCH /defaults\n"
			     "-- param: t = 17\n"
			     "-- param: f = NaN\n"
			     "-- param: b = true\n"
			     "-- param: j = \'{\"a\": 1.50}\'\n"
			     "-- param: n = 1.50\n"
			     "-- param: x = AQID\n"
			     "SELECT :t, :f, :b, :j, :n, :x;\n"
			     "-- name: watch :many\n"
			     "-- route: GET /watch\n"
			     "-- stream\n"
			     "SELECT 1 AS n;\n";

static const struct db_type text_type = {DB_TYPE_OTHER, false, ',', "text", NULL, NULL, NULL};

static const struct openapi_info info = {
    .title = "Notes",
    .version = "2.1",
    .server = "https://notes.example/v2",
    .license = "Apache-2.0",
    .contact = "https://notes.example/help",
};
static struct endpoint_set set;
static struct text written;
static json_t *document;

static inline struct endpoint *endpoint_named(const char *name)
{
	for (unsigned i = 0; i < set.count; i++)
		if (strcmp(set.endpoints[i].name, name) == 0)
			return &set.endpoints[i];
	fail_msg("no endpoint %s", name);
	return NULL;
}

static inline void set_type(const char *endpoint, const char *parameter, enum db_type_kind kind, bool is_array)
{
	struct db_statement *statement = &endpoint_named(endpoint)->statement;
	unsigned index = 0;

	while (strcmp(statement->parameters[index].name, parameter) != 0)
		assert_true(++index < statement->parameter_count);
	statement->parameters[index].type = (struct db_type){kind, is_array, ',', "?", NULL, NULL, NULL};
}

/* A column of every kind, named by its number, and an array. */
static inline void set_columns(const char *endpoint)
{
	static const char *const names[DB_TYPE_KIND_COUNT] = {"c0",  "c1",  "c2",  "c3",  "c4",  "c5",  "c6",
							      "c7",  "c8",  "c9",  "c10", "c11", "c12", "c13",
							      "c14", "c15", "c16", "c17", "c18"};
	static struct db_attribute attribute = {"x", {.kind = DB_TYPE_BYTEA}};
	static const struct db_composite point = {1, &attribute};
	static struct db_column columns[DB_TYPE_KIND_COUNT + 1];
	struct db_statement *statement = &endpoint_named(endpoint)->statement;

	for (unsigned kind = 0; kind < DB_TYPE_KIND_COUNT; kind++)
		columns[kind] =
		    (struct db_column){.name = names[kind], .type = {kind, false, ',', "?", NULL, NULL, NULL}};
	columns[DB_TYPE_COMPOSITE].type.composite = &point;
	columns[DB_TYPE_KIND_COUNT] =
	    (struct db_column){.name = "list", .type = {DB_TYPE_INT4, true, ',', "integer[]", NULL, NULL, NULL}};
	statement->signature.columns = columns;
	statement->signature.column_count = DB_TYPE_KIND_COUNT + 1;
}

static inline struct text write_document(void)
{
	struct buffer out = buffer_in(&set.arena);

	openapi_write(&out, &set, &info);
	return buffer_text(&out);
}

static inline void read_document(void)
{
	json_error_t error;

	json_decref(document);
	written = write_document();
	document = json_loadb(written.at, written.length, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL)
		fail_msg("no JSON: line %d: %s", error.line, error.text);
}

static inline int set_up(void **state)
{
	(void)state;
	endpoint_set_init(&set);
	if (sql_file_parse(&set, "test.sql", text_of(SOURCE)) != 0)
		diagnostics_print(&set.diagnostics, stderr);
	assert_int_equal(set.diagnostics.count, 0);
	for (unsigned i = 0; i < set.count; i++)
		for (unsigned j = 0; j < set.endpoints[i].statement.parameter_count; j++)
			set.endpoints[i].statement.parameters[j].type = text_type;
	set_type("note", "id", DB_TYPE_INT8, false);
	set_type("notes", "least", DB_TYPE_INT4, false);
	set_type("notes", "tag", DB_TYPE_UUID, true);
	set_type("notes", "tiny", DB_TYPE_INT2, false);
	set_type("change", "price", DB_TYPE_NUMERIC, false);
	set_type("change", "extra", DB_TYPE_JSON, false);
	set_type("defaults", "f", DB_TYPE_FLOAT8, false);
	set_type("defaults", "b", DB_TYPE_BOOL, false);
	set_type("defaults", "j", DB_TYPE_JSON, false);
	set_type("defaults", "n", DB_TYPE_NUMERIC, false);
	set_type("defaults", "x", DB_TYPE_BYTEA, false);
	set_columns("note");
	set_columns("add");
	set_columns("notes");
	set_columns("watch");
	document = NULL;
	read_document();
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	json_decref(document);
	endpoint_set_cleanup(&set);
	return 0;
}

/* Steps down by keys that are separated by spaces: paths hold slashes and dots. */
static inline json_t *at(const char *keys)
{
	json_t *place = document;
	char copy[256], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", keys);
	while (place != NULL && (key = strsep(&rest, " ")) != NULL)
		place = json_is_array(place) ? json_array_get(place, (size_t)atoi(key)) : json_object_get(place, key);
	return place;
}

static inline void expect(const char *keys, const char *expected)
{
	json_t *found = at(keys);
	char *dumped = found != NULL ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (dumped == NULL || strcmp(dumped, expected) != 0)
		fail_msg("%s is %s, expected %s", keys, dumped != NULL ? dumped : "nowhere", expected);
	free(dumped);
}

static inline void expect_nothing_at(const char *keys)
{
	if (at(keys) != NULL)
		fail_msg("%s is there", keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
