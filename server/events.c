#include "server/events.h"

#include "events/hub.h"
#include "events/listener.h"
#include "server/edition/edition.h"
#include "server/service.h"

static struct event_hub *create_hub(const struct options *options)
{
	return event_hub_create(&(struct event_hub_settings){
	    .subscribers_max = options->max_subscribers,
	    .channels_max = options->max_channels,
	    .history_max = options->event_history,
	    .history_bytes = options->event_history_bytes,
	});
}

void service_events_begin(struct service *service, const struct edition *edition)
{
	const struct options *options = service->options;

	if (service->run.events != NULL || !edition_listens(edition, options->mode))
		return;
	service->run.events = create_hub(options);
	service->listener = event_listener_create(service->run.events, &service->run.db_for_events,
						  options->loops * options->db_connections);
}

void service_events_turn(struct service *service, const struct edition *edition)
{
	if (service->run.events != NULL)
		event_hub_turn(service->run.events, edition->catalog.edition);
}

void service_events_end(struct service *service)
{
	if (service->run.events != NULL)
		event_hub_end(service->run.events);
}

bool service_events_destroy(struct service *service)
{
	if (service->run.events == NULL)
		return true;
	if (!event_listener_stop(service->listener))
		return false;
	event_listener_destroy(service->listener);
	event_hub_destroy(service->run.events);
	return true;
}
