#include "base/run.h"

static inline size_t run_length(struct text text, struct run_end end)
{
	size_t at = 0;

	for (; text.length - at >= RUN_BLOCK; at += RUN_BLOCK) {
		run_ends ends = run_block_ends(text.at + at, end);

		if (ends != 0)
			return at + run_first(ends);
	}
	if (text.length - at >= RUN_WORD) {
		run_ends ends = run_word_ends(text.at + at, end);

		if (ends != 0)
			return at + run_first_of_word(ends);
		at += RUN_WORD;
	}
	while (at < text.length && !run_ends_at(text.at[at], end))
		at++;
	return at;
}

size_t run_json_length(struct text text)
{
	return run_length(text, run_json);
}

size_t run_length_before(struct text text, char one, char other)
{
	return run_length(text, (struct run_end){.one = one, .other = other});
}
