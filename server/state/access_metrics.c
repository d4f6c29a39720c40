#include "server/state/access_metrics.h"

#include "server/state/metrics_text.h"

#include <ctype.h>

static unsigned long long get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_verified(struct buffer *out, enum token_error error, unsigned long long count)
{
	buffer_add(out, TEXT("meantime_credentials_verified_total{result=\""));
	for (const char *c = token_error_word(error); *c != '\0'; c++)
		buffer_add_char(out, (char)tolower((unsigned char)*c));
	buffer_printf(out, "\"} %llu\n", count);
}

static void write_credentials(const struct access_counters *loops, unsigned loop_count, struct buffer *out)
{
	unsigned long long known = 0;

	metrics_write_header(out, "credentials_verified_total", "counter",
			     "Tokens and API keys that were looked at, by result; those that were known are not "
			     "counted.");
	for (enum token_error error = TOKEN_GOOD; error < TOKEN_ERROR_COUNT; error++) {
		unsigned long long count = 0;

		for (unsigned i = 0; i < loop_count; i++)
			count += get(&loops[i].verified[error]);
		if (count > 0)
			write_verified(out, error, count);
	}
	for (unsigned i = 0; i < loop_count; i++)
		known += get(&loops[i].known);
	metrics_write_header(out, "credentials_known_total", "counter",
			     "Tokens and API keys that a loop had verified before.");
	if (known > 0)
		buffer_printf(out, "meantime_credentials_known_total %llu\n", known);
}

static void write_keys(const struct key_counters *keys, struct buffer *out)
{
	unsigned long long good = get(&keys->good), failed = get(&keys->failed);

	metrics_write_header(out, "key_fetches_total", "counter", "How often the keys of tokens were fetched.");
	if (good + failed > 0)
		buffer_printf(out,
			      "meantime_key_fetches_total{result=\"good\"} %llu\n"
			      "meantime_key_fetches_total{result=\"failed\"} %llu\n",
			      good, failed);
	metrics_write_header(out, "keys_fetched_timestamp_seconds", "gauge",
			     "When the keys of tokens were last fetched well.");
	if (good > 0)
		buffer_printf(out, "meantime_keys_fetched_timestamp_seconds %llu\n", get(&keys->fetched_s));
}

void access_metrics_write(const struct access_counters *loops, unsigned loop_count, const struct key_counters *keys,
			  struct buffer *out)
{
	write_credentials(loops, loop_count, out);
	write_keys(keys, out);
}
