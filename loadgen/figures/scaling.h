/* scaling.h - where throughput must end: Amdahl, Little, the knee; and how far requests overlap.
 *
 * Little: L = X R.
 *
 * Thread: any; pure functions.
 */
#pragma once

#include <stddef.h>

/* Where waiting in line begins: N* = (D + Z) / D_max, with R(1) as D and 1 / X_max as D_max (operational analysis). */
double knee_of(double response_at_one_s, double think_s, double throughput_max);

/* Little's bound of a service whose `workers` each wait `wait_s` for the database: X <= workers / wait_s. */
double little_bound(double workers, double wait_s);

/* The serial share s, between 0 and 1, that fits T(n) = T(1) (s + (1 - s) / n) best. (Least squares through the first
 * point, which must be of one thread.) NAN for fewer than two points. And what it allows: 1 / (s + (1 - s) / n). */
double amdahl_share(const double *threads, const double *times, size_t count);
double amdahl_speedup(double share, double threads);

/* How much of K requests' time overlapped: (sum of solo - makespan) / (sum of solo - longest solo). With K equal ones
 * it is (K S - makespan) / ((K - 1) S). 0 queued behind each other, 1 all at once, and never beyond: what is, is the
 * noise of the solo times. NAN for fewer than two. */
double overlap_of(const double *solo, size_t count, double makespan);
