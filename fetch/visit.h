/* visit.h - one request to one host: a hop of a page on its way to its title, or a host's robots.txt.
 *
 * Life:    visit_page() or visit_robots() -> visit_end(), when it is over or late. In between the page
 *          may have been published already. What is left of a small body is read, so that its connection can be used
 *          again (`page` is NULL then).
 * Owner:   visit_page() and visit_robots() allocate it, visit_end() frees it; settings, host and page are borrowed.
 * Thread:  the fetcher's.
 */
#pragma once

#include "fetch/host.h"
#include "fetch/task.h"
#include "fetch/values/title.h"
#include "fetch/transfer.h"

enum {
	REDIRECTS_MAX = 10,
	TRIES_MAX = 3,  /* of a page whose host says Retry-After */
	DRAIN_MS = 300, /* how long the rest of a body may take for its connection's sake */
	DRAIN_BYTES = 65536,
};

/* What becomes of a page after a visit. */
enum visit_outcome {
	VISIT_IS_LAST,   /* its result is complete */
	VISIT_REDIRECTS, /* page->url is where it goes on */
	VISIT_COMES_BACK /* the host wants to be left alone for a while */
};

typedef void visit_published_fn(struct page *page);

struct visit {
	struct transfer transfer;
	struct list link;      /* of all */
	struct list task_link; /* of the task's; robots.txt has none */
	struct host *host;
	struct page *page;             /* NULL: robots.txt, or published already */
	visit_published_fn *published; /* the title was found before the end of the body */
	bool is_robots, has_looked, is_html, is_redirect;
	struct title title;
	uint64_t drain_until_ns;
	uint64_t found_at;  /* of the body's bytes */
	struct arena arena; /* of the next */
	struct buffer robots;
};

struct visit *visit_page(struct multi *multi, const struct transfer_settings *settings, struct host *host,
			 struct page *page, size_t bytes_max, visit_published_fn *published);
struct visit *visit_robots(struct multi *multi, const struct transfer_settings *settings, struct host *host,
			   uint64_t timeout_ns);
bool visit_is_late(struct visit *visit, uint64_t now_ns);
/* The transfer is over: fills in the page's result, or says where it goes on. Of robots.txt: what the host allows. */
enum visit_outcome visit_conclude(struct visit *visit, CURLcode result);
void visit_conclude_robots(struct visit *visit, CURLcode result);
void visit_end(struct visit *visit);
