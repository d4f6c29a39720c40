#include "loop/pulse.h"

void pulse_end(struct pulse *pulse)
{
	atomic_store(&pulse->is_over, true);
}

bool pulse_look(struct pulse *pulse, uint64_t since_ms, uint64_t longest_ms)
{
	unsigned beats = atomic_load_explicit(&pulse->beats, memory_order_relaxed);

	if (beats != pulse->seen || atomic_load(&pulse->is_over))
		pulse->still_ms = 0;
	else
		pulse->still_ms += since_ms;
	pulse->seen = beats;
	return pulse->still_ms >= longest_ms;
}
