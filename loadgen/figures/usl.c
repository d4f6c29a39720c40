#include "loadgen/figures/usl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/engine/random.h"

enum { RESAMPLES = 1000, MARQUARDT_STEPS = 50 };

#define NO_PIVOT 1e-300

static double throughput(const struct usl_parameters *p, double n)
{
	return p->v[0] * n / (1 + p->v[1] * (n - 1) + p->v[2] * n * (n - 1));
}

double usl_throughput(const struct usl *usl, double n)
{
	return throughput(&(struct usl_parameters){{usl->lambda, usl->sigma, usl->kappa}}, n);
}

/* Gauss elimination of a matrix of sums of squares, which needs no pivots; false when there is no one solution. */
static bool solve(unsigned size, double m[3][4])
{
	for (unsigned c = 0; c < size; c++) {
		if (m[c][c] < NO_PIVOT)
			return false;
		for (unsigned r = 0; r < size; r++) {
			double times = m[r][c] / m[c][c];

			if (r == c)
				continue;
			for (unsigned k = c; k <= 3; k++)
				m[r][k] -= times * m[c][k];
		}
	}
	for (unsigned r = 0; r < size; r++)
		m[r][3] /= m[r][r];
	return true;
}

/* Weighted by X^4 / N^2 for an equal error in X. */
bool usl_fit_linear(const struct level *levels, size_t count, const bool uses[3], struct usl_parameters *result)
{
	unsigned place[3], size = 0;
	double m[3][4] = {{0}}, term[3] = {0};

	for (unsigned i = 0; i < 3; i++)
		if (uses[i])
			place[size++] = i;
	for (size_t i = 0; i < count; i++) {
		double n = levels[i].in_flight, x = levels[i].throughput, weight = x * x * x * x / (n * n);
		const double row[3] = {1, n - 1, n * (n - 1)};

		for (unsigned r = 0; r < size; r++) {
			for (unsigned c = 0; c < size; c++)
				m[r][c] += weight * row[place[r]] * row[place[c]];
			m[r][3] += weight * row[place[r]] * n / x;
		}
	}
	if (!solve(size, m))
		return false;
	for (unsigned i = 0; i < size; i++)
		term[place[i]] = m[i][3];
	*result = (struct usl_parameters){{1 / term[0], term[1] / term[0], term[2] / term[0]}};
	return term[0] > 0;
}

static double squares(const struct level *levels, size_t count, const struct usl_parameters *p)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double off = levels[i].throughput - throughput(p, levels[i].in_flight);

		sum += off * off;
	}
	return sum;
}

/* One step of Levenberg-Marquardt on X itself; false when it does not get better. */
static bool step(const struct level *levels, size_t count, const bool uses[3], struct usl_parameters *p,
		 double *damping)
{
	unsigned place[3], size = 0;
	double m[3][4] = {{0}}, before = squares(levels, count, p);
	struct usl_parameters next = *p;

	for (unsigned i = 0; i < 3; i++)
		if (uses[i])
			place[size++] = i;
	for (size_t i = 0; i < count; i++) {
		double n = levels[i].in_flight, x = throughput(p, n), below = p->v[0] * n / x;
		const double slope[3] = {x / p->v[0], -x * (n - 1) / below, -x * n * (n - 1) / below};

		for (unsigned r = 0; r < size; r++) {
			for (unsigned c = 0; c < size; c++)
				m[r][c] += slope[place[r]] * slope[place[c]];
			m[r][3] += slope[place[r]] * (levels[i].throughput - x);
		}
	}
	for (unsigned r = 0; r < size; r++)
		m[r][r] *= 1 + *damping;
	if (!solve(size, m))
		return false;
	for (unsigned i = 0; i < size; i++)
		next.v[place[i]] += m[i][3];
	if (next.v[0] > 0 && squares(levels, count, &next) < before) {
		*p = next;
		*damping /= 10;
		return true;
	}
	*damping *= 10;
	return *damping < 1e12;
}

static bool fit_with(const struct level *levels, size_t count, const bool uses[3], struct usl_parameters *p)
{
	double damping = 1e-3;

	if (!usl_fit_linear(levels, count, uses, p))
		return false;
	for (unsigned i = 0; i < MARQUARDT_STEPS && step(levels, count, uses, p, &damping); i++)
		;
	return true;
}

