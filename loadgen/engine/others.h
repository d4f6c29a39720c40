/* others.h - how much of the processors other programs took while something was measured.
 *
 * The kernel counts all processors' time in /proc/stat. What this process, the measured server and PostgreSQL took is
 * not others'. The server is found by its listening socket when it is on this machine and its process may be seen.
 * PostgreSQL works for the server, so all of its processes here count as the server's.
 *
 * Life:    others_server() -> others_read() before and after -> others_share().
 * Thread:  any; one at a time.
 * Limits:  OTHERS_SERVERS_MAX processes that listen, OTHERS_PROCESSES_MAX in all; the kernel counts in hundredths of a
 *          second. A process that ends in between takes what it has used with it, and counts as others'.
 * Errors:  what cannot be read is unknown: NAN.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { OTHERS_SERVERS_MAX = 64, OTHERS_PROCESSES_MAX = 512 };

/* The processes that listen at an address. */
struct others_server {
	bool is_local; /* false: on another machine */
	pid_t processes[OTHERS_SERVERS_MAX];
	unsigned count; /* 0, though local: they may not be seen */
};

struct others_process {
	pid_t pid;
	uint64_t started, ticks; /* since the machine's start; used so far */
};

struct others_reading {
	bool is_known;
	uint64_t busy_ticks, all_ticks; /* of all processors */
	double own_s;
	struct others_process processes[OTHERS_PROCESSES_MAX];
	unsigned count;
};

void others_server(struct others_server *server, const struct sockaddr *address);
/* `server` NULL: there is none. */
void others_read(struct others_reading *reading, const struct others_server *server);
/* 0..1 of all processors; NAN when it is not known, also for a local server that cannot be seen. */
double others_share(const struct others_reading *from, const struct others_reading *to, double ticks_per_s);

/* For tests: from the text of /proc/stat and of /proc/PID/stat. */
bool others_parse_stat(const char *text, uint64_t *busy_ticks, uint64_t *all_ticks);
bool others_parse_process(const char *text, struct others_process *process, char name[static 16]);
