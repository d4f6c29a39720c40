#include "lib/fake_pq.h"

#include "base/compiler.h"
#include "base/memory.h"
#include "base/require.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pg_result {
	ExecStatusType status;
	bool is_null;                    /* stands for the NULL behind a query's results */
	size_t memory_bytes, text_bytes; /* of text: 0 when it is what is there */
	int parameters, columns;         /* of a description */
	Oid oid;                         /* of all of them */
	char value[96], sqlstate[6], message[256], detail[64], context[128];
	struct pg_result *next;
};

#define READ_ONLY "R/O"

struct result_queue {
	PGresult *first, **last;
};

struct command {
	char text[96];
	bool is_sync, is_prepare; /* or describes */
	bool is_hidden;           /* answered with what follows it */
};

struct pg_conn {
	int socket, peer;
	bool is_nonblocking, is_pipeline;
	bool is_open, has_failed, is_hung_up, is_setup_over, is_aborted;
	unsigned flushes; /* of the set-up */
	unsigned polls;
	struct command commands[FAKE_PQ_COMMANDS_MAX];
	unsigned sent, answered, received; /* counts of commands */
	struct result_queue arriving, readable;
	unsigned clogged;
	const char *changed_setting, *changed_value;
	PQnoticeReceiver receiver;
	void *receiver_data;
	unsigned notifications;
	bool is_in_transaction;
	char named[64]; /* what was prepared last under a name: what is prepared without one is the same */
	char log[16384], shown[16384], error[2048];
};

struct fake_pq fake_pq;
static struct pg_conn conns[FAKE_PQ_CONNS_MAX];
static struct {
	const char *name;
	int parameters, columns;
	Oid oid;
} described[FAKE_PQ_STATEMENTS_MAX];

enum { OID_TEXT = 25 };

