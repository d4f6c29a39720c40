#include "loadgen/figures/slices.h"

#include <stdlib.h>

#include "base/memory.h"
#include "loadgen/engine/sort.h"

unsigned slices_find(const struct slices *slices, uint64_t ns)
{
	return ns < slices->from_ns ? slices->count : (unsigned)((ns - slices->from_ns) / slices->length_ns);
}

struct slices slices_of(const struct measurement *m, uint64_t length_ns)
{
	struct slices slices = {.from_ns = m->window_from_ns, .length_ns = length_ns};
	uint64_t *places;

	slices.count = (unsigned)((m->window_to_ns - m->window_from_ns) / length_ns);
	slices.starts = memory_alloc_zeroed(slices.count + 2, sizeof(*slices.starts));
	slices.times_ns = memory_alloc((m->records.count + 1) * sizeof(*slices.times_ns));
	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);
		unsigned slice = slices_find(&slices, record->done_ns);

		if (slice < slices.count && record_has_time(record))
			slices.starts[slice + 1]++;
	}
	for (unsigned i = 0; i < slices.count; i++)
		slices.starts[i + 1] += slices.starts[i];
	places = memory_alloc((slices.count + 1) * sizeof(*places));
	for (unsigned i = 0; i < slices.count; i++)
		places[i] = slices.starts[i];
	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);
		unsigned slice = slices_find(&slices, record->done_ns);

		if (slice < slices.count && record_has_time(record))
			slices.times_ns[places[slice]++] = record_response_ns(record);
	}
	for (unsigned i = 0; i < slices.count; i++)
		sort_u64(slices.times_ns + slices.starts[i], slices.starts[i + 1] - slices.starts[i]);
	free(places);
	return slices;
}

void slices_cleanup(struct slices *slices)
{
	free(slices->starts);
	free(slices->times_ns);
}
