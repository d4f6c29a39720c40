#include "loadgen/figures/scaling.h"

#include <math.h>

/* P. Denning, J. Buzen, "The operational analysis of queueing network models", 1978: N* = (D + Z) / D_max */
double knee_of(double response_at_one_s, double think_s, double throughput_max)
{
	return (response_at_one_s + think_s) * throughput_max;
}

double amdahl_share(const double *threads, const double *times, size_t count)
{
	double products = 0, squares = 0;

	if (count < 2 || threads[0] != 1)
		return NAN;
	for (size_t i = 1; i < count; i++) {
		double gained = 1 - 1 / threads[i];

		products += (times[i] / times[0] - 1 / threads[i]) * gained;
		squares += gained * gained;
	}
	return squares > 0 ? fmax(0, fmin(1, products / squares)) : NAN;
}

double amdahl_speedup(double share, double threads)
{
	return 1 / (share + (1 - share) / threads);
}

double little_bound(double workers, double wait_s)
{
	return wait_s > 0 ? workers / wait_s : INFINITY;
}

double overlap_of(const double *solo, size_t count, double makespan)
{
	double sum = 0, longest = 0;

	for (size_t i = 0; i < count; i++) {
		sum += solo[i];
		longest = solo[i] > longest ? solo[i] : longest;
	}
	return count < 2 || !(sum > longest) ? NAN : fmax(0, fmin(1, (sum - makespan) / (sum - longest)));
}