static void queue_init(struct result_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_add(struct result_queue *queue, PGresult *result)
{
	result->next = NULL;
	*queue->last = result;
	queue->last = &result->next;
}

static PGresult *queue_take(struct result_queue *queue)
{
	PGresult *result = queue->first;

	queue->first = result->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return result;
}

static void queue_free(struct result_queue *queue)
{
	while (queue->first != NULL)
		PQclear(queue_take(queue));
}

static PGresult *result_create(ExecStatusType status, const char *value)
{
	PGresult *result = memory_alloc_zeroed(1, sizeof(*result));

	result->status = status;
	result->memory_bytes = sizeof(*result);
	snprintf(result->value, sizeof(result->value), "%s", value);
	fake_pq.live_results++;
	return result;
}

static bool is_call_failing(PGconn *conn, const char *call)
{
	if (++fake_pq.calls != fake_pq.fail_at)
		return false;
	fake_pq.failed_call = call;
	if (conn != NULL)
		snprintf(conn->error, sizeof(conn->error), "%s was made to fail\n", call);
	return true;
}

/* For the test */

void fake_pq_reset(void)
{
	for (unsigned i = 0; i < fake_pq.opened; i++)
		if (conns[i].is_open)
			PQfinish(&conns[i]);
	memset(conns, 0, sizeof(conns));
	memset(&fake_pq, 0, sizeof(fake_pq));
	memset(described, 0, sizeof(described));
	fake_pq.answers_setup = true;
	fake_pq.server_version = 150000;
	fake_pq.setup_parts = 3;
}

bool fake_pq_is_clean(void)
{
	if (fake_pq.open > 0 || fake_pq.live_results != 0)
		fprintf(stderr, "fake_pq: %u connections open, %d results not freed\n", fake_pq.open,
			fake_pq.live_results);
	return fake_pq.open == 0 && fake_pq.live_results == 0;
}

PGconn *fake_pq_conn(unsigned index)
{
	REQUIRE(index < fake_pq.opened);
	return &conns[index];
}

bool fake_pq_is_open(const PGconn *conn)
{
	return conn->is_open;
}

const char *fake_pq_sent(PGconn *conn)
{
	memcpy(conn->shown, conn->log, sizeof(conn->shown));
	conn->log[0] = '\0';
	return conn->shown[0] == ' ' ? conn->shown + 1 : conn->shown;
}

unsigned fake_pq_unanswered(const PGconn *conn)
{
	unsigned count = 0;

	for (unsigned i = conn->answered; i < conn->sent; i++)
		count += !conn->commands[i].is_hidden;
	return count;
}

static void wake(PGconn *conn)
{
	REQUIRE(conn->is_open);
	if (conn->peer >= 0)
		REQUIRE(write(conn->peer, "!", 1) == 1);
}

static void deliver(PGconn *conn, PGresult *result)
{
	queue_add(&conn->arriving, result);
	wake(conn);
}

void fake_pq_push_null(PGconn *conn)
{
	PGresult *null = result_create(PGRES_EMPTY_QUERY, "");

	null->is_null = true;
	deliver(conn, null);
}

void fake_pq_push(PGconn *conn, ExecStatusType status, const char *sqlstate, const char *message)
{
	PGresult *result = result_create(status, "");

	snprintf(result->sqlstate, sizeof(result->sqlstate), "%s", sqlstate != NULL ? sqlstate : "");
	snprintf(result->message, sizeof(result->message), "%s", message != NULL ? message : "");
	deliver(conn, result);
}

void fake_pq_describe(const char *name, int parameters, int columns, Oid oid)
{
	unsigned i = 0;

	while (described[i].name != NULL && strcmp(described[i].name, name) != 0)
		i++;
	REQUIRE(i + 1 < FAKE_PQ_STATEMENTS_MAX);
	described[i].name = name;
	described[i].parameters = parameters;
	described[i].columns = columns;
	described[i].oid = oid;
}

/* Of ?NAME, and of anything. */
static void describe(PGresult *result, const char *command)
{
	result->parameters = 1;
	result->oid = OID_TEXT;
	for (unsigned i = 0; i < FAKE_PQ_STATEMENTS_MAX && described[i].name != NULL; i++)
		if (*command == '?' && strcmp(described[i].name, command + 1) == 0) {
			result->parameters = described[i].parameters;
			result->columns = described[i].columns;
			result->oid = described[i].oid;
		}
}

static void answer_hidden(PGconn *conn)
{
	while (conn->answered < conn->sent && conn->commands[conn->answered].is_hidden) {
		const struct command *command = &conn->commands[conn->answered++];
		bool is_sync = command->is_sync;
		PGresult *result = result_create(is_sync            ? PGRES_PIPELINE_SYNC
						 : conn->is_aborted ? PGRES_PIPELINE_ABORTED
								    : PGRES_COMMAND_OK,
						 "");

		describe(result, command->text);
		deliver(conn, result);
		if (!is_sync)
			fake_pq_push_null(conn);
	}
}

/* To be answered now. */
static struct command *oldest_command(PGconn *conn)
{
	REQUIRE(fake_pq_unanswered(conn) > 0);
	answer_hidden(conn);
	return &conn->commands[conn->answered];
}

/* The next unit's, or, of what runs a statement, that it is not prepared or was rolled back. */
static void answer_by_itself(PGconn *conn)
{
	bool runs_statement = conn->is_setup_over && !conn->commands[conn->answered].is_sync;
	unsigned *dismisses = conn->is_setup_over ? &fake_pq.dismisses : &fake_pq.ends;

	if (runs_statement && fake_pq.contends > 0) {
		fake_pq.contends--;
		fake_pq_answer_error(conn, "40P01", "deadlock detected", "Process 1 waits");
		return;
	}
	if (!conn->commands[conn->answered].is_sync && *dismisses > 0) {
		--*dismisses;
		fake_pq_answer_error(conn, "57P01", "terminating connection due to administrator command", NULL);
		fake_pq_hang_up(conn);
		return;
	}
	if (!runs_statement || fake_pq.forgets == 0) {
		fake_pq_answer(conn);
		if (runs_statement && fake_pq.cuts > 0) {
			fake_pq.cuts--;
			fake_pq_hang_up(conn);
		}
		return;
	}
	fake_pq.forgets--;
	fake_pq_answer_error(conn, "26000", "prepared statement does not exist", NULL);
}

/* A batch waits for what is not seen: when nothing that is seen is before it. */
static void answer_hidden_prepares(PGconn *conn)
{
	if (conn->answered < conn->sent && conn->commands[conn->answered].is_hidden &&
	    conn->commands[conn->answered].is_prepare)
		answer_hidden(conn);
}

static const char *value_of(const PGconn *conn, const struct command *command)
{
	if (!conn->is_setup_over && fake_pq.setup_value != NULL)
		return fake_pq.setup_value;
	if (conn->is_setup_over && fake_pq.answer != NULL)
		return fake_pq.answer((unsigned)(conn - conns), command->text);
	return command->text;
}

void fake_pq_answer_large(PGconn *conn, size_t bytes)
{
	struct command *command = oldest_command(conn);
	ExecStatusType status = command->is_sync        ? PGRES_PIPELINE_SYNC
				: conn->is_aborted      ? PGRES_PIPELINE_ABORTED
				: *command->text == '?' ? PGRES_COMMAND_OK
							: PGRES_TUPLES_OK;
	PGresult *result = result_create(status, value_of(conn, command));

	describe(result, command->text);
	result->text_bytes = bytes;
	result->memory_bytes += bytes;
	conn->answered++;
	deliver(conn, result);
	if (command->is_sync)
		conn->is_aborted = false;
	else
		fake_pq_push_null(conn);
	answer_hidden_prepares(conn);
}

void fake_pq_answer(PGconn *conn)
{
	fake_pq_answer_large(conn, 0);
}

void fake_pq_answer_all(PGconn *conn)
{
	while (fake_pq_unanswered(conn) > 0)
		fake_pq_answer(conn);
}

void fake_pq_answer_error(PGconn *conn, const char *sqlstate, const char *message, const char *detail)
{
	PGresult *result = result_create(PGRES_FATAL_ERROR, "");

	snprintf(result->sqlstate, sizeof(result->sqlstate), "%s", sqlstate != NULL ? sqlstate : "");
	snprintf(result->message, sizeof(result->message), "%s", message);
	snprintf(result->detail, sizeof(result->detail), "%s", detail != NULL ? detail : "");
	snprintf(result->context, sizeof(result->context), "%s", fake_pq.context != NULL ? fake_pq.context : "");
	if (!oldest_command(conn)->is_sync) {
		conn->answered++;
		conn->is_aborted = true;
	}
	deliver(conn, result);
	fake_pq_push_null(conn);
}

void fake_pq_hang_up(PGconn *conn)
{
	conn->is_hung_up = true;
	close(conn->peer);
	conn->peer = -1;
}

void fake_pq_lose_sync(PGconn *conn)
{
	snprintf(conn->error, sizeof(conn->error), "lost synchronization with server\n");
	fake_pq_answer_error(conn, NULL, conn->error, NULL);
	conn->has_failed = true;
}

void fake_pq_report(PGconn *conn, const char *setting, const char *value)
{
	conn->changed_setting = setting;
	conn->changed_value = value;
}

void fake_pq_begin(PGconn *conn)
{
	conn->is_in_transaction = true;
}

void fake_pq_clog(PGconn *conn, unsigned times)
{
	conn->clogged = times;
}

void fake_pq_notice(PGconn *conn, const char *sqlstate, const char *message)
{
	PGresult *notice = result_create(PGRES_NONFATAL_ERROR, "");

	snprintf(notice->sqlstate, sizeof(notice->sqlstate), "%s", sqlstate);
	snprintf(notice->message, sizeof(notice->message), "%s", message);
	conn->receiver(conn->receiver_data, notice);
	PQclear(notice);
}

void fake_pq_notify(PGconn *conn, unsigned times)
{
	conn->notifications += times;
	wake(conn);
}

PGresult *fake_pq_row(const char *value)
{
	return result_create(PGRES_TUPLES_OK, value);
}

PGresult *fake_pq_large_row(const char *value, size_t bytes)
{
	PGresult *row = fake_pq_row(value);

	row->memory_bytes = bytes;
	return row;
}

/* Connecting */

static void refuse(PGconn *conn)
{
	snprintf(conn->error, sizeof(conn->error), "%s",
		 fake_pq.refusal != NULL ? fake_pq.refusal : "connection refused\n");
	conn->has_failed = true;
}

PGconn *PQconnectStartParams(const char *const *keywords, const char *const *values, int expand)
{
	PGconn *conn;
	int pair[2];

	fake_pq.conninfo = NULL;
	for (unsigned i = 0; keywords[i] != NULL; i++)
		if (strcmp(keywords[i], "dbname") == 0)
			fake_pq.conninfo = values[i];
	REQUIRE(expand == 1 && fake_pq.conninfo != NULL);
	if (is_call_failing(NULL, "PQconnectStartParams"))
		return NULL;
	REQUIRE(fake_pq.opened < FAKE_PQ_CONNS_MAX);
	conn = &conns[fake_pq.opened++];
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	*conn = (struct pg_conn){.socket = pair[0], .peer = pair[1], .is_open = true};
	queue_init(&conn->arriving);
	queue_init(&conn->readable);
	if (++fake_pq.open > fake_pq.most_open)
		fake_pq.most_open = fake_pq.open;
	if (fake_pq.refuses_at_once)
		refuse(conn);
	return conn;
}

static void drain(PGconn *conn)
{
	char bytes[256];

	while (recv(conn->socket, bytes, sizeof(bytes), 0) > 0)
		continue;
}

static void read_arriving(PGconn *conn)
{
	drain(conn);
	while (conn->arriving.first != NULL)
		queue_add(&conn->readable, queue_take(&conn->arriving));
}

void fake_pq_send_bytes(PGconn *conn, size_t bytes)
{
	static const char zeros[1000];

	for (; bytes > 0; bytes -= bytes < sizeof(zeros) ? bytes : sizeof(zeros))
		REQUIRE(write(conn->peer, zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros)) > 0);
}

