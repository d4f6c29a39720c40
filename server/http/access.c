#include "server/http/access.h"

#include "base/log.h"
#include "exchange/access.h"
#include "identity/verifier.h"
#include "server/http/gate.h"
#include "server/state/metrics.h"

#include <time.h>

/* What header lines bring. */
struct credentials {
	struct text one; /* the last of them */
	unsigned count, authorizations;
};

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
	unsigned looks;   /* for newer keys */
	bool is_for_head; /* that is held: no request has come yet */
};

/* A host that has newer keys is waited for so long: so often, each time so long. */
enum { KEY_LOOKS_MAX = 50, KEY_LOOK_MS = 20 };

/* Credentials */

/* Of another scheme than Bearer an Authorization line brings none. It is counted, since it may stand once (RFC 9110). */
static void take(struct credentials *credentials, struct text name, struct text value)
{
	struct text rest = value, scheme;

	if (text_equal_nocase(name, TEXT("authorization"))) {
		credentials->authorizations++;
		scheme = text_cut_at(&rest, ' ');
		if (!text_equal_nocase(scheme, TEXT("bearer")))
			return;
		value = text_trimmed(rest);
	} else if (!text_equal_nocase(name, TEXT("x-api-key"))) {
		return;
	}
	credentials->one = value;
	credentials->count++;
}

static bool are_several(const struct credentials *credentials)
{
	return credentials->count > 1 || credentials->authorizations > 1;
}

static struct credentials find_in_request(const h2o_req_t *request)
{
	struct credentials credentials = {0};

	for (size_t i = 0; i < request->headers.size; i++) {
		const h2o_header_t *header = &request->headers.entries[i];

		take(&credentials, (struct text){header->name->base, header->name->len},
		     (struct text){header->value.base, header->value.len});
	}
	return credentials;
}

static struct credentials find_in_head(const struct http_head *head)
{
	struct credentials credentials = {0};

	for (unsigned i = 0; i < head->field_count; i++)
		take(&credentials, head->fields[i].name, head->fields[i].value);
	return credentials;
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
	return respond_problem(x, ERROR_BAD_INPUT, "the request has more than one credential; send one");
}

static enum step refuse_token(struct exchange *x, enum token_error error)
{
	if (error == TOKEN_NO_KEYS)
		return respond_problem(x, ERROR_BUSY, "the keys of tokens are not there yet; try again");
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
	enum step answered;

	x->state = NULL;
	if (LIKELY(verdict == ACCESS_GRANTED))
		return http_gate_pass(x, &answered) ? route->first(x) : answered;
	if (verdict != ACCESS_NEEDS_IDENTITY)
		return refuse_role(x, verdict);
	add_challenge(x, NULL, NULL);
	return respond_problem(x, ERROR_UNAUTHORIZED, "this endpoint needs a token or an API key");
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
	if (access->is_for_head)
		return respond_empty(x, 204);
	/* the time of the endpoint's own work begins now */
	x->work_ns = 0;
	x->work_name = NULL;
	x->has_worked = false;
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

	access->computation = (struct computation){.parts = 1, .run = run, .is_prompt = true};
	return await_compute(x, &access->computation, verified);
}

/* The border */

/* What cannot be good is refused without a computation. */
static enum step refuse_at_sight(struct exchange *x)
{
	const struct http_access *access = x->state;

	return refuse_token(x, access->error);
}

/* `access` has its digest already. */
static step_fn *begin_verifying(struct http_reply *reply, struct http_access *access, struct text credential)
{
	struct exchange *x = &reply->x;

	x->state = access;
	reply->access = access;
	access->verifier = reply->edition->edition->verifier;
	access->arena = &x->arena;
	access->credential = (struct text){arena_copy(&x->arena, credential), credential.length};
	return verify;
}

/* Of one that its head was held for, the verification was counted. */
static void count_known(struct http_reply *reply)
{
	struct http_loop *http = reply->http;

	if (!reply->client->held.is_counted)
		metrics_note_known_credential(http->http->settings.metrics, http->number);
	reply->client->held.is_counted = false;
}

/* A client learns little of why; the log says it, where it is asked for. */
static void count_verified(struct http_reply *reply, enum token_error error)
{
	metrics_note_credential(reply->http->http->settings.metrics, reply->http->number, error);
	if (error != TOKEN_GOOD)
		log_debug("http", "a credential is refused: %s", token_error_word(error));
}

static enum token_error look_and_count(struct http_reply *reply, struct text credential)
{
	enum token_error error = verifier_look(reply->edition->edition->verifier, credential);

