#include "server/http/access.h"

#include "exchange/access.h"
#include "identity/verifier.h"
#include "server/state/metrics.h"

#include <time.h>

enum credential { CREDENTIAL_NONE, CREDENTIAL_ONE, CREDENTIAL_SEVERAL, CREDENTIAL_OTHER_SCHEME };

/* In the exchange's arena. */
struct http_access {
	struct computation computation;
	struct verifier *verifier;
	struct arena *arena;
	struct text credential;
	uint8_t digest[DIGEST_BYTES];
	struct identity identity;
	uint64_t generation; /* that it was verified at; 0: it was not */
	enum token_error error;
	unsigned looks; /* for newer keys */
};

/* A host that has newer keys is waited for so long: so often, each time so long. */
enum { KEY_LOOKS_MAX = 50, KEY_LOOK_MS = 20 };

static const char needs_identity[] = "this endpoint needs a token or an API key",
		  several_credentials[] = "the request has more than one credential; send one";

/* Credentials */

/* Takes the credential of one header line into *found. */
static enum credential take(struct text *found, struct text name, struct text value, enum credential so_far)
{
	struct text rest = value, scheme;

	if (text_equal_nocase(name, TEXT("authorization"))) {
		scheme = text_cut_at(&rest, ' ');
		if (!text_equal_nocase(scheme, TEXT("bearer")))
			return so_far == CREDENTIAL_NONE ? CREDENTIAL_OTHER_SCHEME : so_far;
		value = text_trimmed(rest);
	} else if (!text_equal_nocase(name, TEXT("x-api-key"))) {
		return so_far;
	}
	*found = value;
	return so_far == CREDENTIAL_NONE || so_far == CREDENTIAL_OTHER_SCHEME ? CREDENTIAL_ONE : CREDENTIAL_SEVERAL;
}

static enum credential find_in_request(const h2o_req_t *request, struct text *found)
{
	enum credential credential = CREDENTIAL_NONE;

	for (size_t i = 0; i < request->headers.size; i++) {
		const h2o_header_t *header = &request->headers.entries[i];

		credential = take(found, (struct text){header->name->base, header->name->len},
				  (struct text){header->value.base, header->value.len}, credential);
	}
	return credential;
}

static enum credential find_in_head(const struct http_head *head, struct text *found)
{
	enum credential credential = CREDENTIAL_NONE;

	for (unsigned i = 0; i < head->field_count; i++)
		credential = take(found, head->fields[i].name, head->fields[i].value, credential);
	return credential;
}

/* Refusing */

/* RFC 6750, section 3. `code` NULL: no credential came, and nothing is said of one. */
static void add_challenge(struct exchange *x, const char *code, const char *description)
{
	struct buffer challenge = buffer_in(&x->arena);

	buffer_add(&challenge, TEXT("Bearer realm=\"meantime\""));
	if (code != NULL)
		buffer_printf(&challenge, ", error=\"%s\", error_description=\"%s\"", code, description);
	response_add_header(x, "www-authenticate", buffer_text(&challenge));
}

static enum step refuse_several(struct exchange *x)
{
	add_challenge(x, "invalid_request", "More than one credential was sent.");
	return respond_problem(x, ERROR_BAD_INPUT, "%s", several_credentials);
}

static enum step refuse_token(struct exchange *x, enum token_error error)
{
	add_challenge(x, TOKEN_ERROR_CODE, token_error_sentence(error));
	return respond_problem(x, ERROR_UNAUTHORIZED, "%s", token_error_sentence(error));
}

static const char *list_roles(const struct access *access, struct arena *arena)
{
	struct buffer list = buffer_in(arena);

	for (unsigned i = 0; i < access->role_count; i++)
		buffer_printf(&list, "%s%.*s", i > 0 ? ", " : "", TEXT_ARGS(access->roles[i]));
	return arena_copy(arena, buffer_text(&list));
}

static enum step refuse_role(struct exchange *x, enum access_verdict verdict)
{
	const struct access *access = x->request.match.route->access;

	add_challenge(x, "insufficient_scope", "The role of the identity may not call this endpoint.");
	if (verdict == ACCESS_NEEDS_ROLE)
		return respond_problem(x, ERROR_FORBIDDEN, "the identity has no role, and this endpoint needs one");
	return respond_problem(x, ERROR_FORBIDDEN, "the role %.*s may not call this endpoint; the roles that may: %s",
			       TEXT_ARGS(x->identity->role), list_roles(access, &x->arena));
}

/* Steps */

static step_fn verified;

static enum step go_on(struct exchange *x)
{
	const struct route *route = x->request.match.route;
	enum access_verdict verdict = access_check(route->access, x->identity);

	x->state = NULL;
	if (LIKELY(verdict == ACCESS_GRANTED))
		return route->first(x);
	if (verdict != ACCESS_NEEDS_IDENTITY)
		return refuse_role(x, verdict);
	add_challenge(x, NULL, NULL);
	return respond_problem(x, ERROR_UNAUTHORIZED, "%s", needs_identity);
}

static step_fn verify;

static enum step look_again(struct exchange *x)
{
	struct http_access *access = x->state;

	if (verifier_generation(access->verifier) != access->generation)
		return verify(x);
	return verified(x);
}

