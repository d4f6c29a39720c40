#include "server/http/cors.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static size_t count_of(struct text text, const char *characters)
{
	size_t count = 0;

	while (count < text.length && text.at[count] != '\0' && strchr(characters, text.at[count]) != NULL)
		count++;
	return count;
}

static struct text behind(struct text text, size_t count)
{
	return (struct text){text.at + count, text.length - count};
}

/* A name in lower case, or an address; then maybe a port that is not `own`. */
static bool is_host(struct text host, struct text own)
{
	size_t count = count_of(host, "abcdefghijklmnopqrstuvwxyz0123456789-._");
	struct text port;

	if (host.at[0] == '[')
		count = 1 + count_of(behind(host, 1), "0123456789abcdef:.");
	if (count == 0 || (host.at[0] == '[' && (count == host.length || host.at[count++] != ']')))
		return false;
	port = behind(host, count);
	if (port.length == 0)
		return true;
	return port.at[0] == ':' && port.length > 1 && count_of(behind(port, 1), "0123456789") == port.length - 1 &&
	       !text_equal(port, own);
}

/* As a browser writes it: scheme, host, and a port that is not the scheme's own. */
static bool is_origin(struct text text)
{
	static const struct {
		struct text begins, port;
	} schemes[] = {{TEXT_INIT("https://"), TEXT_INIT(":443")}, {TEXT_INIT("http://"), TEXT_INIT(":80")}};

	for (unsigned i = 0; i < ARRAY_LENGTH(schemes); i++) {
		size_t before = schemes[i].begins.length;

		if (text.length > before && memcmp(text.at, schemes[i].begins.at, before) == 0)
			return is_host((struct text){text.at + before, text.length - before}, schemes[i].port);
	}
	return false;
}

static bool add(struct cors *cors, struct text origin, char *why, size_t why_bytes)
{
	if (!is_origin(origin)) {
		snprintf(why, why_bytes,
			 "\"%.*s\" is no origin; expected * or some such as https://app.example, in lower case, "
			 "without a path and without the scheme's own port",
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
