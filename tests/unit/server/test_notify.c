#include "server/notify.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/notify-XXXXXX", path[64];
static int manager = -1;
static unsigned sockets;

/* In place of libc's. */
int socket(int family, int type, int protocol)
{
	sockets++;
	return (int)syscall(SYS_socket, family, type, protocol);
}

/* The service manager's end; an `@` stands for the NUL of an abstract name. */
static void listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);

	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
	    bind(manager, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
	    0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/manager", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (manager >= 0)
		close(manager);
	manager = -1;
	unsetenv("NOTIFY_SOCKET");
	unlink(path);
	rmdir(folder);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	return 0;
}

/* "" when there is none. */
static const char *heard(void)
{
	static char message[256];
	ssize_t length = recv(manager, message, sizeof(message) - 1, 0);

	message[length > 0 ? length : 0] = '\0';
	return message;
}

static unsigned long long microseconds(void)
{
	return clock_now_ns() / 1000;
}

static void assert_hears(const char *name)
{
	unsigned long long before_us = microseconds(), us;
	const char *message;
	char state[32], rest;

	listen_at(name);
	notify_manager("RELOADING=1");
	message = heard();
	assert_int_equal(sscanf(message, "%31[^\n]\nMONOTONIC_USEC=%llu%c", state, &us, &rest), 3);
	assert_string_equal(state, "RELOADING=1");
	assert_int_equal(rest, '\n');
	assert_true(us >= before_us && us <= microseconds());
	assert_string_equal(heard(), "");
}

static void the_manager_hears_the_state_and_the_time(void **state)
{
	(void)state;
	assert_hears(path);
}

static void the_name_may_be_abstract(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@meantime-test-%d", (int)getpid());
	assert_hears(name);
}

static void a_name_of_one_character_is_a_name(void **state)
{
	(void)state;
	assert_hears("@m");
}

/* As long as an address holds with its NUL. */
static void a_long_name_is_a_name(void **state)
{
	char name[108];

	(void)state;
	memset(name, 'm', sizeof(name));
	name[0] = '@';
	name[107] = '\0';
	assert_hears(name);
}

/* Neither a path nor a name: an address of another kind, an empty one, one that no address holds. */
static void what_is_no_address_is_passed_over(void **state)
{
	static const char *const names[] = {"", "@", "/", "vsock:2:1234", "manager"};
	char too_long[301];
	int before = dup(STDERR_FILENO), after;

	(void)state;
	close(before);
	memset(too_long, 'm', sizeof(too_long));
	too_long[0] = '@';
	too_long[300] = '\0';
	sockets = 0;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_manager("READY=1");
	}
	setenv("NOTIFY_SOCKET", too_long, 1);
	notify_manager("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify_manager("READY=1");
	assert_int_equal(sockets, 0);
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(after, before);
}

/* An abstract one may fill the address; one that systemd gives leaves room for a NUL. */
static void a_name_without_room_for_its_end_is_passed_over(void **state)
{
	char name[109];

	(void)state;
	memset(name, 'm', sizeof(name));
	name[0] = '@';
	name[108] = '\0';
	listen_at(name);
	notify_manager("READY=1");
	assert_string_equal(heard(), "");
}

static void a_descriptor_may_be_0(void **state)
{
	int input = dup(STDIN_FILENO);

	(void)state;
	listen_at(path);
	close(STDIN_FILENO);
	notify_manager("READY=1");
	assert_memory_equal(heard(), "READY=1\n", 8);
	if (input >= 0)
		dup2(input, STDIN_FILENO);
	close(input);
}

static void a_relative_name_reaches_no_manager(void **state)
{
	char before[256];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(folder), 0);
	listen_at("manager");
	notify_manager("READY=1");
	assert_string_equal(heard(), "");
	assert_int_equal(chdir(before), 0);
}

/* A manager that does not read is not waited for, and no descriptor stays open. */
static void a_manager_that_does_not_read_stops_nothing(void **state)
{
	int before = dup(STDERR_FILENO), after;

	(void)state;
	close(before);
	listen_at(path);
	for (unsigned i = 0; i < 3000; i++)
		notify_manager("READY=1");
	close(manager);
	manager = -1;
	notify_manager("READY=1"); /* nor one that has gone */
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(after, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_name_without_room_for_its_end_is_passed_over),
	    TEST(a_descriptor_may_be_0),

	    TEST(the_manager_hears_the_state_and_the_time),
	    TEST(the_name_may_be_abstract),
	    TEST(a_name_of_one_character_is_a_name),
	    TEST(a_long_name_is_a_name),
	    TEST(what_is_no_address_is_passed_over),
	    TEST(a_relative_name_reaches_no_manager),
	    TEST(a_manager_that_does_not_read_stops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
