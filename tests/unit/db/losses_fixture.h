/* losses_fixture.h - batches whose connections are lost. */
#pragma once

#include "pipeline_fixture.h"

#include "db/rerun.h"

/* As often as a write of one row where sixteen serializable clients do the same. */
enum { RERUNS_NEEDED = 20 };
