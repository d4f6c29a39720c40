#include "listener_fixture.h"

/* On a loop */

static unsigned connections;
static void *seen_data;

static void on_connection(struct listener *listener)
{
	uv_tcp_t *client = malloc(sizeof(*client));

	connections++;
	seen_data = listener->data;
	uv_tcp_init(listener->handle.tcp.loop, client);
	assert_int_equal(uv_accept(&listener->handle.stream, (uv_stream_t *)client), 0);
	uv_close((uv_handle_t *)client, (uv_close_cb)free);
}

static void it_says_when_a_connection_waits_until_it_is_stopped(void **state)
{
	uv_loop_t loop;
	int clients[3], data, port;

	(void)state;
	connections = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(open_at("127.0.0.1:0"), 0);
	port = bound_port();
	listener_start(&listeners[0], &loop, on_connection, &data);
	assert_true(listeners[0].is_started);
	for (int i = 0; i < 3; i++) {
		clients[i] = connect_to(port);
		assert_true(clients[i] >= 0);
	}
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(connections, 3);
	assert_ptr_equal(seen_data, &data);
	listener_stop(&listeners[0]);
	assert_false(listeners[0].is_started);
	listener_stop(&listeners[0]);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(connect_to(port), -1);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
}

static const char *logged_when(uv_tcp_t *tcp, int status)
{
	log_tap_begin(LOG_WARNING);
	tcp->connection_cb((uv_stream_t *)tcp, status);
	return log_tap_end();
}

static void accept_nothing(struct listener *listener)
{
	(void)listener;
	connections++;
}

/* Once for as long as it lasts. */
static void that_nothing_can_be_accepted_is_logged_once(void **state)
{
	uv_loop_t loop;
	uv_tcp_t *tcp = &listeners[0].handle.tcp;

	(void)state;
	connections = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(open_at("127.0.0.1:0"), 0);
	listener_start(&listeners[0], &loop, accept_nothing, NULL);
	assert_non_null(strstr(logged_when(tcp, UV_EMFILE), "connections cannot be accepted: too many open files"));
	assert_string_equal(logged_when(tcp, UV_EMFILE), "");
	assert_int_equal(connections, 0);
	assert_string_equal(logged_when(tcp, 0), "");
	assert_int_equal(connections, 1);
	assert_non_null(strstr(logged_when(tcp, UV_EMFILE), "cannot be accepted"));
	listener_stop(&listeners[0]);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(that_nothing_can_be_accepted_is_logged_once, allow_all, allow_all),
	    cmocka_unit_test(it_says_when_a_connection_waits_until_it_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