PostgresPollingStatusType PQconnectPoll(PGconn *conn)
{
	drain(conn);
	if (is_call_failing(conn, "PQconnectPoll"))
		return PGRES_POLLING_FAILED;
	if (fake_pq.granted > 0 && fake_pq.open > fake_pq.granted) {
		snprintf(
		    conn->error, sizeof(conn->error),
		    "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: FATAL:  53300: too many connections "
		    "for role \"app\"\nLOCATION:  InitializeSessionUserId, miscinit.c:727\n");
		conn->has_failed = true;
		return PGRES_POLLING_FAILED;
	}
	if (fake_pq.refuses) {
		refuse(conn);
		return PGRES_POLLING_FAILED;
	}
	REQUIRE(!conn->has_failed);
	if (fake_pq.hangs)
		return PGRES_POLLING_READING;
	if (conn->polls++ > 0)
		return PGRES_POLLING_OK;
	wake(conn);
	return PGRES_POLLING_READING;
}

void PQfinish(PGconn *conn)
{
	if (conn == NULL)
		return;
	REQUIRE(conn->is_open);
	conn->is_open = false;
	fake_pq.open--;
	queue_free(&conn->arriving);
	queue_free(&conn->readable);
	close(conn->socket);
	if (conn->peer >= 0)
		close(conn->peer);
}

