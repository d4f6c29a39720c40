#include "loadgen/engine/others.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Files of /proc */

static bool read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length = file == NULL ? 0 : fread(text, 1, size - 1, file);

	if (file != NULL)
		fclose(file);
	text[length] = '\0';
	return length > 0;
}

/* user nice system idle iowait irq softirq steal; what a guest takes is in user already. */
bool others_parse_stat(const char *text, uint64_t *busy_ticks, uint64_t *all_ticks)
{
	enum { IDLE = 3, IOWAIT = 4, FIELDS = 8 };

	*busy_ticks = *all_ticks = 0;
	if (strncmp(text, "cpu ", 4) != 0)
		return false;
	text += 4;
	for (unsigned i = 0; i < FIELDS; i++) {
		char *end;
		uint64_t ticks = strtoull(text, &end, 10);

		if (end == text)
			return false;
		*all_ticks += ticks;
		*busy_ticks += i == IDLE || i == IOWAIT ? 0 : ticks;
		text = end;
	}
	return true;
}

/* "PID (NAME) S PPID ...": the name may hold anything, so its end is the last parenthesis. Fields as proc(5) counts. */
bool others_parse_process(const char *text, struct others_process *process, char name[static 16])
{
	enum { FIRST_BEHIND_NAME = 3, UTIME = 14, STIME = 15, START = 22 };
	const char *from = strchr(text, '('), *to = strrchr(text, ')');
	char *end;

	if (from == NULL || to == NULL)
		return false;
	snprintf(name, 16, "%.*s", (int)(to - from - 1), from + 1);
	process->pid = (pid_t)strtol(text, NULL, 10);
	process->ticks = 0;
	text = to + 2;
	for (unsigned field = FIRST_BEHIND_NAME; field <= START; field++) {
		uint64_t value = strtoull(text, &end, 10);

		if (field == UTIME || field == STIME)
			process->ticks += value;
		else if (field == START)
			process->started = value;
		text = strchr(text, ' ');
		if (text == NULL)
			return field == START;
		text++;
	}
	return true;
}

static void add_process(struct others_reading *reading, pid_t pid, const char *wanted_name)
{
	char path[64], text[1024], name[16];
	struct others_process process;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (reading->count == OTHERS_PROCESSES_MAX || !read_file(path, text, sizeof(text)) ||
	    !others_parse_process(text, &process, name))
		return;
	if (wanted_name == NULL || strcmp(name, wanted_name) == 0)
		reading->processes[reading->count++] = process;
}

static void each_process(void (*visit)(pid_t pid, void *data), void *data)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			visit((pid_t)atoi(entry->d_name), data);
	if (folder != NULL)
		closedir(folder);
}

static void add_postgres(pid_t pid, void *reading)
{
	add_process(reading, pid, "postgres");
}

void others_read(struct others_reading *reading, const struct others_server *server)
{
	struct timespec own;
	char text[512];

	*reading = (struct others_reading){.is_known = server == NULL || !server->is_local || server->count > 0};
	if (server != NULL && server->is_local) {
		for (unsigned i = 0; i < server->count; i++)
			add_process(reading, server->processes[i], NULL);
		each_process(add_postgres, reading);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	reading->own_s = (double)own.tv_sec + (double)own.tv_nsec / 1e9;
	if (!read_file("/proc/stat", text, sizeof(text)) ||
	    !others_parse_stat(text, &reading->busy_ticks, &reading->all_ticks))
		reading->is_known = false;
}

/* What a process had used before; nothing, if it is another one by now. */
static uint64_t ticks_before(const struct others_reading *from, const struct others_process *process)
{
	for (unsigned i = 0; i < from->count; i++)
		if (from->processes[i].pid == process->pid && from->processes[i].started == process->started)
			return from->processes[i].ticks;
	return 0;
}

double others_share(const struct others_reading *from, const struct others_reading *to, double ticks_per_s)
{
	double busy = (double)(to->busy_ticks - from->busy_ticks), all = (double)(to->all_ticks - from->all_ticks),
	       ours = (to->own_s - from->own_s) * ticks_per_s;

	if (!from->is_known || !to->is_known || to->all_ticks <= from->all_ticks)
		return NAN;
	for (unsigned i = 0; i < to->count; i++)
		ours += (double)(to->processes[i].ticks - ticks_before(from, &to->processes[i]));
	return fmax(0, fmin(1, (busy - ours) / all));
}

/* Whose socket listens there */

static bool is_our_address(const struct sockaddr *address)
{
	struct ifaddrs *all, *each;
	bool is_ours = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (each = all; each != NULL && !is_ours; each = each->ifa_next) {
		if (each->ifa_addr == NULL || each->ifa_addr->sa_family != address->sa_family)
			continue;
		if (address->sa_family == AF_INET) {
			struct in_addr a = ((const struct sockaddr_in *)address)->sin_addr;

			is_ours = a.s_addr == ((struct sockaddr_in *)each->ifa_addr)->sin_addr.s_addr ||
				  (ntohl(a.s_addr) >> 24) == 127;
		} else if (address->sa_family == AF_INET6) {
			is_ours = memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr,
					 &((struct sockaddr_in6 *)each->ifa_addr)->sin6_addr, 16) == 0;
		}
	}
	freeifaddrs(all);
	return is_ours;
}

/* "sl local_address rem_address st ... inode": sockets that listen (0A) at that port, whatever their address. */
static unsigned listening_inodes(const char *path, unsigned port, uint64_t *inodes, unsigned count, unsigned max)
{
	FILE *file = fopen(path, "re");
	char line[512];

	while (file != NULL && count < max && fgets(line, sizeof(line), file) != NULL) {
		unsigned local, state;
		uint64_t inode;

		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %" SCNu64, &local,
			   &state, &inode) == 3 &&
		    local == port && state == 0x0A)
			inodes[count++] = inode;
	}
	if (file != NULL)
		fclose(file);
	return count;
}

struct search {
	uint64_t inodes[OTHERS_SERVERS_MAX];
	unsigned inode_count;
	struct others_server *server;
};

static bool has_socket(const struct search *search, pid_t pid)
{
	char path[300], link[64];
	struct dirent *entry;
	bool has_one = false;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	while (folder != NULL && !has_one && (entry = readdir(folder)) != NULL) {
		uint64_t inode;
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		length = readlink(path, link, sizeof(link) - 1);
		link[length > 0 ? length : 0] = '\0';
		if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
			continue;
		for (unsigned i = 0; i < search->inode_count; i++)
			has_one |= search->inodes[i] == inode;
	}
	if (folder != NULL)
		closedir(folder);
	return has_one;
}

static void look_at(pid_t pid, void *data)
{
	struct search *search = data;

	if (search->server->count < OTHERS_SERVERS_MAX && pid != getpid() && has_socket(search, pid))
		search->server->processes[search->server->count++] = pid;
}

void others_server(struct others_server *server, const struct sockaddr *address)
{
	struct search search = {.server = server};
	unsigned port = address->sa_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)address)->sin6_port)
						       : ntohs(((const struct sockaddr_in *)address)->sin_port);

	*server = (struct others_server){.is_local = is_our_address(address)};
	if (!server->is_local)
		return;
	search.inode_count = listening_inodes("/proc/net/tcp", port, search.inodes, 0, OTHERS_SERVERS_MAX);
	search.inode_count =
	    listening_inodes("/proc/net/tcp6", port, search.inodes, search.inode_count, OTHERS_SERVERS_MAX);
	if (search.inode_count > 0)
		each_process(look_at, &search);
}
