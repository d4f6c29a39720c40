#include "identity/token_error.h"

static const char *const sentences[] = {
    [TOKEN_GOOD] = "",
#define TOKEN_ERROR(name, sentence) [TOKEN_##name] = sentence,
#include "identity/token_error.def"
#undef TOKEN_ERROR
};

static const char *const words[] = {
    [TOKEN_GOOD] = "GOOD",
#define TOKEN_ERROR(name, sentence) [TOKEN_##name] = #name,
#include "identity/token_error.def"
#undef TOKEN_ERROR
};

const char *token_error_sentence(enum token_error error)
{
	return sentences[error];
}

const char *token_error_word(enum token_error error)
{
	return words[error];
}
