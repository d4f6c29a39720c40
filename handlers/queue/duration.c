#include "handlers/queue/duration.h"

#include "base/clock.h"
#include "base/compiler.h"

static const struct {
	struct text word;
	uint64_t ns;
} units[] = {
    {TEXT_INIT("ms"), NS_PER_MS},      {TEXT_INIT("s"), NS_PER_S},         {TEXT_INIT("m"), 60 * NS_PER_S},
    {TEXT_INIT("h"), 3600 * NS_PER_S}, {TEXT_INIT("d"), 86400 * NS_PER_S},
};

#define LONGEST_NS (UINT64_C(366) * 86400 * NS_PER_S)

bool duration_read(struct text text, uint64_t *ns)
{
	uint64_t number = 0;
	size_t digits = 0;

	while (digits < text.length && text.at[digits] >= '0' && text.at[digits] <= '9' && number < LONGEST_NS / 10)
		number = number * 10 + (uint64_t)(text.at[digits++] - '0');
	if (digits == 0)
		return false;
	text = (struct text){text.at + digits, text.length - digits};
	for (unsigned i = 0; i < ARRAY_LENGTH(units); i++)
		if (text_equal(text, units[i].word) && number <= LONGEST_NS / units[i].ns) {
			*ns = number * units[i].ns;
			return true;
		}
	return false;
}
