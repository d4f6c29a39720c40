/* search.h - the search for the highest load that still meets a goal: doubling, then bisection.
 *
 * Life:    search_init() -> (search_next() -> search_tell() or search_pass_over())* until search_next() returns 0.
 * Thread:  one.
 * Limits:  no load above `limit`.
 */
#pragma once

#include <stdbool.h>

struct search {
	double lowest_bad, highest_good; /* INFINITY and 0 in the beginning */
	double precision;                /* ends when bad / good is below it, e.g. 1.1 */
	double limit;
	double passed_over; /* the highest load that nothing can be said of */
	unsigned steps;
};
void search_init(struct search *search, double limit, double precision);
/* The load to try next; 0 when the search is over. */
double search_next(const struct search *search);
void search_tell(struct search *search, double load, bool is_good);
/* Nothing can be said of `load`: neither good nor bad, and not to be tried again. */
void search_pass_over(struct search *search, double load);
