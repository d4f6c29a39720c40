#include "fetch/visit.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "fetch/values/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static struct visit *create(struct multi *multi, const struct transfer_settings *settings, struct host *host)
{
	struct visit *visit = memory_alloc_zeroed(1, sizeof(*visit));

	visit->transfer.multi = multi;
	visit->transfer.settings = settings;
	visit->host = host;
	list_init(&visit->link);
	list_init(&visit->task_link);
	host->active++;
	return visit;
}

/* A page */

static bool begins_with(const char *text, const char *beginning)
{
	return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

/* With the first bytes of a body, what the headers said. */
static void look_at_headers(struct visit *visit)
{
	CURL *easy = visit->transfer.easy;
	char *type = NULL, *location = NULL;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
	visit->is_redirect = location != NULL;
	visit->is_html = type == NULL || begins_with(type, "text/html") || begins_with(type, "application/xhtml+xml");
	title_init(&visit->title, text_of(type != NULL ? type : ""));
	visit->has_looked = true;
}

static void add_times(struct visit *visit)
{
	struct transfer_times times = transfer_times(&visit->transfer);
	struct fetch_page *result = &visit->page->result;

	result->dns_us += times.dns_us;
	result->connect_us += times.connect_us;
	result->wait_us += times.wait_us;
	result->transfer_us += times.transfer_us;
	result->bytes = visit->transfer.bytes;
	result->status = transfer_status(&visit->transfer);
	result->final_url = visit->page->url;
}

/* How long a name took to resolve tells whether there is one. */
static void leave_out_times(struct visit *visit)
{
	struct fetch_page *result = &visit->page->result;

	result->bytes = 0;
	result->status = 0;
	result->final_url = visit->page->url;
}

static void take_title(struct visit *visit)
{
	struct arena *arena = &visit->page->task->arena;
	struct buffer title = buffer_in(arena);

	if (!visit->has_looked || !visit->is_html || visit->is_redirect || !title_write(&visit->title, &title))
		return;
	visit->page->result.title = arena_copy(arena, buffer_text(&title));
}

/* The page is complete as it is; the rest of the body only serves the connection. */
static void publish(struct visit *visit)
{
	struct page *page = visit->page;

	add_times(visit);
	take_title(visit);
	visit->page = NULL;
	visit->drain_until_ns = clock_now_ns() + DRAIN_MS * NS_PER_MS;
	visit->found_at = visit->transfer.bytes;
	visit->published(page);
}

/* Whether the rest is worth being read. */
static bool is_worth_draining(const struct visit *visit)
{
	curl_off_t announced = -1, read = 0;

	curl_easy_getinfo(visit->transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	curl_easy_getinfo(visit->transfer.easy, CURLINFO_SIZE_DOWNLOAD_T, &read);
	return announced < 0 || announced - read <= DRAIN_BYTES;
}

static bool on_page_bytes(struct transfer *transfer, struct text bytes)
{
	struct visit *visit = CONTAINER_OF(transfer, struct visit, transfer);

	if (visit->page == NULL) /* published */
		return transfer->bytes - visit->found_at <= DRAIN_BYTES;
	if (!visit->has_looked)
		look_at_headers(visit);
	if (visit->is_redirect)
		return transfer->bytes <= DRAIN_BYTES;
	if (visit->is_html && title_add(&visit->title, bytes.at, bytes.length))
		return true;
	if (transfer_status(transfer) == 429 || transfer_status(transfer) == 503)
		return transfer->bytes <= DRAIN_BYTES; /* the end decides whether it comes back */
	publish(visit);
	return is_worth_draining(visit);
}

struct visit *visit_page(struct multi *multi, const struct transfer_settings *settings, struct host *host,
			 struct page *page, size_t bytes_max, visit_published_fn *published)
{
	struct visit *visit = create(multi, settings, host);

	visit->page = page;
	visit->published = published;
	visit->transfer.on_bytes = on_page_bytes;
	visit->transfer.bytes_max = bytes_max;
	list_append(&page->task->visits, &visit->task_link);
	transfer_open(&visit->transfer, page->url, page->deadline_ns);
	return visit;
}

bool visit_is_late(struct visit *visit, uint64_t now_ns)
{
	if (visit->page == NULL && !visit->is_robots)
		return now_ns >= visit->drain_until_ns;
	return transfer_is_late(&visit->transfer, now_ns);
}

static bool redirect(struct visit *visit)
{
	struct page *page = visit->page;
	struct arena *arena = &page->task->arena;
	char *location = NULL;
	const char *problem;

	curl_easy_getinfo(visit->transfer.easy, CURLINFO_REDIRECT_URL, &location);
	if (location == NULL)
		return false;
	problem = utf8_is_valid(text_of(location)) ? url_check(location) : "it is not UTF-8";
	if (problem != NULL)
		page->result.error = arena_printf(arena, "it redirects to a URL that is not taken: %s", problem);
	else if (page->redirects++ >= REDIRECTS_MAX)
		page->result.error = arena_printf(arena, "it redirects more than %d times", REDIRECTS_MAX);
	else
		page_goes_on_at(page, location);
	return page->result.error == NULL;
}

/* A host that says when it wants to be asked again is not asked before. */
static bool comes_back(struct visit *visit)
{
	struct page *page = visit->page;
	unsigned status = page->result.status;
	curl_off_t seconds = 0;

	curl_easy_getinfo(visit->transfer.easy, CURLINFO_RETRY_AFTER, &seconds);
	if (visit->transfer.is_to_be_left_alone_for_ever)
		seconds = INT64_MAX;
	if ((status != 429 && status != 503) || seconds <= 0)
		return false;
	host_leave_alone(visit->host, clock_now_ns(), (uint64_t)seconds);
	if (++page->tries < TRIES_MAX && seconds <= RETRY_AFTER_MAX_S)
		return true;
	page->result.error =
	    arena_printf(&page->task->arena, "the host asks to be left alone for %lld s", (long long)seconds);
	return false;
}

enum visit_outcome visit_conclude(struct visit *visit, CURLcode result)
{
	struct page *page = visit->page;
	struct arena *arena = &page->task->arena;

	if (transfer_is_refused(&visit->transfer, result))
		leave_out_times(visit);
	else
		add_times(visit);
	if (result != CURLE_OK && !visit->transfer.is_enough) {
		page->result.error = arena_copy(arena, text_of(transfer_explain(&visit->transfer, result)));
		return VISIT_IS_LAST;
	}
	if (redirect(visit))
		return VISIT_REDIRECTS;
	if (comes_back(visit))
		return VISIT_COMES_BACK;
	take_title(visit);
	if (visit->transfer.was_truncated && page->result.title == NULL && page->result.error == NULL)
		page->result.error =
		    arena_printf(arena, "there is no title in its first %zu bytes", visit->transfer.bytes_max);
	return VISIT_IS_LAST;
}

/* robots.txt */

static bool on_robots_bytes(struct transfer *transfer, struct text bytes)
{
	struct visit *visit = CONTAINER_OF(transfer, struct visit, transfer);

	buffer_add(&visit->robots, bytes);
	return visit->robots.length <= ROBOTS_BYTES_MAX;
}

struct visit *visit_robots(struct multi *multi, const struct transfer_settings *settings, struct host *host,
			   uint64_t timeout_ns)
{
	struct visit *visit = create(multi, settings, host);
	char url[8300];

	snprintf(url, sizeof(url), "%s/robots.txt", host->origin);
	visit->is_robots = true;
	visit->robots = buffer_in(&visit->arena);
	visit->transfer.on_bytes = on_robots_bytes;
	visit->transfer.bytes_max = ROBOTS_BYTES_MAX + 1;
	visit->transfer.follows_redirects = true;
	host->robots_state = ROBOTS_ASKED;
	transfer_open(&visit->transfer, url, clock_now_ns() + timeout_ns);
	return visit;
}

static void note_unreadable(struct host *host, const char *why)
{
	host->robots_state = ROBOTS_UNREADABLE;
	host->robots_until_ns = clock_now_ns() + ROBOTS_FAILURE_KEPT_S * NS_PER_S;
	snprintf(host->why, sizeof(host->why), "its host's robots.txt cannot be read: %.260s", why);
}

/* RFC 9309, 2.3.1: what is not there allows everything, what cannot be reached nothing. */
void visit_conclude_robots(struct visit *visit, CURLcode result)
{
	struct host *host = visit->host;
	unsigned status = transfer_status(&visit->transfer);

	arena_reset(&host->arena);
	host->robots = NULL;
	if (result != CURLE_OK && result != CURLE_TOO_MANY_REDIRECTS && !visit->transfer.is_enough) {
		note_unreadable(host, transfer_explain(&visit->transfer, result));
		return;
	}
	if (status >= 500) {
		note_unreadable(host, "it is answered with a server error");
		return;
	}
	if (status >= 200 && status < 300)
		host->robots = robots_parse(&host->arena, buffer_text(&visit->robots), "meantime");
	host->robots_state = ROBOTS_KNOWN;
	host->robots_until_ns = clock_now_ns() + ROBOTS_KEPT_S * NS_PER_S;
}

void visit_end(struct visit *visit)
{
	list_remove(&visit->link);
	list_remove(&visit->task_link);
	visit->host->active--;
	transfer_close(&visit->transfer);
	arena_cleanup(&visit->arena);
	free(visit);
}
