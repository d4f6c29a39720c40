/* read_json.h - a report back from its JSON, as far as diff needs it, in its parts.
 */
#pragma once

#include "loadgen/figures/report.h"
#include "loadgen/report/json_reader.h"

/* read_json_load.c: one of "loads"; `data` is the report, whose arms have been read. */
int report_read_json_load(struct json_reader *reader, json_t *object, unsigned index, void *data);
