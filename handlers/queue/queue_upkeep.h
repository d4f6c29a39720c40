/* queue_upkeep.h - the first steps of what operators ask of a queue: dead letters, pause, limits, and a job's end.
 *
 * Thread:  any.
 */
#pragma once

#include "exchange/router.h"

step_fn queue_list_dead, queue_resend, queue_resend_all, queue_purge, queue_purge_all, queue_cancel, queue_pause,
    queue_resume, queue_limit;
