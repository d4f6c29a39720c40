#include "server/http/cors.h"

#include "base/memory.h"
#include "server/http/target.h"

#include <stdio.h>
#include <stdlib.h>

/* As a browser writes it: scheme, host, and a port that is not the scheme's own. */
static bool is_origin(struct text text)
{
	static const struct text schemes[] = {{"https://", 8}, {"http://", 7}};

	for (unsigned i = 0; i < ARRAY_LENGTH(schemes); i++) {
		struct text host = {text.at + schemes[i].length, text.length - schemes[i].length};

		if (text.length <= schemes[i].length || memcmp(text.at, schemes[i].at, schemes[i].length) != 0)
			continue;
		for (size_t j = 0; j < host.length; j++)
			if (host.at[j] >= 'A' && host.at[j] <= 'Z')
				return false;
		return host.at[0] != ':' && http_target_is_host(host);
	}
	return false;
}

static bool add(struct cors *cors, struct text origin, char *why, size_t why_bytes)
{
	if (!is_origin(origin)) {
		snprintf(why, why_bytes,
			 "\"%.*s\" is no origin; expected * or some such as https://app.example, in lower case and "
			 "without a path",
			 TEXT_ARGS(text_cut_to(origin, 100)));
		return false;
	}
	if (cors->count == CORS_ORIGINS_MAX) {
		snprintf(why, why_bytes, "there are more than %d origins", CORS_ORIGINS_MAX);
		return false;
	}
	cors->origins[cors->count++] = origin;
	return true;
}

struct cors *cors_create(const char *list, char *why, size_t why_bytes)
{
	struct cors *cors = memory_alloc_zeroed(1, sizeof(*cors));
	struct text rest = text_of(list);
	bool is_good = true;

	cors->takes_any = text_equal(text_trimmed(rest), TEXT("*"));
	while (!cors->takes_any && rest.length > 0 && is_good)
		is_good = add(cors, text_trimmed(text_cut_at(&rest, ',')), why, why_bytes);
	if (is_good)
		return cors;
	free(cors);
	return NULL;
}

void cors_destroy(struct cors *cors)
{
	free(cors);
}

bool cors_takes(const struct cors *cors, struct text origin)
{
	if (cors->takes_any)
		return true;
	for (unsigned i = 0; i < cors->count; i++)
		if (text_equal(cors->origins[i], origin))
			return true;
	return false;
}
