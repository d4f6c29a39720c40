#include "server/edition/explained.h"

#include "db/values/sql_token.h"

#include <ctype.h>
#include <jansson.h>

/* Of a node */

static const char *member(const json_t *node, const char *key)
{
	const char *value = json_string_value(json_object_get(node, key));

	return value != NULL ? value : "";
}

static bool is_of_type(const json_t *node, const char *type)
{
	return strcmp(member(node, "Node Type"), type) == 0;
}

/* Tables */

static char *upper_case(struct arena *arena, const char *word)
{
	char *copy = arena_copy(arena, text_of(word));

	for (char *c = copy; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return copy;
}

/* PostgreSQL looks at all of a plan before it runs any of it, so one node is enough. */
static bool changes_table(const json_t *node, struct arena *arena, struct explained *explained)
{
	const json_t *child;
	size_t i;

	if (is_of_type(node, "ModifyTable")) {
		const char *table = member(node, "Relation Name");

		explained->word = upper_case(arena, member(node, "Operation"));
		explained->what = arena_printf(arena, "%s%s%s", explained->word, table[0] != '\0' ? " on " : "", table);
		return true;
	}
	if (is_of_type(node, "LockRows")) {
		explained->word = "FOR";
		explained->what = "a row lock such as FOR UPDATE";
		return true;
	}
	json_array_foreach(json_object_get(node, "Plans"), i,
			   child) if (changes_table(child, arena, explained)) return true;
	return false;
}

/* Functions */

/* A call in the text of an expression. */
struct call {
	struct text text;
	const char *function;
	bool is_constant; /* its arguments are, and none of them is NULL */
};

static bool is_word(const struct sql_token *token, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_equal(token->text, text_of(*words)))
			return true;
	return false;
}

static bool is_constant(const struct sql_token *token)
{
	static const char *const words[] = {"regclass", "bigint", "integer", "true", "false", NULL};

	return token->kind == SQL_TOKEN_STRING || token->kind == SQL_TOKEN_ESCAPE_STRING ||
	       token->kind == SQL_TOKEN_SPACE || token->kind == SQL_TOKEN_OTHER || is_word(token, words);
}

/* `scanner` stands behind the name of a function. Returns false when it is none: a column's, say. */
static bool read_call(struct sql_scanner scanner, struct call *call)
{
	unsigned depth = 0;

	call->is_constant = true;
	do {
		struct sql_token token = sql_token_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			return false;
		sql_token_pass(&scanner, &token);
		if (text_equal(token.text, TEXT("(")))
			depth++;
		else if (depth == 0)
			return false;
		else if (text_equal(token.text, TEXT(")")))
			depth--;
		else
			call->is_constant &= is_constant(&token);
	} while (depth > 0);
	call->text.length = (size_t)(scanner.at - call->text.at);
	return true;
}

/* Finds a call of a function that writes; only one that is made whenever the expression is evaluated if `is_certain`.
 * PostgreSQL shows its own functions without their schema. */
static bool find_call(const char *expression, bool is_certain, struct call *call)
{
	static const char *const writing[] = {"nextval", "setval", NULL};
	static const char *const choosing[] = {"CASE", "COALESCE", "AND", "OR", "FILTER", NULL};
	struct sql_scanner scanner = {.at = expression, .end = expression + strlen(expression)};
	bool is_qualified = false, is_found = false;

	for (;;) {
		struct sql_token token = sql_token_next(&scanner);
		struct call found = {.text = token.text};

		if (token.kind == SQL_TOKEN_END)
			return is_found;
		if (is_certain && is_word(&token, choosing))
			return false;
		sql_token_pass(&scanner, &token);
		if (!is_found && !is_qualified && is_word(&token, writing) && read_call(scanner, &found) &&
		    (found.is_constant || !is_certain)) {
			found.function = token.text.at[0] == 'n' ? writing[0] : writing[1];
			*call = found;
			is_found = true;
		}
		is_qualified = text_equal(token.text, TEXT("."));
	}
}

/* Anywhere in a plan, whether it is ever evaluated or not. */
static bool find_call_within(json_t *value, struct call *call)
{
	const char *key;
	json_t *part;
	size_t i;

	if (json_is_string(value))
		return find_call(json_string_value(value), false, call);
	json_array_foreach(value, i, part) if (find_call_within(part, call)) return true;
	json_object_foreach(value, key, part) if (find_call_within(part, call)) return true;
	return false;
}

static const json_t *child_that_is(const json_t *node, const char *key, const char *wanted)
{
	const json_t *child;
	size_t i;

	json_array_foreach(json_object_get(node, "Plans"), i,
			   child) if (strcmp(member(child, key), wanted) == 0) return child;
	return NULL;
}

/* Returns the node that this one asks for a row, whatever the data; NULL: there is none, or it may do without. */
static const json_t *asked_child(const json_t *root, const json_t *node, struct arena *arena)
{
	static const char *const asking[] = {"Result", "Sort",      "Materialize",   "Aggregate",
					     "Unique", "WindowAgg", "Subquery Scan", NULL};
	const json_t *child = child_that_is(node, "Parent Relationship", "Outer");
	unsigned i = 0;

	if (is_of_type(node, "CTE Scan"))
		return child_that_is(root, "Subplan Name", arena_printf(arena, "CTE %s", member(node, "CTE Name")));
	while (asking[i] != NULL && !is_of_type(node, asking[i]))
		i++;
	if (asking[i] == NULL || json_object_get(node, "One-Time Filter") != NULL)
		return NULL;
	return child != NULL ? child : child_that_is(node, "Parent Relationship", "Subquery");
}

/* Whether a call is made by what gives the first row, whatever the data. */
static bool find_certain_call(const json_t *root, struct arena *arena, struct call *call)
{
	const json_t *node = root, *child, *output;
	size_t i;

	while ((child = asked_child(root, node, arena)) != NULL)
		node = child;
	if (is_of_type(node, "Function Scan"))
		return find_call(member(node, "Function Call"), true, call);
	if (!is_of_type(node, "Result") || json_object_get(node, "One-Time Filter") != NULL ||
	    child_that_is(node, "Parent Relationship", "Outer") != NULL)
		return false;
	json_array_foreach(json_object_get(node, "Output"), i,
			   output) if (find_call(json_string_value(output), true, call)) return true;
	return false;
}

static struct explained judge_plan(json_t *plan, struct arena *arena)
{
	struct explained explained = {.verdict = EXPLAINED_READS};
	struct call call;

	if (changes_table(plan, arena, &explained)) {
		explained.verdict = EXPLAINED_WRITES;
		return explained;
	}
	if (find_certain_call(plan, arena, &call))
		explained.verdict = EXPLAINED_WRITES;
	else if (find_call_within(plan, &call))
		explained.verdict = EXPLAINED_MAY_WRITE;
	else
		return explained;
	explained.what = arena_copy(arena, call.text);
	explained.word = call.function;
	return explained;
}

struct explained explained_judge(struct text json, struct arena *arena)
{
	json_t *document = json_loadb(json.at, json.length, 0, NULL);
	json_t *plan = json_object_get(json_array_get(document, 0), "Plan");
	struct explained explained = {.verdict = EXPLAINED_READS};

	if (plan != NULL)
		explained = judge_plan(plan, arena);
	json_decref(document);
	return explained;
}
