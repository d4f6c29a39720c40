#include "fetch/document.h"

#include "base/clock.h"
#include "base/require.h"

enum { LOOK_MS = 50, CONNECTIONS = 1, STATUS_GOOD = 200 };

struct fetching {
	struct transfer transfer;
	struct multi multi;
	uv_timer_t look;
	struct buffer *document;
	const atomic_bool *is_over; /* the caller's end */
	CURLcode result;
};

static void end(struct fetching *fetching, CURLcode result)
{
	fetching->result = result;
	uv_stop(fetching->multi.loop);
}

static void on_over(CURL *easy, CURLcode result)
{
	struct transfer *transfer = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
	end(CONTAINER_OF(transfer, struct fetching, transfer), result);
}

static void on_look(uv_timer_t *timer)
{
	struct fetching *fetching = timer->data;

	if (atomic_load(fetching->is_over) || transfer_is_late(&fetching->transfer, clock_now_ns()))
		end(fetching, CURLE_OPERATION_TIMEDOUT);
}

static bool on_bytes(struct transfer *transfer, struct text bytes)
{
	buffer_add(CONTAINER_OF(transfer, struct fetching, transfer)->document, bytes);
	return true;
}

static const char *what_is_wrong(struct fetching *fetching, size_t bytes_max, struct arena *arena)
{
	unsigned status = transfer_status(&fetching->transfer);

	if (fetching->transfer.was_truncated)
		return arena_printf(arena, "it is longer than %zu bytes", bytes_max);
	if (fetching->result != CURLE_OK)
		return arena_copy(arena, text_of(transfer_explain(&fetching->transfer, fetching->result)));
	if (status != STATUS_GOOD)
		return arena_printf(arena, "the answer has the status %u; %u was expected", status, STATUS_GOOD);
	return NULL;
}

int document_fetch(const char *url, const struct transfer_settings *settings, size_t bytes_max, unsigned timeout_ms,
		   const atomic_bool *is_over, struct buffer *document, const char **why)
{
	struct fetching fetching = {.document = document, .is_over = is_over};
	uv_loop_t loop;

	REQUIRE(uv_loop_init(&loop) == 0);
	multi_open(&fetching.multi, &loop, CONNECTIONS, on_over);
	uv_timer_init(&loop, &fetching.look);
	fetching.look.data = &fetching;
	uv_timer_start(&fetching.look, on_look, LOOK_MS, LOOK_MS);
	fetching.transfer.settings = settings;
	fetching.transfer.multi = &fetching.multi;
	fetching.transfer.on_bytes = on_bytes;
	fetching.transfer.bytes_max = bytes_max;
	transfer_open(&fetching.transfer, url, clock_now_ns() + timeout_ms * NS_PER_MS);
	uv_run(&loop, UV_RUN_DEFAULT);
	*why = what_is_wrong(&fetching, bytes_max, document->arena);
	transfer_close(&fetching.transfer);
	multi_close(&fetching.multi);
	uv_close((uv_handle_t *)&fetching.look, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	REQUIRE(uv_loop_close(&loop) == 0);
	return *why == NULL ? 0 : -1;
}
