#include "base/http_method.h"

static const struct text names[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = TEXT_INIT("GET"),         [HTTP_HEAD] = TEXT_INIT("HEAD"),   [HTTP_POST] = TEXT_INIT("POST"),
    [HTTP_PUT] = TEXT_INIT("PUT"),         [HTTP_PATCH] = TEXT_INIT("PATCH"), [HTTP_DELETE] = TEXT_INIT("DELETE"),
    [HTTP_OPTIONS] = TEXT_INIT("OPTIONS"),
};

const char *http_method_name(enum http_method method)
{
	return method < HTTP_METHOD_COUNT ? names[method].at : "?";
}

enum http_method http_method_from(struct text name)
{
	for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++)
		if (text_equal(name, names[method]))
			return method;
	return HTTP_METHOD_UNKNOWN;
}
