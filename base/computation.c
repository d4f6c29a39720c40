#include "base/computation.h"

#include "base/clock.h"

bool computation_is_over(struct computation *computation)
{
	if (!atomic_load_explicit(computation->is_abandoned, memory_order_relaxed) &&
	    clock_now_ns() < computation->deadline_ns)
		return false;
	atomic_store(&computation->was_cut, true);
	return true;
}
