#include "fetch/multi.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

/* A socket that curl waits for. */
struct watch {
	uv_poll_t poll;
	struct multi *multi;
	curl_socket_t fd;
};

static void reap(struct multi *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi->curl, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result; /* the message dies with the removal */

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_multi_remove_handle(multi->curl, easy);
		multi->over(easy, result);
	}
}

static void act(struct multi *multi, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(multi->curl, fd, events, &running);
	/* always: the last transfer may have ended by its timeout */
	reap(multi);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	int said = 0;

	if (status < 0)
		said = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		said |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		said |= CURL_CSELECT_OUT;
	act(watch->multi, watch->fd, said);
}

static void on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct watch *start_watch(struct multi *multi, curl_socket_t fd)
{
	struct watch *watch = memory_alloc(sizeof(*watch));

	watch->multi = multi;
	watch->fd = fd;
	REQUIRE(uv_poll_init_socket(multi->loop, &watch->poll, fd) == 0);
	watch->poll.data = watch;
	curl_multi_assign(multi->curl, fd, watch);
	return watch;
}

/* curl's: what it waits for on a socket. Stopped before curl closes the descriptor, which may be used again at once. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *assigned)
{
	struct multi *multi = data;
	struct watch *watch = assigned;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE || multi->is_closing) {
		if (watch == NULL)
			return 0;
		curl_multi_assign(multi->curl, fd, NULL);
		uv_poll_stop(&watch->poll);
		uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
		return 0;
	}
	if (watch == NULL)
		watch = start_watch(multi, fd);
	if (what != CURL_POLL_OUT)
		events |= UV_READABLE;
	if (what != CURL_POLL_IN)
		events |= UV_WRITABLE;
	uv_poll_start(&watch->poll, events, on_poll);
	return 0;
}

/* curl's: when it wants to be called again. Never at once: it is inside one of its own functions. */
static int on_timeout(CURLM *curl, long timeout_ms, void *data)
{
	struct multi *multi = data;

	(void)curl;
	if (timeout_ms < 0 || multi->is_closing)
		uv_timer_stop(&multi->timer);
	else
		uv_timer_start(&multi->timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

void multi_open(struct multi *multi, uv_loop_t *loop, unsigned connections, multi_over_fn *over)
{
	*multi = (struct multi){.curl = curl_multi_init(), .loop = loop, .over = over};
	REQUIRE(multi->curl != NULL);
	uv_timer_init(loop, &multi->timer);
	multi->timer.data = multi;
	curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
	curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
	/* else four times the handles of the moment, counted anew each time: warm connections would be thrown away */
	curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)connections);
}

void multi_add(struct multi *multi, CURL *easy)
{
	/* curl's timeouts count from the loop's idea of now */
	uv_update_time(multi->loop);
	REQUIRE(curl_multi_add_handle(multi->curl, easy) == CURLM_OK);
}

void multi_remove(struct multi *multi, CURL *easy)
{
	curl_multi_remove_handle(multi->curl, easy);
}

void multi_close(struct multi *multi)
{
	multi->is_closing = true;
	curl_multi_cleanup(multi->curl);
	uv_close((uv_handle_t *)&multi->timer, NULL);
}
