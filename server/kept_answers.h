/* kept_answers.h - the cache of a service, once one of its endpoints has `-- cache:`, and what it hears of NOTIFY.
 *
 * Life:    service_cache_begin() for each edition, behind service_events_begin() -> service_cache_destroy(), when no loop
 *          runs and nothing is listened for any more.
 * Thread:  one at a time: the start's, then reload's; at the end the start's again.
 * Limits:  options: cache_bytes.
 */
#pragma once

struct edition;
struct service;

/* Before an edition is served. */
void service_cache_begin(struct service *service, const struct edition *edition);
/* An edition is served: the answers of those before are forgotten. */
void service_cache_turn(struct service *service);
void service_cache_destroy(struct service *service);
