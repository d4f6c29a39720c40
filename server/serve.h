/* serve.h - serves the endpoints: listeners -> loops -> signals -> the end.
 *
 * Life:    serve(), once the options and the first edition are loaded; returns when the service has ended.
 * Owner:   the service is borrowed; the edition is taken over, and is gone afterwards.
 * Thread:  the main one. It runs the first loop, and starts the threads of the others.
 * Errors:  said on stderr before it serves, in the log from then on. What was not over in time ends the process.
 */
#pragma once

#include "server/edition/edition.h"
#include "server/service.h"

/* Returns the exit status: 0, or 1 when it could not serve. */
int serve(struct service *service, struct edition *edition);
