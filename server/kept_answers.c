#include "server/kept_answers.h"

#include "cache/response_cache.h"
#include "events/hub.h"
#include "server/edition/edition.h"
#include "server/service.h"

static void on_listening(void *data)
{
	response_cache_note_heard(data);
}

static void on_event(void *data, struct text payload)
{
	response_cache_forget(data, payload);
}

static void on_lost(void *data)
{
	response_cache_note_unheard(data);
}

void service_cache_begin(struct service *service, const struct edition *edition)
{
	static struct event_tap tap = {"meantime_cache", on_listening, on_event, on_lost, NULL};

	if (!edition->has_cache || service->exchange.cache != NULL)
		return;
	service->exchange.cache = tap.data = response_cache_create(service->options->cache_bytes);
	event_hub_tap(service->run.events, &tap);
}

void service_cache_turn(struct service *service)
{
	if (service->exchange.cache != NULL)
		response_cache_forget_all(service->exchange.cache);
}

void service_cache_destroy(struct service *service)
{
	if (service->exchange.cache != NULL)
		response_cache_destroy(service->exchange.cache);
}
