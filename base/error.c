#include "base/error.h"

#include "base/require.h"

static const struct {
	unsigned status;
	const char *title, *name;
} errors[ERROR_COUNT] = {
    [ERROR_NONE] = {200, "", "NONE"},
#define ERROR(name, status, title) [ERROR_##name] = {status, title, #name},
#include "base/error.def"
#undef ERROR
};

unsigned error_status(enum error error)
{
	REQUIRE(error < ERROR_COUNT);
	return errors[error].status;
}

const char *error_title(enum error error)
{
	REQUIRE(error < ERROR_COUNT);
	return errors[error].title;
}

const char *error_word(enum error error)
{
	REQUIRE(error < ERROR_COUNT);
	return errors[error].name;
}
