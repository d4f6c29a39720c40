#include "db/values/signature.h"

#include "base/memory.h"
#include "base/require.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct signature_lock {
	pthread_mutex_t mutex;
};

struct db_signatures *db_signatures_create(const struct db_signature *first)
{
	struct db_signatures *signatures = memory_alloc_zeroed(1, sizeof(*signatures));

	signatures->first = first;
	atomic_init(&signatures->newest, first);
	signatures->lock = memory_alloc(sizeof(*signatures->lock));
	REQUIRE(pthread_mutex_init(&signatures->lock->mutex, NULL) == 0);
	return signatures;
}

void db_signatures_destroy(struct db_signatures *signatures)
{
	if (signatures == NULL)
		return;
	for (unsigned i = 0; i < signatures->count; i++) {
		arena_cleanup(&signatures->learnt[i]->arena);
		free(signatures->learnt[i]);
	}
	pthread_mutex_destroy(&signatures->lock->mutex);
	free(signatures->lock);
	free(signatures);
}

void db_signatures_lock(struct db_signatures *signatures)
{
	pthread_mutex_lock(&signatures->lock->mutex);
}

void db_signatures_unlock(struct db_signatures *signatures)
{
	pthread_mutex_unlock(&signatures->lock->mutex);
}

unsigned db_signatures_publish(struct db_signatures *signatures, const struct db_signature *signature)
{
	atomic_store_explicit(&signatures->newest, signature, memory_order_release);
	return atomic_fetch_add_explicit(&signatures->generation, 1, memory_order_acq_rel) + 1;
}

void db_signatures_doubt(struct db_signatures *signatures)
{
	atomic_fetch_add_explicit(&signatures->generation, 1, memory_order_acq_rel);
}

/* Their values are bound as digits, and PostgreSQL checks the range. */
static bool is_number(enum db_type_kind kind)
{
	return kind >= DB_TYPE_INT2 && kind <= DB_TYPE_NUMERIC;
}

static bool takes(const struct db_type *type, const struct db_type *checked_for)
{
	return type->is_array == checked_for->is_array &&
	       (!type->is_array || type->delimiter == checked_for->delimiter) &&
	       type->composite == checked_for->composite &&
	       (type->kind == checked_for->kind || (is_number(type->kind) && is_number(checked_for->kind)));
}

bool db_signature_takes(const struct db_signature *signature, const struct db_signature *checked_for, unsigned count)
{
	if (signature == checked_for || signature->parameters == checked_for->parameters)
		return true;
	for (unsigned i = 0; i < count; i++)
		if (!takes(&signature->parameters[i].type, &checked_for->parameters[i].type))
			return false;
	return true;
}

static bool is_repeated(const struct db_signature *signature, unsigned column)
{
	for (unsigned i = 0; i < column; i++)
		if (strcmp(signature->columns[i].name, signature->columns[column].name) == 0)
			return true;
	return false;
}

const char *db_signature_problem(const struct db_signature *signature, bool needs_columns, struct arena *arena)
{
	if (needs_columns && signature->column_count == 0)
		return "returns no columns; a statement without RETURNING is :exec";
	for (unsigned i = 0; i < signature->column_count; i++)
		if (is_repeated(signature, i))
			return arena_printf(arena, "returns two columns named \"%s\"; a JSON object can hold one",
					    signature->columns[i].name);
	return NULL;
}
