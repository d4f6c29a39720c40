/* http_method.h - the methods that the service knows.
 *
 * Thread:  any.
 */
#pragma once

#include "base/text.h"

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHOD_COUNT,
	HTTP_METHOD_UNKNOWN = HTTP_METHOD_COUNT
};

const char *http_method_name(enum http_method method);
enum http_method http_method_from(struct text name);
