#include "base/run.h"

size_t run_json_length(struct text text)
{
	return run_length(text, run_json);
}

size_t run_length_before(struct text text, char one, char other)
{
	return run_length(text, (struct run_end){.one = one, .other = other});
}
