/* Any bytes as responses, cut where the first bytes say: however they are cut, the same is read. */
#include "loadgen/engine/response.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Feeds all of it in pieces of `step` bytes, each in memory of its own size. */
static enum response_state feed(struct response *response, const uint8_t *bytes, size_t length, size_t step,
				size_t *taken)
{
	enum response_state state = RESPONSE_INCOMPLETE;

	for (*taken = 0; *taken < length && state == RESPONSE_INCOMPLETE;) {
		size_t size = length - *taken < step ? length - *taken : step;
		char *copy = malloc(size);
		struct text piece = {copy, size};

		memcpy(copy, bytes + *taken, size);
		state = response_feed(response, &piece);
		REQUIRE(piece.length <= size && piece.at == copy + (size - piece.length));
		REQUIRE(state != RESPONSE_INCOMPLETE || piece.length == 0);
		*taken += size - piece.length;
		free(copy);
	}
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct response whole, cut;
	enum response_state state;
	size_t taken, taken_cut, step;

	if (length < 2)
		return 0;
	step = 1 + bytes[0] % 64;
	response_init(&whole, bytes[1] & 1);
	response_init(&cut, bytes[1] & 1);
	state = feed(&whole, bytes + 2, length - 2, length, &taken);
	REQUIRE(feed(&cut, bytes + 2, length - 2, step, &taken_cut) == state);
	if (state == RESPONSE_MALFORMED) {
		REQUIRE(whole.what != NULL && cut.what != NULL);
		return 0;
	}
	REQUIRE(taken == taken_cut && whole.status == cut.status && whole.bytes == cut.bytes);
	REQUIRE(whole.timing.queue_us == cut.timing.queue_us && whole.timing.database_us == cut.timing.database_us &&
		whole.timing.total_us == cut.timing.total_us && whole.is_keep_alive == cut.is_keep_alive);
	REQUIRE(state != RESPONSE_WHOLE || (whole.status >= 200 && whole.status <= 999));
	REQUIRE(response_close(&whole) == response_close(&cut));
	return 0;
}
