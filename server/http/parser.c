/* libh2o reads a request's head and a chunked body with functions of picohttpparser's. These two stand in front of them
 * for the whole program: the dynamic linker finds the program's symbols first. So a head is read once, strictly, and a
 * body, too. What cannot be understood is no plain 400 of libh2o's. It becomes a request that on_request() refuses, with a
 * problem, its time, and a closed connection, like all others.
 */
#include "server/http/border.h"
#include "server/http/access.h"
#include "server/http/chunked.h"

/* As picohttpparser.h has it, which Debian does not ship. */
struct phr_header {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};
_Static_assert(sizeof(struct phr_header) == sizeof(struct http_field) &&
		   offsetof(struct phr_header, value) == offsetof(struct http_field, value),
	       "libh2o's place for header lines is ours");
_Static_assert(HTTP_FIELDS_MAX == H2O_MAX_HEADERS, "libh2o has as many places");

_Static_assert(offsetof(struct http_chunked, libh2os) == sizeof(size_t) &&
		   sizeof(struct http_chunked) <= 2 * sizeof(size_t),
	       "libh2o's place for a decoder is ours: the size of a chunk, a flag that it sets, and two bytes");

enum { INCOMPLETE = -2 };

/* libh2o's calls have no place for it. Set before any loop runs. */
static uint32_t max_body_bytes;

/* libh2o hands a request on before it reads the next: a request that is to be refused is the one that comes next. */
static _Thread_local struct http_guard_verdict refusal;
static _Thread_local bool is_refused;

/* libh2o reads in this thread: some requests are refused before their body comes. */
static _Thread_local bool reads_for_loop;

void http_parser_begin(uint32_t body_bytes)
{
	max_body_bytes = body_bytes;
}

void http_parser_begin_thread(void)
{
	reads_for_loop = true;
}

const struct http_guard_verdict *http_parser_refusal(void)
{
	if (LIKELY(!is_refused))
		return NULL;
	is_refused = false;
	return &refusal;
}

static void refuse(struct http_guard_verdict verdict)
{
	refusal = verdict;
	is_refused = true;
}

static bool begins_with_head(const char *raw, size_t bytes)
{
	static const char method[] = "HEAD ";
	size_t empty_lines = http_guard_empty_lines((struct text){raw, bytes});

	return bytes >= empty_lines + strlen(method) && memcmp(raw + empty_lines, method, strlen(method)) == 0;
}

/* The request goes on as one without a body, and is the last of its connection. */
static void leave_body(struct http_head *head, size_t bytes)
{
	unsigned count = 0;

	for (unsigned i = 0; i < head->field_count; i++) {
		struct text name = head->fields[i].name;

		if (!text_equal_nocase(name, TEXT("content-length")) &&
		    !text_equal_nocase(name, TEXT("transfer-encoding")) && !text_equal_nocase(name, TEXT("expect")))
			head->fields[count++] = head->fields[i];
	}
	head->field_count = count;
	head->bytes = bytes;
}

/* A head that comes bit by bit is read again when a line of it has ended. So it is read at most as often as it may
 * have lines. */
static bool is_worth_reading(const char *raw, size_t bytes, size_t bytes_before)
{
	return bytes_before == 0 || bytes >= HTTP_HEAD_BYTES_MAX ||
	       memchr(raw + bytes_before, '\n', bytes - bytes_before) != NULL;
}

/* libh2o has the method put into its request. */
static struct client *client_that_sends(const char **method)
{
	h2o_req_t *request = H2O_STRUCT_FROM_MEMBER(h2o_req_t, input.method.base, method);

	return request->conn->callbacks->get_socket(request->conn)->on_close.data;
}

/* Then nothing has come since it was read, and it is read again. */
static bool was_held(const char **method)
{
	return reads_for_loop && client_that_sends(method)->held.is_over;
}

/* A page of another origin is to read why it is refused. Returns how many fields are left. */
static unsigned keep_origin(struct http_head *head)
{
	for (unsigned i = 0; i < head->field_count; i++)
		if (text_equal_nocase(head->fields[i].name, TEXT("origin"))) {
			head->fields[0] = head->fields[i];
			return 1;
		}
	return 0;
}

int phr_parse_request(const char *raw, size_t bytes, const char **method, size_t *method_bytes, const char **path,
		      size_t *path_bytes, int *minor_version, struct phr_header *headers, size_t *header_count,
		      size_t bytes_before);

int phr_parse_request(const char *raw, size_t bytes, const char **method, size_t *method_bytes, const char **path,
		      size_t *path_bytes, int *minor_version, struct phr_header *headers, size_t *header_count,
		      size_t bytes_before)
{
	struct http_head head = {.fields = (struct http_field *)headers, .max_body_bytes = max_body_bytes};
	struct http_guard_verdict verdict;
	unsigned field_count;

	if (!is_worth_reading(raw, bytes, bytes_before) && !was_held(method))
		return INCOMPLETE;
	verdict = http_guard_read(&head, (struct text){raw, bytes});
	if (verdict.is_incomplete)
		return INCOMPLETE;
	if (UNLIKELY(head.has_body) && verdict.error == ERROR_NONE && reads_for_loop)
		switch (http_access_look(client_that_sends(method), &head)) {
		case HTTP_HEAD_PASSES:
			break;
		case HTTP_HEAD_WAITS:
			return INCOMPLETE;
		case HTTP_HEAD_REFUSED:
			refuse(verdict);
			leave_body(&head, bytes);
			break;
		}
	if (verdict.error != ERROR_NONE) {
		refuse(verdict);
		field_count = keep_origin(&head);
		/* libh2o sends no body in answer to HEAD */
		head = (struct http_head){
		    .field_count = field_count,
		    .method = begins_with_head(raw, bytes) ? TEXT("HEAD") : TEXT("GET"),
		    .target = TEXT("/"),
		    .minor_version = 1,
		    .bytes = bytes,
		};
	}
	*method = head.method.at;
	*method_bytes = head.method.length;
	*path = head.target.at;
	*path_bytes = head.target.length;
	*minor_version = (int)head.minor_version;
	*header_count = head.field_count;
	return (int)head.bytes;
}

ssize_t phr_decode_chunked(struct http_chunked *chunked, char *bytes, size_t *length);

/* Leaves the body's bytes, *length of them, and behind them what follows it. Returns how much that is, or INCOMPLETE. */
ssize_t phr_decode_chunked(struct http_chunked *chunked, char *bytes, size_t *length)
{
	size_t used, decoded, rest;
	struct http_guard_verdict verdict =
	    http_chunked_decode(chunked, bytes, *length, max_body_bytes, &used, &decoded);

	rest = *length - used;
	*length = decoded;
	if (verdict.is_incomplete)
		return INCOMPLETE;
	if (verdict.error != ERROR_NONE) {
		refuse(verdict);
		return 0;
	}
	memmove(bytes + decoded, bytes + used, rest);
	return (ssize_t)rest;
}
