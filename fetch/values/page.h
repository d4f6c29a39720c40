/* page.h - what is asked of the fetcher, and what it answers: plain values.
 *
 * Owner:   an order is its exchange's; a page its task's: valid until the exchange waits for more pages.
 * Thread:  the owner's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/* Pages to fetch. Every URL is one that url_check() takes. */
struct fetch_order {
	const char *const *urls;
	unsigned count;
	unsigned concurrency; /* most of them at once */
	uint64_t interval_ns; /* between two starts at one host; 0: no rate */
	bool is_sequential;   /* one after another, in their order */
};

struct fetch_page {
	const char *url, *final_url;
	unsigned status;   /* of the last answer; 0: there was none */
	const char *title; /* UTF-8; NULL: none */
	const char *error; /* why there is no status, or no title where one could be; NULL: all is well */
	uint64_t bytes;    /* of the body, decompressed, that were read */
	uint64_t dns_us, connect_us, wait_us, transfer_us; /* over all redirects; connect with TLS */
	struct list link;                                  /* private */
};
