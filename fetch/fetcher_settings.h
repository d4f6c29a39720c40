/* fetcher_settings.h - what the fetcher is told at its start.
 *
 * Owner:   the fetcher copies it; what the transfer's settings point to is borrowed for its life.
 */
#pragma once

#include "fetch/transfer.h"

struct fetcher_settings {
	struct transfer_settings transfer;
	unsigned connections, host_connections, tasks_max;
	size_t page_bytes_max; /* of a page's body, decompressed */
	unsigned timeout_ms;   /* of a page, from its first request on; redirects included */
};
