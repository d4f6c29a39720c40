#include "loadgen/figures/tally.h"

#include "base/buffer.h"
#include "loadgen/engine/request_redirect.h"

uint64_t good_of(const struct report_load *load)
{
	uint64_t good = 0;

	for (unsigned status = 200; status < 400; status++)
		good += load->statuses[status];
	return good;
}

uint64_t failures_of(const struct report_load *load)
{
	uint64_t good = good_of(load);

	return load->requests - (good < load->requests ? good : load->requests);
}

void tally_add_load(struct tally *tally, const struct report_load *load)
{
	/* what was never sent, or cut off by Ctrl-C, did not fail */
	uint64_t untried =
	    load->outcomes[OUTCOME_NOT_SENT] + (load->is_interrupted ? load->outcomes[OUTCOME_CUT_OFF] : 0);

	tally->requests += load->requests - untried;
	tally->failed += failures_of(load) - untried;
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		tally->outcomes[i] += load->outcomes[i];
	for (unsigned i = 0; i < ARRAY_LENGTH(tally->statuses); i++)
		tally->statuses[i] += load->statuses[i];
}

void tally_add_burst(struct tally *tally, const struct report_burst *burst)
{
	const struct record_log *log = &burst->measurement.records;

	for (uint64_t i = 0; i < log->count; i++) {
		const struct record *record = record_log_at(log, i);

		if (burst->measurement.is_interrupted && record->outcome == OUTCOME_CUT_OFF)
			continue;
		tally->requests++;
		tally->failed += !record_is_good(record);
		tally->outcomes[record->outcome]++;
		tally->statuses[record->status < ARRAY_LENGTH(tally->statuses) ? record->status : 0]++;
	}
}

bool tally_fails(const struct tally *tally)
{
	return (double)tally->failed > FAILURES_MAX * (double)tally->requests;
}

uint64_t tally_redirects(const struct tally *tally)
{
	uint64_t redirects = 0;

	for (unsigned status = 300; status < 400; status++)
		redirects += request_redirect_is_status(status) ? tally->statuses[status] : 0;
	return redirects;
}

const char *tally_worst(const struct tally *tally, struct arena *arena)
{
	const char *worst = "nothing";
	uint64_t most = 0;

	for (unsigned i = OUTCOME_ANSWERED + 1; i < OUTCOME_COUNT; i++)
		if (tally->outcomes[i] > most) {
			most = tally->outcomes[i];
			worst = outcome_word((enum outcome)i);
		}
	for (unsigned status = 1; status < ARRAY_LENGTH(tally->statuses); status++)
		if ((status < 200 || status >= 400) && tally->statuses[status] > most) {
			most = tally->statuses[status];
			worst = arena_printf(arena, "status %u", status);
		}
	return worst;
}

const char *tally_words(const struct tally *tally, struct arena *arena)
{
	struct buffer words = buffer_in(arena);

	for (unsigned status = 1; status < ARRAY_LENGTH(tally->statuses); status++)
		if (tally->statuses[status] > 0)
			buffer_printf(&words, "%sstatus %u%s %llu time%s", words.length > 0 ? ", " : "", status,
				      request_redirect_is_status(status) ? " (a redirect)" : "",
				      (unsigned long long)tally->statuses[status],
				      tally->statuses[status] == 1 ? "" : "s");
	for (unsigned i = OUTCOME_ANSWERED + 1; i < OUTCOME_COUNT; i++)
		if (tally->outcomes[i] > 0)
			buffer_printf(&words, "%s%s %llu time%s", words.length > 0 ? ", " : "",
				      outcome_word((enum outcome)i), (unsigned long long)tally->outcomes[i],
				      tally->outcomes[i] == 1 ? "" : "s");
	return arena_copy(arena, buffer_text(&words));
}
