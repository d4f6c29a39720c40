#include "handlers/queue/idempotency_key.h"

#include "base/siphash.h"

static const char expected[] = "the header Idempotency-Key must be one text of 1 to 255 visible ASCII characters, "
			       "which may stand in double quotes";

/* Two hashes under seeds that are no secret: 128 bits tell bodies apart that are not made to be alike. */
static void hash_body(struct text body, uint64_t hash[2])
{
	static const uint64_t seeds[2][2] = {{0, 1}, {2, 3}};

	hash[0] = siphash(seeds[0], body);
	hash[1] = siphash(seeds[1], body);
}

/* Takes the quotes off a string of RFC 8941. False: it is none. */
static bool unquote(struct text *key, struct arena *arena)
{
	char *plain = arena_alloc(arena, key->length);
	size_t length = 0;

	if (key->length < 2 || key->at[key->length - 1] != '"')
		return false;
	for (size_t i = 1; i < key->length - 1; i++) {
		bool is_escape = key->at[i] == '\\';

		if (key->at[i] == '"' || (is_escape && i == key->length - 2))
			return false;
		i += is_escape;
		plain[length++] = key->at[i];
	}
	*key = (struct text){plain, length};
	return true;
}

static bool is_visible(struct text key)
{
	for (size_t i = 0; i < key.length; i++)
		if (key.at[i] <= ' ' || key.at[i] > '~')
			return false;
	return key.length >= 1 && key.length <= ORDER_KEY_BYTES_MAX;
}

const char *idempotency_key_read(const struct http_request *request, struct arena *arena, struct queue_order *enqueue)
{
	struct text key = {NULL, 0};

	for (unsigned i = 0; i < request->field_count; i++) {
		if (!text_equal(request->fields[i].name, TEXT("idempotency-key")))
			continue;
		if (key.at != NULL)
			return expected;
		key = request->fields[i].value;
	}
	if (key.at == NULL)
		return NULL;
	if (key.length > 0 && key.at[0] == '"' && !unquote(&key, arena))
		return expected;
	if (!is_visible(key))
		return expected;
	enqueue->key = key;
	hash_body(request->body, enqueue->body_hash);
	return NULL;
}
