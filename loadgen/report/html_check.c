#include "loadgen/report/html.h"

#include <math.h>

#include "loadgen/figures/report_check.h"

static void write_share(FILE *out, const char *name, double share, const char *meaning)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", name);
	if (isfinite(share))
		fprintf(out, "%.1f&nbsp;%%", share * 100);
	else
		fputs("–", out);
	fprintf(out, "</td><td class=\"words\">%s</td></tr>\n", meaning);
}

static void write_lateness(FILE *out, const char *name, double us, const char *meaning)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", name);
	html_milliseconds(out, us / 1e3);
	fprintf(out, "</td><td class=\"words\">%s</td></tr>\n", meaning);
}

static void write_amount(FILE *out, const char *name, uint64_t amount, const char *meaning)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", name);
	html_amount(out, (double)amount);
	fprintf(out, "</td><td class=\"words\">%s</td></tr>\n", meaning);
}

static void write_table(const struct report *report, FILE *out)
{
	struct report_worst worst = report_worst_of(report);

	fputs(
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of the self-check\"><table>"
	    "<caption><span>The worst of all loads.</span></caption>\n<thead><tr><th scope=\"col\">of the "
	    "generator</th>"
	    "<th scope=\"col\">worst</th><th scope=\"col\" class=\"words\">unsound above</th></tr></thead>\n<tbody>\n",
	    out);
	write_lateness(out, "sends late, median", worst.lateness_p50_us, "1 ms, where requests are due on a schedule");
	write_lateness(out, "sends late, p99", worst.lateness_p99_us, "shown, not judged");
	write_share(out, "its own core busy", worst.cpu_share,
		    "80 %, where requests are due on a schedule; else throughput is a lower bound");
	write_share(out, "other programs' share of the processors", worst.others_share,
		    "no verdict about processors above 10 %");
	write_share(out, "connections missing",
		    worst.wanted > 0 ? fmax(0, 1 - (double)worst.up / (double)worst.wanted) : (double)NAN, "1 %");
	write_share(out, "residual of Little's law", worst.little_residual,
		    "5 %, from 1000 requests on: rate × time against requests under way as counted");
	write_amount(out, "connects that failed", worst.connect_failures, "shown, not judged");
	write_amount(out, "connections made anew", worst.reconnects, "shown, not judged");
	write_amount(out, "loads with a growing backlog", worst.unsteady,
		     "their percentiles depend on how long they ran");
	fputs("</tbody></table></div>\n", out);
}

static void write_reasons(const struct report *report, FILE *out)
{
	fputs("<ul>\n", out);
	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];

		for (unsigned j = 0; j < load->check.reason_count; j++) {
			fputs("<li>", out);
			if (load->arm < report->arm_count)
				html_text(out, report->arms[load->arm].name);
			fputs(", ", out);
			html_text(out, load->group != NULL && load->group[0] != '\0' ? load->group : load->what);
			fputs(": ", out);
			html_text(out, load->check.reasons[j]);
			fputs("</li>\n", out);
		}
	}
	fputs("</ul>\n", out);
}

static void write_entry(FILE *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	html_text(out, value);
	fputs("</dd>\n", out);
}

static void write_circumstances(const struct report *report, FILE *out)
{
	const struct report_machine *machine = &report->machine;

	fputs("<dl>\n", out);
	write_entry(out, "Command", report->command_line);
	write_entry(out, "Started", report->started);
	write_entry(out, "Processor", machine->processor);
	if (machine->cores > 0)
		fprintf(out, "<dt>Cores</dt><dd>%u</dd>\n", machine->cores);
	if (machine->memory_bytes > 0)
		fprintf(out, "<dt>Memory</dt><dd>%.1f GiB</dd>\n", (double)machine->memory_bytes / 1073741824.0);
	write_entry(out, "Kernel", machine->kernel);
	write_entry(out, "Program", "meantime-load " MEANTIME_VERSION);
	fputs("</dl>\n", out);
}

void report_html_check(const struct report *report, FILE *out)
{
	fputs("<section id=\"check\"><h2>Can these figures be trusted?</h2>\n", out);
	if (report->load_count > 0) {
		fputs(report->is_sound
			  ? "<p>✓ The generator kept up: the measurement is sound.</p>\n"
			  : "<p class=\"bad\">✗ The measurement is not sound, so there is no verdict:</p>\n",
		      out);
		write_reasons(report, out);
		fputs("<div id=\"lateness\"></div>\n", out);
		write_table(report, out);
	}
	write_circumstances(report, out);
	fputs("</section>\n", out);
}