int PQsetnonblocking(PGconn *conn, int is_on)
{
	if (is_call_failing(conn, "PQsetnonblocking"))
		return -1;
	conn->is_nonblocking = is_on != 0;
	return 0;
}

int PQenterPipelineMode(PGconn *conn)
{
	conn->is_pipeline = !is_call_failing(conn, "PQenterPipelineMode");
	return conn->is_pipeline;
}

int PQexitPipelineMode(PGconn *conn)
{
	conn->is_pipeline = conn->received != conn->sent;
	return !conn->is_pipeline;
}

PGTransactionStatusType PQtransactionStatus(const PGconn *conn)
{
	return conn->is_in_transaction ? PQTRANS_INTRANS : PQTRANS_IDLE;
}

int PQbackendPID(const PGconn *conn)
{
	(void)conn;
	return fake_pq.backend_pid;
}

int PQserverVersion(const PGconn *conn)
{
	(void)conn;
	return fake_pq.server_version;
}

PGVerbosity PQsetErrorVerbosity(PGconn *conn, PGVerbosity verbosity)
{
	(void)conn;
	return verbosity;
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver receiver, void *data)
{
	conn->receiver = receiver;
	conn->receiver_data = data;
	return NULL;
}

PGnotify *PQnotifies(PGconn *conn)
{
	static char channel[] = "news", extra[] = "payload";
	PGnotify *notification;

	if (conn->notifications == 0)
		return NULL;
	conn->notifications--;
	fake_pq.live_results++;
	notification = memory_alloc_zeroed(1, sizeof(*notification));
	*notification = (PGnotify){.relname = channel, .extra = extra};
	return notification;
}

