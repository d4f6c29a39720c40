/* A line a request: CSV (RFC 4180) and NDJSON, the same columns. */
#include <inttypes.h>

#include "base/buffer.h"
#include "loadgen/report/format.h"
#include "loadgen/report/report_formats.h"

enum { OUT_BUFFER_BYTES = 1024 * 1024 };

/* What all requests of one load have in common. */
struct common {
	const char *arm, *group, *what;
	unsigned round;
	bool is_burst;
	unsigned length; /* of a burst */
	const struct measurement *measurement;
};

typedef void row_writer(FILE *out, const struct common *common, const struct record *record);

/* Each load, then each burst, in the order in which they were measured. */
static int each_row(const struct report *report, FILE *out, row_writer *write)
{
	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];
		struct common common = {.arm = report->arms[load->arm].name,
					.group = load->group,
					.what = load->what,
					.round = load->round,
					.measurement = &load->measurement};

		for (uint64_t j = 0; j < load->measurement.records.count; j++)
			write(out, &common, record_log_at(&load->measurement.records, j));
	}
	for (unsigned i = 0; i < report->burst_count; i++) {
		const struct report_burst *burst = &report->bursts[i];
		struct common common = {
		    .arm = report->arms[burst->arm].name, .group = "burst", .measurement = &burst->measurement};

		for (uint64_t j = 0; j < burst->measurement.records.count; j++) {
			common.what = burst->bars[j % burst->bar_count].label;
			common.round = (unsigned)(j / burst->bar_count) + 1;
			write(out, &common, record_log_at(&burst->measurement.records, j));
		}
	}
	return ferror(out) ? -1 : 0;
}

static void csv_text(FILE *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void timing(FILE *out, const char *before, uint32_t us, const char *unknown)
{
	if (us == TIMING_UNKNOWN)
		fprintf(out, "%s%s", before, unknown);
	else
		fprintf(out, "%s%" PRIu32, before, us);
}

static void write_csv_row(FILE *out, const struct common *common, const struct record *r)
{
	csv_text(out, common->arm);
	fprintf(out, ",%u,", common->round);
	csv_text(out, common->group);
	fputc(',', out);
	csv_text(out, common->what);
	fprintf(out,
		",%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%s,%" PRIu32
		",%" PRIu32,
		r->request, r->intended_ns, r->sent_ns, r->first_ns, r->done_ns, record_response_ns(r),
		r->sent_ns > 0 ? record_service_ns(r) : 0, r->status, outcome_word((enum outcome)r->outcome), r->bytes,
		r->connection);
	fprintf(out, ",%u", r->redirects);
	timing(out, ",", r->queue_us, "");
	timing(out, ",", r->database_us, "");
	timing(out, ",", r->total_us, "");
	fprintf(out, ",%u,%u\r\n", r->is_warmup, r->is_late);
}

int report_write_csv(const struct report *report, FILE *out)
{
	setvbuf(out, NULL, _IOFBF, OUT_BUFFER_BYTES);
	fputs("arm,round,group,what,request,intended_ns,sent_ns,first_ns,done_ns,response_ns,service_ns,status,outcome,"
	      "bytes,"
	      "connection,redirects,queue_us,database_us,total_us,is_warmup,is_late\r\n",
	      out);
	return each_row(report, out, write_csv_row);
}

static void write_ndjson_row(FILE *out, const struct common *common, const struct record *r)
{
	fputs("{\"arm\":", out);
	format_json_string(out, common->arm);
	fprintf(out, ",\"round\":%u,\"group\":", common->round);
	format_json_string(out, common->group);
	fputs(",\"what\":", out);
	format_json_string(out, common->what);
	fprintf(out,
		",\"request\":%u,\"intended_ns\":%" PRIu64 ",\"sent_ns\":%" PRIu64 ",\"first_ns\":%" PRIu64
		",\"done_ns\":%" PRIu64 ",\"response_ns\":%" PRIu64 ",\"service_ns\":%" PRIu64
		",\"status\":%u,\"outcome\":\"%s\",\"bytes\":%" PRIu32 ",\"connection\":%" PRIu32,
		r->request, r->intended_ns, r->sent_ns, r->first_ns, r->done_ns, record_response_ns(r),
		r->sent_ns > 0 ? record_service_ns(r) : 0, r->status, outcome_word((enum outcome)r->outcome), r->bytes,
		r->connection);
	fprintf(out, ",\"redirects\":%u", r->redirects);
	timing(out, ",\"queue_us\":", r->queue_us, "null");
	timing(out, ",\"database_us\":", r->database_us, "null");
	timing(out, ",\"total_us\":", r->total_us, "null");
	fprintf(out, ",\"is_warmup\":%s,\"is_late\":%s}\n", r->is_warmup ? "true" : "false",
		r->is_late ? "true" : "false");
}

int report_write_ndjson(const struct report *report, FILE *out)
{
	setvbuf(out, NULL, _IOFBF, OUT_BUFFER_BYTES);
	return each_row(report, out, write_ndjson_row);
}
