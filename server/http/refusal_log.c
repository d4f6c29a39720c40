#include "server/http/refusal_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "exchange/exchange.h"

#include <inttypes.h>

enum { METHOD_BYTES_MAX = 20, PATH_BYTES_MAX = 200 };

static bool may_log(struct refusal_log *log, uint64_t now_ns)
{
	uint64_t second = now_ns / NS_PER_S;

	if (second != log->second) {
		log->second = second;
		log->count = 0;
	}
	if (log->count == REFUSALS_LOGGED_MAX) {
		log->left_out++;
		return false;
	}
	log->count++;
	return true;
}

static struct text allowed(const struct exchange *x)
{
	for (unsigned i = 0; i < x->response.header_count; i++)
		if (strcmp(x->response.headers[i].name, "allow") == 0)
			return x->response.headers[i].value;
	return TEXT("");
}

void refusal_log_note(struct refusal_log *log, struct text method, const struct exchange *x, uint64_t now_ns)
{
	struct text path = text_cut_to(x->request.path, PATH_BYTES_MAX);
	struct text shown = text_cut_to(method, METHOD_BYTES_MAX);
	bool is_cut = path.length < x->request.path.length;

	if (!may_log(log, now_ns))
		return;
	if (log->left_out > 0)
		log_info("http", "405: %" PRIu64 " more, one by one not logged", log->left_out);
	log->left_out = 0;
	log_info("http", "405: %.*s %.*s%s: the path takes %.*s", TEXT_ARGS(shown), TEXT_ARGS(path),
		 is_cut ? "..." : "", TEXT_ARGS(allowed(x)));
}
