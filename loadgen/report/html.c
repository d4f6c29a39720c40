#include "loadgen/report/html.h"

#include "loadgen/report/json.h"
#include "loadgen/report/report_formats.h"

#include <string.h>

/* Joins "sync", "threads" and "async". */
static void write_arm_names(const struct report *report, FILE *out)
{
	for (unsigned i = 0; i < report->arm_count; i++) {
		if (i > 0)
			fputs(i + 1 == report->arm_count ? " and " : ", ", out);
		html_text(out, report->arms[i].name);
	}
}

static void write_title(const struct report *report, FILE *out)
{
	if (report->arm_count > 1) {
		write_arm_names(report, out);
		fputs(", compared", out);
	} else if (report->load_count > 0 && report->loads[0]->what != NULL) {
		html_text(out, report->loads[0]->what);
		fputs(" under load", out);
	} else if (report->burst_count > 0) {
		fprintf(out, "A burst of %u requests", report->bursts[0].bar_count);
	} else if (report->items_count > 0) {
		fputs("Items that a queue joins", out);
	} else {
		fputs("Load report", out);
	}
}

static void write_style(const struct report *report, FILE *out)
{
	(void)report;
	fputs(PAGE_CSS, out);
}

static void write_policy(const struct report *report, FILE *out)
{
	(void)report;
	fprintf(out,
		"default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; "
		"form-action 'none'",
		PAGE_CSS_HASH, PAGE_JS_HASH);
}

static void write_started(const struct report *report, FILE *out)
{
	html_text(out, "meantime-load ");
	html_text(out, report->command);
	if (report->started != NULL) {
		fputs(", ", out);
		html_text(out, report->started);
	}
	if (report->machine.processor != NULL) {
		fputs(", ", out);
		html_text(out, report->machine.processor);
	}
}

static void write_soundness(const struct report *report, FILE *out)
{
	if (!report->is_sound)
		fputs("<p class=\"badge bad\">✗ Not sound: no verdict. <a href=\"#check\">Why</a></p>\n", out);
	if (report->is_interrupted)
		fputs("<p class=\"badge bad\">✗ Interrupted: this is what there was by then.</p>\n", out);
}

/* The most important sentence stands alone, the others below it. */
static void write_sentences(const struct report *report, FILE *out)
{
	if (report->sentence_count == 0)
		return;
	fputs("<p class=\"verdict\">", out);
	html_text(out, report->sentences[0]);
	fputs("</p>\n", out);
	if (report->sentence_count == 1)
		return;
	fputs("<ul class=\"sentences\">\n", out);
	for (unsigned i = 1; i < report->sentence_count; i++) {
		fputs("<li>", out);
		html_text(out, report->sentences[i]);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

/* JSON as it is, but for '<': inside a script element only "</script" and "<!--" mean something. */
static void write_json_text(FILE *out, struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '<')
			fputs("\\u003c", out);
		else
			fputc(text.at[i], out);
	}
}

static void write_data(const struct report *report, FILE *out)
{
	struct arena arena = {0};
	struct buffer text = buffer_in(&arena);
	struct json_out json = {.out = &text};

	json_out_open(&json, NULL, '{');
	report_json_write(&json, "report", report, false);
	report_html_points(&json, report);
	report_html_spectra(&json, report);
	json_out_close(&json);
	write_json_text(out, buffer_text(&text));
	arena_cleanup(&arena);
}

static void write_script(const struct report *report, FILE *out)
{
	(void)report;
	fputs(PAGE_JS, out);
}

/* Of items there is nothing more than their own section. */
static void write_arms(const struct report *report, FILE *out)
{
	if (report->items_count > 0)
		return;
	fputs("<section id=\"arms\"><h2>Side by side</h2>\n", out);
	report_html_arms(report, out);
	fputs("\n</section>", out);
}

/* What stands for @name@ in page/report.html. */
static const struct {
	const char *name;
	void (*write)(const struct report *report, FILE *out);
} PARTS[] = {
    {"policy", write_policy},
    {"style", write_style},
    {"title", write_title},
    {"started", write_started},
    {"soundness", write_soundness},
    {"grid", report_html_grid},
    {"sentences", write_sentences},
    {"goals", report_html_goals},
    {"arms", write_arms},
    {"bursts", report_html_bursts},
    {"differences", report_html_differences},
    {"items", report_html_items},
    {"speedup", report_html_speedup},
    {"check", report_html_check},
    {"data", write_data},
    {"script", write_script},
};

/* Returns what follows the part at `at`, which begins with '@'; a part that is not known is text. */
static const char *write_part(const struct report *report, FILE *out, const char *at)
{
	for (size_t i = 0; i < ARRAY_LENGTH(PARTS); i++) {
		size_t length = strlen(PARTS[i].name);

		if (strncmp(at + 1, PARTS[i].name, length) == 0 && at[length + 1] == '@') {
			PARTS[i].write(report, out);
			return at + length + 2;
		}
	}
	fputc('@', out);
	return at + 1;
}

int report_write_html(const struct report *report, FILE *out)
{
	const char *at = PAGE_HTML, *next;

	while ((next = strchr(at, '@')) != NULL) {
		fwrite(at, 1, (size_t)(next - at), out);
		at = write_part(report, out, next);
	}
	fputs(at, out);
	return fflush(out) != 0 || ferror(out) ? -1 : 0;
}
