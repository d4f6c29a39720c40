#include "loadgen/figures/search.h"

#include <math.h>

void search_init(struct search *search, double limit, double precision)
{
	*search = (struct search){.lowest_bad = INFINITY, .precision = precision, .limit = limit};
}

double search_next(const struct search *search)
{
	double next, low = fmax(search->highest_good, search->passed_over);

	if (low <= 0)
		return search->lowest_bad <= 1 ? 0 : 1;
	if (isinf(search->lowest_bad))
		return low >= search->limit ? 0 : fmin(search->limit, low * 2);
	next = floor(sqrt(low * search->lowest_bad));
	return next <= low || search->lowest_bad / low < search->precision ? 0 : next;
}

void search_pass_over(struct search *search, double load)
{
	search->steps++;
	search->passed_over = fmax(search->passed_over, load);
}

void search_tell(struct search *search, double load, bool is_good)
{
	search->steps++;
	if (is_good && load > search->highest_good)
		search->highest_good = load;
	if (!is_good && load < search->lowest_bad)
		search->lowest_bad = load;
	if (search->highest_good >= search->lowest_bad) /* a level that was good is bad at a second look */
		search->highest_good = search->lowest_bad > 1 ? search->lowest_bad / 2 : 0;
}