/* A token of a key that is not known: the keys may have been changed. */
static bool waits_for_keys(struct http_access *access)
{
	return (access->error == TOKEN_KEY_UNKNOWN || access->error == TOKEN_NO_KEYS) &&
	       access->looks++ < KEY_LOOKS_MAX && verifier_ask_for_keys(access->verifier);
}

static enum step verified(struct exchange *x)
{
	struct http_access *access = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (waits_for_keys(access))
		return await_timer(x, KEY_LOOK_MS, look_again);
	/* the time of the endpoint's own work begins now */
	x->work_ns = 0;
	x->work_name = NULL;
	if (access->error == TOKEN_NO_KEYS)
		return respond_problem(x, ERROR_BUSY, "the keys of tokens are not there yet; try again");
	if (access->error != TOKEN_GOOD)
		return refuse_token(x, access->error);
	x->identity = &access->identity;
	return go_on(x);
}

static void run(struct computation *computation, unsigned part)
{
	struct http_access *access = CONTAINER_OF(computation, struct http_access, computation);

	(void)part;
	access->error = verifier_check(access->verifier, access->credential, time(NULL), access->arena,
				       &access->identity, &access->generation);
}

static enum step verify(struct exchange *x)
{
	struct http_access *access = x->state;

	access->computation = (struct computation){.parts = 1, .run = run};
	return await_compute(x, &access->computation, verified);
}

/* The border */

static step_fn *begin_with(struct http_reply *reply, struct text credential)
{
	struct exchange *x = &reply->x;
	struct verifier *verifier = reply->edition->edition->verifier;
	struct http_access *access = arena_alloc_zeroed(&x->arena, sizeof(*access));
	const struct identity *found;

	x->state = access;
	digest_sha256(credential, access->digest);
	found = token_cache_find(reply->http->identities, access->digest, verifier_generation(verifier), time(NULL));
	if (LIKELY(found != NULL)) {
		access->identity = identity_copy(found, &x->arena);
		x->identity = &access->identity;
		return go_on;
	}
	reply->access = access;
	access->verifier = verifier;
	access->arena = &x->arena;
	access->credential = (struct text){arena_copy(&x->arena, credential), credential.length};
	return verify;
}

step_fn *http_access_begin(struct http_reply *reply)
{
	const struct route *route = reply->x.request.match.route;
	struct text credential;

	if (LIKELY(reply->edition->edition->verifier == NULL) || route->access == NULL)
		return route->first;
	switch (find_in_request(reply->request, &credential)) {
	case CREDENTIAL_ONE:
		return begin_with(reply, credential);
	case CREDENTIAL_SEVERAL:
		return refuse_several;
	default:
		return go_on;
	}
}

void http_access_note(struct http_reply *reply)
{
	const struct http_access *access = reply->access;
	struct metrics *metrics = reply->http->http->settings.metrics;

	reply->access = NULL;
	if (access->generation == 0)
		return;
	metrics_note_credential(metrics, reply->http->number, access->error);
	/* an edition before this one may have known other API keys */
	if (access->error == TOKEN_GOOD && reply->edition == reply->http->edition)
		token_cache_add(reply->http->identities, access->digest, access->generation, &access->identity);
}

/* Before the body */

static struct http_guard_verdict refuse(enum error error, const char *detail)
{
	return (struct http_guard_verdict){.error = error, .detail = detail};
}

static struct http_guard_verdict look_at(struct http_loop *http, const struct http_head *head,
					 const struct access *access)
{
	struct verifier *verifier = http->edition->edition->verifier;
	const struct identity *identity = NULL;
	uint8_t digest[DIGEST_BYTES];
	struct text credential;

	switch (find_in_head(head, &credential)) {
	case CREDENTIAL_SEVERAL:
		return refuse(ERROR_BAD_INPUT, several_credentials);
	case CREDENTIAL_ONE:
		digest_sha256(credential, digest);
		identity = token_cache_find(http->identities, digest, verifier_generation(verifier), time(NULL));
		if (identity == NULL) /* whether it is good is not known yet */
			return refuse(ERROR_NONE, NULL);
		break;
	default:
		break;
	}
	switch (access_check(access, identity)) {
	case ACCESS_GRANTED:
		return refuse(ERROR_NONE, NULL);
	case ACCESS_NEEDS_IDENTITY:
		return refuse(ERROR_UNAUTHORIZED, needs_identity);
	default:
		return refuse(ERROR_FORBIDDEN, "the role of the identity may not call this endpoint");
	}
}

struct http_guard_verdict http_access_look(struct http_loop *http, const struct http_head *head)
{
	struct text target = head->target, path = text_cut_at(&target, '?');
	struct http_guard_verdict verdict = {.error = ERROR_NONE};
	struct arena scratch = {0};
	struct route_match match;

	if (http->edition->edition->verifier == NULL)
		return verdict;
	memset(&match, 0, sizeof(match));
	router_match(&http->edition->edition->router, http_method_from(head->method), path, &scratch, &match);
	if (match.malformed == NULL && match.route != NULL && match.route->access != NULL)
		verdict = look_at(http, head, match.route->access);
	arena_cleanup(&scratch);
	return verdict;
}
