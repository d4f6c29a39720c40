#include "loop/turns.h"

#include "base/require.h"

static void on_turn(uv_prepare_t *prepare)
{
	struct turns *turns = prepare->data;
	uint64_t now_ns = uv_hrtime(), idle_ns = uv_metrics_idle_time(prepare->loop);
	uint64_t all_ns = now_ns - turns->began_ns, waited_ns = idle_ns - turns->idle_ns;

	turns->note(turns->data, all_ns > waited_ns ? all_ns - waited_ns : 0);
	turns->began_ns = now_ns;
	turns->idle_ns = idle_ns;
}

void turns_begin(struct turns *turns, uv_loop_t *loop, turns_note_fn *note, void *data)
{
	REQUIRE(uv_loop_configure(loop, UV_METRICS_IDLE_TIME) == 0);
	turns->note = note;
	turns->data = data;
	turns->began_ns = uv_hrtime();
	turns->idle_ns = uv_metrics_idle_time(loop);
	uv_prepare_init(loop, &turns->prepare);
	turns->prepare.data = turns;
	uv_prepare_start(&turns->prepare, on_turn);
}

void turns_end(struct turns *turns)
{
	uv_close((uv_handle_t *)&turns->prepare, NULL);
}