/* sigma and kappa below 0 mean nothing: the one that is goes, and the rest is fitted again. */
static bool fit(const struct level *levels, size_t count, struct usl_parameters *p)
{
	bool uses[3] = {true, true, true};

	if (!fit_with(levels, count, uses, p))
		return false;
	if (p->v[1] >= 0 && p->v[2] >= 0)
		return true;
	uses[p->v[1] < 0 ? 1 : 2] = false;
	if (!fit_with(levels, count, uses, p))
		return false;
	for (unsigned i = 1; i < 3; i++)
		if (p->v[i] < 0)
			uses[i] = false;
	return fit_with(levels, count, uses, p);
}

/* Levels with one of their repeats each, picked anew; where a level has but one, a residual of another is added. */
static void resample(const struct level *levels, size_t count, const struct usl_parameters *p, struct level *out,
		     uint64_t *random)
{
	for (size_t i = 0; i < count; i++) {
		const struct level *other = &levels[random_below(random, count)];

		out[i] = levels[i];
		if (levels[i].repeat_count > 1)
			out[i].throughput = levels[i].repeats[random_below(random, levels[i].repeat_count)];
		else
			out[i].throughput =
			    throughput(p, levels[i].in_flight) * other->throughput / throughput(p, other->in_flight);
	}
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct interval middle_95(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), ascending);
	return (struct interval){values[count / 40], values[count - 1 - count / 40]};
}

static void add_intervals(const struct level *levels, size_t count, const struct usl_parameters *p, uint64_t seed,
			  struct usl *usl)
{
	static const unsigned all = RESAMPLES;
	double found[3][RESAMPLES];
	struct level again[LEVELS_MAX];
	struct usl_parameters each;
	unsigned used = 0;

	for (unsigned i = 0; i < all; i++) {
		resample(levels, count, p, again, &seed);
		if (!fit(again, count, &each))
			continue;
		for (unsigned k = 0; k < 3; k++)
			found[k][used] = each.v[k];
		used++;
	}
	if (used < RESAMPLES / 2)
		return;
	usl->lambda_interval = middle_95(found[0], used);
	usl->sigma_interval = middle_95(found[1], used);
	usl->kappa_interval = middle_95(found[2], used);
}

static double r_squared(const struct level *levels, size_t count, const struct usl_parameters *p)
{
	double mean = 0, all = 0;

	for (size_t i = 0; i < count; i++)
		mean += levels[i].throughput / (double)count;
	for (size_t i = 0; i < count; i++)
		all += (levels[i].throughput - mean) * (levels[i].throughput - mean);
	return all > 0 ? 1 - squares(levels, count, p) / all : 0;
}

struct usl usl_fit(const struct level *levels, size_t count, uint64_t seed)
{
	struct usl usl = {.why = "the measured levels do not determine the law"};
	struct usl_parameters p;

	if (count < USL_LEVELS_MIN || count > LEVELS_MAX) {
		usl.why = "the law needs at least 6 levels of concurrency";
		return usl;
	}
	for (size_t i = 0; i < count; i++)
		if (!(levels[i].in_flight > 0) || !(levels[i].throughput > 0)) {
			usl.why = "at some level nothing was answered";
			return usl;
		}
	if (!fit(levels, count, &p))
		return usl;
	usl = (struct usl){.is_fitted = true, .lambda = p.v[0], .sigma = p.v[1], .kappa = p.v[2]};
	usl.r2 = r_squared(levels, count, &p);
	usl.ceiling = p.v[1] > 0 ? p.v[0] / p.v[1] : INFINITY;
	add_intervals(levels, count, &p, seed, &usl);
	/* below that, N_max is beyond anything that was ever measured: a rounding, not a peak */
	usl.has_peak = usl.sigma < 1 && usl.kappa_interval.low > 1e-12;
	if (usl.has_peak) {
		usl.n_max = sqrt(fmax(0, 1 - usl.sigma) / usl.kappa);
		usl.x_max = usl_throughput(&usl, usl.n_max);
	}
	return usl;
}
