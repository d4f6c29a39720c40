/* libh2o reads a request's head with one function of its own, picohttpparser's phr_parse_request(). This one stands in
 * front of it for the whole program: the dynamic linker finds the program's symbols first. So a head is read once,
 * strictly, and what can not be understood is no plain 400 of libh2o's: it becomes a request that on_request() refuses,
 * with a problem, its time, and a closed connection, like all others.
 */
#include "server/http_border.h"

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

enum { INCOMPLETE = -2 };

/* libh2o hands a request without a body on before it reads the next. */
static _Thread_local struct http_guard_verdict refusal;
/* Its method: libh2o sends no body in answer to HEAD. */
static const char refused_get[] = "GET", refused_head[] = "HEAD";

const struct http_guard_verdict *http_parser_refusal(const h2o_req_t *request)
{
	const char *method = request->input.method.base;

	return method == refused_get || method == refused_head ? &refusal : NULL;
}

static bool begins_with_head(const char *raw, size_t bytes)
{
	static const char method[] = "HEAD ";
	size_t empty_lines = http_guard_empty_lines((struct text){raw, bytes});

	return bytes >= empty_lines + strlen(method) && memcmp(raw + empty_lines, method, strlen(method)) == 0;
}

/* A head that comes bit by bit is read again when a line of it has ended: at most as often as it may have lines. */
static bool is_worth_reading(const char *raw, size_t bytes, size_t bytes_before)
{
	return bytes_before == 0 || bytes >= HTTP_HEAD_BYTES_MAX ||
	       memchr(raw + bytes_before, '\n', bytes - bytes_before) != NULL;
}

int phr_parse_request(const char *raw, size_t bytes, const char **method, size_t *method_bytes, const char **path,
		      size_t *path_bytes, int *minor_version, struct phr_header *headers, size_t *header_count,
		      size_t bytes_before);

int phr_parse_request(const char *raw, size_t bytes, const char **method, size_t *method_bytes, const char **path,
		      size_t *path_bytes, int *minor_version, struct phr_header *headers, size_t *header_count,
		      size_t bytes_before)
{
	struct http_head head = {.fields = (struct http_field *)headers};
	struct http_guard_verdict verdict;

	if (!is_worth_reading(raw, bytes, bytes_before))
		return INCOMPLETE;
	verdict = http_guard_read(&head, (struct text){raw, bytes});
	if (verdict.is_incomplete)
		return INCOMPLETE;
	if (verdict.error != ERROR_NONE) {
		refusal = verdict;
		head = (struct http_head){
		    .method = text_of(begins_with_head(raw, bytes) ? refused_head : refused_get),
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
