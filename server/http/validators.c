#include "server/http/validators.h"

#include "base/hex.h"
#include "exchange/http_date.h"
#include "identity/digest.h"
#include "exchange/conditions.h"

enum { HASH_BYTES = 16 }; /* of SHA-256: no two bodies have the same, by chance or by an attacker's work */

static void hash(struct exchange *x)
{
	char *digits = arena_alloc(&x->arena, 2 * HASH_BYTES);
	uint8_t digest[DIGEST_BYTES];

	digest_sha256(x->response.body, digest);
	for (unsigned i = 0; i < HASH_BYTES; i++)
		hex_put(digest[i], digits + 2 * i);
	x->response.etag = (struct text){digits, 2 * HASH_BYTES};
}

static void respond_not_modified(struct exchange *x, struct text matched)
{
	x->response.status = 304;
	x->response.content_type = NULL;
	x->response.body = TEXT("");
	x->response.etag = matched;
}

static void respond_failed(struct exchange *x)
{
	x->response = (struct http_response){0};
	respond_problem(x, ERROR_PRECONDITION_FAILED,
			"the representation is another one than If-Match or If-Unmodified-Since names");
}

bool validators_apply(struct exchange *x, const struct accept_encoding *accepted)
{
	struct text matched;

	if (x->response.is_hashed)
		hash(x);
	switch (conditions_judge(&x->request, &x->response, accepted, &matched)) {
	case CONDITION_HOLDS:
		return true;
	case CONDITION_NOT_MODIFIED:
		respond_not_modified(x, matched);
		return false;
	default:
		respond_failed(x);
		return false;
	}
}

void validators_do_without(struct exchange *x)
{
	x->response.is_hashed = false;
	if (!x->request.has_if_match)
		return;
	x->response = (struct http_response){0};
	respond_problem(x, ERROR_BUSY, "too many large responses wait for a thread; If-Match was not looked at");
}

struct text validators_etag(struct exchange *x, enum coding coding)
{
	struct text etag = x->response.etag;

	if (etag.at == NULL)
		return TEXT("");
	if (coding == CODING_IDENTITY)
		return text_of(arena_printf(&x->arena, "\"%.*s\"", TEXT_ARGS(etag)));
	return text_of(arena_printf(&x->arena, "\"%.*s-%s\"", TEXT_ARGS(etag), coding_name(coding)));
}

struct text validators_date(struct exchange *x)
{
	char *date = arena_alloc(&x->arena, HTTP_DATE_BYTES);

	http_date_write(date, x->response.modified_s);
	return text_of(date);
}
