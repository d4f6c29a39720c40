#include "fetch/transfer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/require.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOST_SHOWN_BYTES = 100 };

/* The first denied address of a name closes all of them: a name that has one inside is not to be trusted. The address
 * goes to the log, never to the client. */
static void deny(struct transfer *transfer, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "of another kind";
	unsigned port = 0;

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)address;

		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		port = ntohs(v4->sin_port);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)address;

		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		port = ntohs(v6->sin6_port);
	}
	transfer->was_denied = true;
	log_debug("fetch", "address %s, port %u, is not one to fetch from", text, port);
}

/* curl's: the moment of connecting, with the very address; so a name that changes its address gains nothing. */
static curl_socket_t on_open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = data;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (!transfer->was_denied && !egress_allows(&transfer->settings->egress, &address->addr))
		deny(transfer, &address->addr);
	if (transfer->was_denied)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* curl's: before the request goes out, also on a connection that was there already. */
static int on_connected(void *data, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *transfer = data;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	const struct sockaddr *address = NULL;

	(void)local_ip;
	(void)local_port;
	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		address = (const void *)&v4;
	else if (inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1)
		address = (const void *)&v6;
	if (!transfer->was_denied && address != NULL && egress_allows(&transfer->settings->egress, address))
		return CURL_PREREQFUNC_OK;
	if (!transfer->was_denied && address != NULL)
		deny(transfer, address);
	return CURL_PREREQFUNC_ABORT;
}

/* Returns the header's value when the line is of that name, else no text at all. */
static struct text value_of(struct text line, const char *name)
{
	size_t length = strlen(name);

	if (line.length <= length || strncasecmp(line.at, name, length) != 0 || line.at[length] != ':')
		return (struct text){NULL, 0};
	return (struct text){line.at + length + 1, line.length - length - 1};
}

/* Each comma may part two codings; chunked undoes nothing. */
static unsigned count_codings(struct text line)
{
	struct text content = value_of(line, "content-encoding"), transfer = value_of(line, "transfer-encoding");
	struct text value = content.at != NULL ? content : transfer;
	unsigned count = value.at != NULL;

	for (size_t i = 0; i < value.length; i++)
		count += value.at[i] == ',';
	if (transfer.at != NULL && memmem(value.at, value.length, "chunked", 7) != NULL)
		count--;
	return count;
}

/* One coding within another can make gigabytes of a kilobyte inside a single call of curl's, before a byte of it is
 * counted. So there may be one. */
static bool is_coded_once(struct transfer *transfer, struct text line)
{
	if (line.length >= 5 && memcmp(line.at, "HTTP/", 5) == 0)
		transfer->codings = 0;
	transfer->codings += count_codings(line);
	if (transfer->codings <= 1)
		return true;
	transfer->was_coded_twice = true;
	return false;
}

static bool is_for_ever(struct text line)
{
	struct text value = value_of(line, "retry-after");
	unsigned digits = 0;

	for (size_t i = 0; i < value.length; i++)
		digits += value.at[i] >= '0' && value.at[i] <= '9';
	return digits > 18; /* a date has twelve */
}

/* curl's: a line of the head. */
static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	struct text line = {bytes, size * count};

	transfer->last_byte_ns = clock_now_ns();
	if (is_for_ever(line))
		transfer->is_to_be_left_alone_for_ever = true;
	return is_coded_once(transfer, line) ? line.length : 0;
}

/* curl's, after it has decompressed. */
static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	size_t length = size * count, left = transfer->bytes_max - (size_t)transfer->bytes;
	struct text part = {bytes, length < left ? length : left};

	transfer->last_byte_ns = clock_now_ns();
	transfer->bytes += part.length;
	if (!transfer->on_bytes(transfer, part)) {
		transfer->is_enough = true;
	} else if (length > left) {
		transfer->is_enough = transfer->was_truncated = true;
	}
	return transfer->is_enough ? CURL_WRITEFUNC_ERROR : length;
}

static void set_rules(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	/* the environment's proxies would go around the check of addresses */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* a name that no server answers for must not hold the loop when its time is over */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, transfer->follows_redirects ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->settings->connect_timeout_ms);
}

static void set_request(struct transfer *transfer, const char *url)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->settings->user_agent);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that curl can undo */
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

void transfer_open(struct transfer *transfer, const char *url, uint64_t deadline_ns)
{
	transfer->started_ns = transfer->last_byte_ns = clock_now_ns();
	transfer->deadline_ns = deadline_ns;
	transfer->easy = curl_easy_init();
	REQUIRE(transfer->easy != NULL);
	set_rules(transfer);
	set_request(transfer, url);
	multi_add(transfer->multi, transfer->easy);
}

static uint64_t info_us(const struct transfer *transfer, CURLINFO what)
{
	curl_off_t us = 0;

	curl_easy_getinfo(transfer->easy, what, &us);
	return us > 0 ? (uint64_t)us : 0;
}

static bool is_connected(const struct transfer *transfer)
{
	return info_us(transfer, CURLINFO_PRETRANSFER_TIME_T) > 0;
}

