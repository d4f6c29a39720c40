#include "loadgen/report/html.h"

#include <math.h>
#include <string.h>

bool html_load_is_same_experiment(const struct report_load *a, const struct report_load *b)
{
	const char *group_a = a->group != NULL ? a->group : "", *group_b = b->group != NULL ? b->group : "";
	const char *what_a = a->what != NULL ? a->what : "", *what_b = b->what != NULL ? b->what : "";
	double apart = fabs(a->delay_ms - b->delay_ms) + fabs(a->rate - b->rate);

	/* what is compared may be at two URLs: on one arm it is another load */
	return a->model == b->model && a->pipeline == b->pipeline && apart < 1e-9 && strcmp(group_a, group_b) == 0 &&
	       (a->arm != b->arm || strcmp(what_a, what_b) == 0);
}

bool html_load_is_same(const struct report_load *a, const struct report_load *b)
{
	return a->concurrency == b->concurrency && html_load_is_same_experiment(a, b);
}

bool html_load_is_of_curve(const struct report *report, const struct report_load *load)
{
	unsigned others[2], other_count = 0;

	for (unsigned i = 0; i < report->load_count && other_count < 2; i++) {
		unsigned concurrency = report->loads[i]->concurrency;

		if (concurrency == load->concurrency || !html_load_is_same_experiment(report->loads[i], load))
			continue;
		if (other_count == 0 || others[0] != concurrency)
			others[other_count++] = concurrency;
	}
	return other_count == 2;
}

bool html_load_is_of_distance(const struct report_load *load)
{
	return load->group != NULL && strncmp(load->group, "delay ", strlen("delay ")) == 0;
}

void html_load_words(FILE *out, const struct report_load *load)
{
	if (load->model == LOAD_OPEN) {
		html_amount(out, load->rate);
		fputs(load->arrivals == ARRIVALS_POISSON ? " requests/s, random arrivals" : " requests/s due", out);
	} else {
		html_amount(out, load->concurrency);
		fputs(" at once", out);
		if (load->pipeline > 1)
			fprintf(out, ", %u on each connection", load->pipeline);
	}
	if (load->delay_ms > 0) {
		fputs(", database ", out);
		html_milliseconds(out, load->delay_ms);
		fputs(" away", out);
	} else if (html_load_is_of_distance(load)) {
		fputs(", database not delayed", out);
	}
}

void html_load_name(FILE *out, const struct report *report, const struct report_load *load)
{
	for (unsigned i = 0; i < report->load_count; i++)
		if (html_load_is_same(report->loads[i], load) && report->loads[i]->what != NULL && load->what != NULL &&
		    strcmp(report->loads[i]->what, load->what) != 0) {
			fputs("each its own", out);
			return;
		}
	fputs("<code>", out);
	html_text(out, load->what);
	fputs("</code>", out);
}