void PQfreemem(void *memory)
{
	fake_pq.live_results -= memory != NULL;
	free(memory);
}

ConnStatusType PQstatus(const PGconn *conn)
{
	return conn->has_failed ? CONNECTION_BAD : CONNECTION_OK;
}

char *PQerrorMessage(const PGconn *conn)
{
	return (char *)(uintptr_t)conn->error;
}

int PQconnectionNeedsPassword(const PGconn *conn)
{
	(void)conn;
	return 0;
}

int PQsocket(const PGconn *conn)
{
	REQUIRE(conn->is_open);
	return conn->socket;
}

const char *PQparameterStatus(const PGconn *conn, const char *name)
{
	return conn->changed_setting != NULL && strcmp(name, conn->changed_setting) == 0 ? conn->changed_value
											 : "as set";
}

/* Sending */

/* A statement that is prepared after the set-up, and the Sync behind it. */
static bool is_hidden_prepare(const PGconn *conn, const struct command *command)
{
	if (fake_pq.shows_prepares || !conn->is_setup_over)
		return false;
	if (command->is_sync)
		return command > conn->commands && command[-1].is_prepare;
	return command->is_prepare;
}

static int send_command(PGconn *conn, const char *call, const char *text, bool is_sync)
{
	size_t used = strlen(conn->log);
	struct command *command;

	REQUIRE(conn->is_open && conn->is_pipeline);
	if (is_call_failing(conn, call))
		return 0;
	REQUIRE(conn->sent < FAKE_PQ_COMMANDS_MAX && used + strlen(text) + 2 < sizeof(conn->log));
	command = &conn->commands[conn->sent++];
	command->is_sync = is_sync;
	command->is_prepare = *text == '+' || *text == '?';
	command->is_hidden = strcmp(text, READ_ONLY) == 0 || is_hidden_prepare(conn, command);
	snprintf(command->text, sizeof(command->text), "%s", text);
	if (is_hidden_prepare(conn, command))
		return 1;
	snprintf(conn->log + used, sizeof(conn->log) - used, " %s", text);
	return 1;
}

/* NAME(VALUE,VALUE) */
static void write_call(char *text, size_t size, const char *name, int count, const char *const *values)
{
	int used = snprintf(text, size, "%.*s(", (int)strcspn(name, " "), name);

	REQUIRE(count == 0 || values != NULL);
	for (int i = 0; i < count && used < (int)size; i++)
		used += snprintf(text + used, size - (size_t)used, "%s%s", i > 0 ? "," : "",
				 values[i] != NULL ? values[i] : "NULL");
	if (used < (int)size)
		snprintf(text + used, size - (size_t)used, ")");
}

static int send_query(PGconn *conn, const char *call, const char *name, int count, const char *const *values)
{
	char text[96];

	write_call(text, sizeof(text), name, count, values);
	if (strcmp(name, "meantime: read only") == 0)
		return send_command(conn, call, READ_ONLY, false);
	/* what is prepared of a cursor is told by its name */
	if (strcmp(name, "meantime: first rows") == 0)
		write_call(text, sizeof(text), "FETCH", count, values);
	if (strcmp(name, "meantime: rollback") == 0)
		write_call(text, sizeof(text), "ROLLBACK", count, values);
	return send_command(conn, call, text, false);
}

int PQsendQueryParams(PGconn *conn, const char *sql, int count, const Oid *types, const char *const *values,
		      const int *lengths, const int *formats, int result_format)
{
	REQUIRE(types == NULL && lengths == NULL && formats == NULL && result_format == 0);
	return send_query(conn, "PQsendQueryParams", sql, count, values);
}

int PQsendQueryPrepared(PGconn *conn, const char *name, int count, const char *const *values, const int *lengths,
			const int *formats, int result_format)
{
	REQUIRE(lengths == NULL && formats == NULL && result_format == 0);
	return send_query(conn, "PQsendQueryPrepared", name, count, values);
}

