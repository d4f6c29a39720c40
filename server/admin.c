#include "server/admin.h"

#include "base/log.h"
#include "base/require.h"
#include "server/health.h"

enum {
	LOOK_MS = 500,
	GRACE_MS = 10000, /* a loop that stands still for so long beyond the longest deadline does not come back */
	FAREWELL_MS = 500,
	FAREWELL_LOOK_MS = 10,
};

static void on_connection(struct listener *listener)
{
	struct admin *admin = listener->data;

	http_accept(admin->http_loop, &listener->handle.stream);
}

/* A loop that waits itself, in sync mode, may do so until a request's deadline. */
static void on_look(uv_timer_t *timer)
{
	struct admin *admin = timer->data;
	struct service *service = admin->service;
	uint64_t longest_ms = atomic_load(&service->longest_timeout_ms) + GRACE_MS;
	unsigned count = 0, before = atomic_load(&service->still_loops);

	for (unsigned i = 0; i < service->options->loops; i++)
		count += pulse_look(&admin->loops[i].pulse, LOOK_MS, longest_ms);
	atomic_store(&service->still_loops, count);
	if (count > before)
		log_error("server", "%u of %u loops stand still for more than %llu ms: /livez says 503", count,
			  service->options->loops, (unsigned long long)longest_ms);
	else if (count < before)
		log_info("server", "%u of %u loops stand still", count, service->options->loops);
}

/* The end */

static void close_all(struct admin *admin)
{
	uv_close((uv_handle_t *)&admin->stop, NULL);
	uv_close((uv_handle_t *)&admin->look, NULL);
	uv_close((uv_handle_t *)&admin->farewell, NULL);
	http_loop_close(admin->http_loop);
}

static void on_farewell(uv_timer_t *timer)
{
	struct admin *admin = timer->data;

	if (++admin->farewells == FAREWELL_MS / FAREWELL_LOOK_MS)
		http_loop_cut_off(admin->http_loop);
	if (http_loop_is_idle(admin->http_loop))
		close_all(admin);
}

static void on_stop(uv_async_t *async)
{
	struct admin *admin = async->data;

	if (!admin->listener->is_started)
		return;
	listener_stop(admin->listener);
	http_loop_drain(admin->http_loop, true);
	uv_timer_start(&admin->farewell, on_farewell, 0, FAREWELL_LOOK_MS);
}

/* Life */

static void *run(void *data)
{
	struct admin *admin = data;

	http_loop_begin_thread();
	uv_run(&admin->loop, UV_RUN_DEFAULT);
	return NULL;
}

static void init_handles(struct admin *admin)
{
	REQUIRE(uv_loop_init(&admin->loop) == 0);
	uv_async_init(&admin->loop, &admin->stop, on_stop);
	uv_timer_init(&admin->loop, &admin->look);
	uv_timer_init(&admin->loop, &admin->farewell);
	admin->stop.data = admin->look.data = admin->farewell.data = admin;
	uv_timer_start(&admin->look, on_look, LOOK_MS, LOOK_MS);
}

static struct edition *create_routes(const struct service *service)
{
	struct edition *edition = edition_create(0);
	int status = edition_add_own_route(edition, "/livez", "livez", livez_get, service);

	status |= edition_add_own_route(edition, "/readyz", "readyz", readyz_get, service);
	status |= edition_add_own_route(edition, "/metrics", "metrics", metrics_get, service);
	REQUIRE(status == 0);
	return edition;
}

void admin_start(struct admin *admin)
{
	init_handles(admin);
	admin->edition = create_routes(admin->service);
	admin->http_loop = http_loop_create(admin->http, &(struct http_loop_settings){
							     .loop = &admin->loop,
							     .number = admin->number,
							     .edition = admin->edition,
							     .pulse = &admin->pulse,
							     .is_admin = true,
							 });
	listener_start(admin->listener, &admin->loop, on_connection, admin);
	REQUIRE(pthread_create(&admin->thread, NULL, run, admin) == 0);
}

void admin_stop(struct admin *admin)
{
	uv_async_send(&admin->stop);
	pthread_join(admin->thread, NULL);
	http_loop_destroy(admin->http_loop);
	edition_destroy(admin->edition);
	REQUIRE(uv_loop_close(&admin->loop) == 0);
}