	if (error != TOKEN_GOOD)
		count_verified(reply, error);
	return error;
}

static step_fn *begin_with(struct http_reply *reply, struct text credential)
{
	struct exchange *x = &reply->x;
	struct http_loop *http = reply->http;
	struct verifier *verifier = reply->edition->edition->verifier;
	struct http_access *access = arena_alloc_zeroed(&x->arena, sizeof(*access));
	const struct identity *found;

	x->state = access;
	digest_sha256(credential, access->digest);
	found = token_cache_find(http->identities, access->digest, verifier_generation(verifier), time(NULL));
	if (LIKELY(found != NULL)) {
		count_known(reply);
		access->identity = identity_copy(found, &x->arena);
		x->identity = &access->identity;
		return go_on;
	}
	access->error = reply->error != TOKEN_GOOD ? reply->error : look_and_count(reply, credential);
	return access->error != TOKEN_GOOD ? refuse_at_sight : begin_verifying(reply, access, credential);
}

step_fn *http_access_prove(struct http_reply *prover, struct text credential)
{
	struct http_access *access = arena_alloc_zeroed(&prover->x.arena, sizeof(*access));

	access->is_for_head = true;
	digest_sha256(credential, access->digest);
	return begin_verifying(prover, access, credential);
}

bool http_access_is_asked(const struct http_reply *reply)
{
	return UNLIKELY(reply->edition->edition->verifier != NULL) && reply->x.request.match.route->access != NULL;
}

step_fn *http_access_begin(struct http_reply *reply)
{
	struct credentials credentials;

	if (!http_access_is_asked(reply))
		return reply->x.request.match.route->first;
	credentials = find_in_request(reply->request);
	if (are_several(&credentials))
		return refuse_several;
	return credentials.count == 1 ? begin_with(reply, credentials.one) : go_on;
}

enum token_error http_access_note(struct http_reply *reply)
{
	const struct http_access *access = reply->access;

	reply->access = NULL;
	if (access->generation == 0)
		return TOKEN_GOOD;
	count_verified(reply, access->error);
	/* an edition before this one may have known other API keys */
	if (access->error == TOKEN_GOOD && reply->edition == reply->http->edition)
		token_cache_add(reply->http->identities, access->digest, access->generation, &access->identity);
	return access->error;
}

/* Before the body */

/* A credential that this loop does not know. */
static enum http_head_verdict look_at_unknown(struct client *client, struct text credential, bool was_held)
{
	struct http_loop *http = client->http;

	if (verifier_look(http->edition->edition->verifier, credential) != TOKEN_GOOD)
		return HTTP_HEAD_REFUSED;
	if (!was_held)
		return http_held_begin(client, credential);
	http->head_error = client->held.error;
	return http->head_error == TOKEN_GOOD ? HTTP_HEAD_PASSES : HTTP_HEAD_REFUSED;
}

static enum http_head_verdict look(struct client *client, const struct http_head *head, const struct access *access,
				   bool was_held)
{
	struct http_loop *http = client->http;
	struct credentials credentials = find_in_head(head);
	const struct identity *identity = NULL;
	uint8_t digest[DIGEST_BYTES];

	if (are_several(&credentials))
		return HTTP_HEAD_REFUSED;
	if (credentials.count == 1) {
		digest_sha256(credentials.one, digest);
		identity = token_cache_find(http->identities, digest,
					    verifier_generation(http->edition->edition->verifier), time(NULL));
		if (identity == NULL)
			return look_at_unknown(client, credentials.one, was_held);
	}
	return access_check(access, identity) == ACCESS_GRANTED ? HTTP_HEAD_PASSES : HTTP_HEAD_REFUSED;
}

enum http_head_verdict http_access_look(struct client *client, const struct http_head *head)
{
	const struct edition *edition = client->http->edition->edition;
	struct text target = head->target, path = text_cut_at(&target, '?');
	struct arena scratch = {0};
	struct route_match match;
	bool was_held = http_held_take(client), is_asked;

	if (edition->verifier == NULL)
		return HTTP_HEAD_PASSES;
	memset(&match, 0, sizeof(match));
	router_match(&edition->router, http_method_from(head->method), path, &scratch, &match);
	is_asked = match.malformed == NULL && match.route != NULL && match.route->access != NULL;
	arena_cleanup(&scratch);
	return is_asked ? look(client, head, match.route->access, was_held) : HTTP_HEAD_PASSES;
}