int PQsendPrepare(PGconn *conn, const char *name, const char *sql, int count, const Oid *types)
{
	char text[96];

	REQUIRE(sql != NULL && count == 0 && types == NULL);
	if (*name != '\0')
		snprintf(conn->named, sizeof(conn->named), "%s", name);
	snprintf(text, sizeof(text), "+%s", name);
	return send_command(conn, "PQsendPrepare", text, false);
}

int PQsendDescribePrepared(PGconn *conn, const char *name)
{
	char text[96];

	snprintf(text, sizeof(text), "?%s", *name != '\0' ? name : conn->named);
	return send_command(conn, "PQsendDescribePrepared", text, false);
}

/* What blocks, and is answered at once */

PGresult *PQexec(PGconn *conn, const char *sql)
{
	size_t used = strlen(conn->log);

	REQUIRE(conn->is_open && !conn->is_nonblocking && !conn->is_pipeline);
	conn->is_in_transaction |= strcmp(sql, "BEGIN") == 0;
	snprintf(conn->log + used, sizeof(conn->log) - used, " %s", sql);
	return result_create(PGRES_COMMAND_OK, "");
}

PGresult *PQexecParams(PGconn *conn, const char *sql, int count, const Oid *types, const char *const *values,
		       const int *lengths, const int *formats, int result_format)
{
	char text[96];

	REQUIRE(types == NULL && lengths == NULL && formats == NULL && result_format == 0);
	write_call(text, sizeof(text), sql, count, values);
	return PQexec(conn, text);
}

int PQsendFlushRequest(PGconn *conn)
{
	return !is_call_failing(conn, "PQsendFlushRequest");
}

int PQpipelineSync(PGconn *conn)
{
	return send_command(conn, "PQpipelineSync", "Sync", true);
}

int PQflush(PGconn *conn)
{
	REQUIRE(conn->is_nonblocking); /* libpq would block */
	if (is_call_failing(conn, "PQflush"))
		return -1;
	if (conn->clogged > 0) {
		conn->clogged--;
		read_arriving(conn); /* libpq reads where it cannot write */
		return 1;
	}
	if (fake_pq.answers_everything || (fake_pq.answers_setup && !conn->is_setup_over))
		while (fake_pq_unanswered(conn) > 0 && !conn->is_hung_up)
			answer_by_itself(conn);
	answer_hidden_prepares(conn);
	/* the settings and statements, then the Sync that measures the distance */
	conn->is_setup_over = ++conn->flushes >= fake_pq.setup_parts;
	return 0;
}

/* Receiving */

int PQconsumeInput(PGconn *conn)
{
	bool has_come = conn->arriving.first != NULL;

	if (is_call_failing(conn, "PQconsumeInput"))
		return 0; /* as without memory: the connection stands */
	read_arriving(conn);
	if (!conn->is_hung_up || has_come)
		return 1;
	conn->has_failed = true;
	snprintf(conn->error, sizeof(conn->error), "server closed the connection unexpectedly\n");
	return 0;
}

int PQisBusy(PGconn *conn)
{
	return conn->readable.first == NULL && conn->received < conn->sent && !conn->has_failed;
}

PGresult *PQgetResult(PGconn *conn)
{
	PGresult *result;

	REQUIRE(!PQisBusy(conn)); /* libpq would block */
	if (conn->readable.first == NULL) {
		if (!conn->has_failed || conn->received == conn->sent)
			return NULL;
		conn->received = conn->sent;
		result = result_create(PGRES_FATAL_ERROR, "");
		snprintf(result->message, sizeof(result->message), "%.*s", (int)sizeof(result->message) - 1,
			 conn->error);
		return result;
	}
	result = queue_take(&conn->readable);
	if (result->status == PGRES_PIPELINE_SYNC)
		conn->received++;
	if (!result->is_null)
		return result;
	/* behind an error that came instead of a Sync, the Sync is still to come */
	if (conn->received < conn->answered && !conn->commands[conn->received].is_sync)
		conn->received++;
	PQclear(result);
	return NULL;
}

void PQclear(PGresult *result)
{
	if (result != NULL)
		fake_pq.live_results--;
	free(result);
}