bool transfer_is_late(struct transfer *transfer, uint64_t now_ns)
{
	const struct transfer_settings *settings = transfer->settings;
	uint64_t silent_ns = now_ns > transfer->last_byte_ns ? now_ns - transfer->last_byte_ns : 0;
	/* while it connects, that has its own time */
	unsigned silence_ms =
	    settings->silence_timeout_ms + (is_connected(transfer) ? 0 : settings->connect_timeout_ms);
	const char *doing = transfer->bytes > 0 || transfer_status(transfer) > 0 ? "reading the answer"
			    : is_connected(transfer)                             ? "waiting for an answer"
										 : "connecting";

	if (now_ns >= transfer->deadline_ns)
		snprintf(transfer->why, sizeof(transfer->why), "its time was over after %llu ms, while %s",
			 (unsigned long long)((now_ns - transfer->started_ns) / NS_PER_MS), doing);
	else if (silent_ns > silence_ms * NS_PER_MS)
		snprintf(transfer->why, sizeof(transfer->why), "the host was silent for %u ms, while %s", silence_ms,
			 doing);
	else
		return false;
	transfer->was_late = true;
	return true;
}

unsigned transfer_status(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return (unsigned)status;
}

static uint64_t between(uint64_t from_us, uint64_t to_us)
{
	return to_us > from_us ? to_us - from_us : 0;
}

/* A connection that was there already has no times of names and connecting. */
struct transfer_times transfer_times(const struct transfer *transfer)
{
	uint64_t named = info_us(transfer, CURLINFO_NAMELOOKUP_TIME_T);
	uint64_t connected = info_us(transfer, CURLINFO_APPCONNECT_TIME_T);
	uint64_t sent = info_us(transfer, CURLINFO_PRETRANSFER_TIME_T);
	uint64_t answered = info_us(transfer, CURLINFO_STARTTRANSFER_TIME_T);
	uint64_t now = (clock_now_ns() - transfer->started_ns) / NS_PER_US;

	if (connected == 0)
		connected = info_us(transfer, CURLINFO_CONNECT_TIME_T);
	return (struct transfer_times){
	    .dns_us = named,
	    .connect_us = between(named, connected > 0 ? connected
					 : sent == 0   ? now
						       : 0),
	    .wait_us = sent == 0 ? 0 : between(sent, answered > 0 ? answered : now),
	    .transfer_us = answered == 0 ? 0 : between(answered, now),
	};
}

bool transfer_is_refused(const struct transfer *transfer, CURLcode result)
{
	return transfer->was_denied || result == CURLE_COULDNT_RESOLVE_HOST;
}

/* As the last URL has it: the client's, or that of a host that redirected. */
static struct text host_of(const struct transfer *transfer)
{
	const char *url = NULL, *at;
	struct text host;

	curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
	at = url != NULL ? strstr(url, "://") : NULL;
	if (at == NULL)
		return TEXT("");
	host = (struct text){at + 3, strcspn(at + 3, "/?#")};
	for (size_t i = host.length; i-- > 0;)
		if (host.at[i] == '@')
			host = (struct text){host.at + i + 1, host.length - i - 1};
	return text_cut_to(host, HOST_SHOWN_BYTES);
}

/* One text for an unknown name and for one with an inner address: clients must not learn which names the inner network
 * has. */
static const char *explain_refusal(struct transfer *transfer)
{
	snprintf(transfer->why, sizeof(transfer->why),
		 "the host %.*s cannot be resolved, or is not public, or its port is not one of the web (--fetch-allow "
		 "can open it)",
		 TEXT_ARGS(host_of(transfer)));
	return transfer->why;
}

/* Never libcurl's own words: they may hold more than is known here. */
static const char *words_of(CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_CONNECT:
		return "the host cannot be connected to";
	case CURLE_GOT_NOTHING:
		return "the host closed the connection without an answer";
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
		return "the host broke off its answer";
	case CURLE_OUT_OF_MEMORY: /* of what curl grants a line of the head */
		return "a header of the answer is too long";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "the host's certificate is not valid for it";
	case CURLE_SSL_CONNECT_ERROR:
		return "no TLS connection to the host could be made";
	case CURLE_BAD_CONTENT_ENCODING:
		return "the answer's compression cannot be undone";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return "the answer is not HTTP";
	default:
		return "the page could not be fetched";
	}
}

const char *transfer_explain(struct transfer *transfer, CURLcode result)
{
	if (transfer->was_late)
		return transfer->why;
	if (transfer->was_coded_twice)
		return "the answer is compressed more than once";
	if (transfer_is_refused(transfer, result))
		return explain_refusal(transfer);
	if (result != CURLE_OPERATION_TIMEDOUT)
		return words_of(result);
	snprintf(transfer->why, sizeof(transfer->why), "no connection within %u ms",
		 transfer->settings->connect_timeout_ms);
	return transfer->why;
}

void transfer_close(struct transfer *transfer)
{
	multi_remove(transfer->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
}
