/* events.h - an endpoint of `-- events: CHANNEL`: its rows as a snapshot, then what is notified on the channel.
 *
 * The channel is listened to before the snapshot is taken, so nothing between them is lost. What was committed in that
 * time is in the snapshot, and comes as an event once more. Behind a gap a new snapshot follows.
 *
 * Life:    sql_read_events() for the annotation -> sql_events_check() (event_channel.h), when the types are known -> sql_events_begin().
 * Owner:   the endpoint set's arena.
 * Limits:  a part of the body is the snapshot, or EVENT_PART_BYTES (events/hub.h); heartbeat_ms between two parts.
 * Errors:  before the first part a problem; later the body ends, or breaks off.
 */
#pragma once

#include "events/values/channel_name.h"
#include "exchange/router.h"

struct endpoint_events {
	struct channel_name channel;
	unsigned line;
	/* of each piece that is a parameter: which one, and how its value is written */
	unsigned parameters[CHANNEL_PIECES_MAX];
	enum channel_kind kinds[CHANNEL_PIECES_MAX];
};

/* The first step of the exchange; route->data is the plan. */
step_fn sql_events_begin;