/* Results */

Oid PQftype(const PGresult *result, int column)
{
	(void)column;
	return result->status == PGRES_TUPLES_OK && fake_pq.oid_of_rows > 0 ? fake_pq.oid_of_rows : result->oid;
}

int PQnparams(const PGresult *result)
{
	return result->parameters;
}

Oid PQparamtype(const PGresult *result, int parameter)
{
	(void)parameter;
	return result->oid;
}

char *PQfname(const PGresult *result, int column)
{
	static char name[] = "answer";

	(void)result;
	(void)column;
	return name;
}

ExecStatusType PQresultStatus(const PGresult *result)
{
	return result != NULL ? result->status : PGRES_FATAL_ERROR;
}

char *PQresultErrorMessage(const PGresult *result)
{
	return (char *)(uintptr_t)result->message;
}

char *PQresultErrorField(const PGresult *result, int field)
{
	const char *text = "";

	if (field == PG_DIAG_SQLSTATE)
		text = result->sqlstate;
	else if (field == PG_DIAG_MESSAGE_PRIMARY)
		text = result->message;
	else if (field == PG_DIAG_MESSAGE_DETAIL)
		text = result->detail;
	else if (field == PG_DIAG_CONTEXT)
		text = result->context;
	else if (field == PG_DIAG_SOURCE_FUNCTION && fake_pq.source_function != NULL)
		text = fake_pq.source_function;
	else if (field == PG_DIAG_SOURCE_FILE && !fake_pq.is_pooler_s)
		text = "postgres.c";
	else if (field == PG_DIAG_SEVERITY || field == PG_DIAG_SEVERITY_NONLOCALIZED)
		text = fake_pq.severity != NULL                   ? fake_pq.severity
		       : strncmp(result->sqlstate, "57P", 3) == 0 ? "FATAL"
								  : "ERROR";
	/* libpq's own errors have no fields at all */
	return result->sqlstate[0] == '\0' || text[0] == '\0' ? NULL : (char *)(uintptr_t)text;
}

size_t PQresultMemorySize(const PGresult *result)
{
	return result->memory_bytes;
}

int PQntuples(const PGresult *result)
{
	return result->status == PGRES_TUPLES_OK ? fake_pq.rows_said > 0 ? fake_pq.rows_said : 1 : 0;
}

int PQnfields(const PGresult *result)
{
	return result->status == PGRES_TUPLES_OK ? 1 : result->columns;
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
	static char pid[16];

	REQUIRE(row == 0 && result->status == PGRES_TUPLES_OK);
	if (column == 1 && !fake_pq.has_other_pid && strncmp(result->value, "WITH", 4) != 0) {
		snprintf(pid, sizeof(pid), "%d", fake_pq.backend_pid);
		return pid;
	}
	if (column == 1 && strncmp(result->value, "WITH", 4) != 0)
		return (char *)(uintptr_t) "4711";
	if (column > 0 && strncmp(result->value, "WITH", 4) == 0)
		return (char *)(uintptr_t) ""; /* the types of the catalog: none is known */
	REQUIRE(column == 0);
	return (char *)(uintptr_t)result->value;
}

int PQgetlength(const PGresult *result, int row, int column)
{
	return (int)(result->text_bytes > 0 ? result->text_bytes : strlen(PQgetvalue(result, row, column)));
}

int PQgetisnull(const PGresult *result, int row, int column)
{
	(void)PQgetvalue(result, row, column);
	return 0;
}

char *PQcmdTuples(PGresult *result)
{
	(void)result;
	return (char *)(uintptr_t) "1";
}

/* Without a host there is nothing to resolve. */
PQconninfoOption *PQconninfoParse(const char *conninfo, char **error)
{
	static char keyword[] = "host", host[64];
	static PQconninfoOption options[] = {{.keyword = keyword, .val = host}, {.keyword = NULL}};

	(void)conninfo;
	(void)error;
	if (fake_pq.host == NULL)
		return NULL;
	snprintf(host, sizeof(host), "%s", fake_pq.host);
	return options;
}

void PQconninfoFree(PQconninfoOption *options)
{
	REQUIRE((options != NULL) == (fake_pq.host != NULL));
}
