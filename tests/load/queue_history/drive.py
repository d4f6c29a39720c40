"""One run: producers and consumers at work while things break, until every job has ended; then the history is checked.

    python3 -m queue_history.drive --jobs 100000 --mode async --history FILE

MEANTIME_PROGRAM names the program. scripts/queue-history builds it, and runs this.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "blackbox"))

from lib.postgres import Postgres  # noqa: E402
from lib.service import wait_until  # noqa: E402
from queue_history.check import check  # noqa: E402
from queue_history.clients import QUEUE, Consumer, Producer  # noqa: E402
from queue_history.history import History, read  # noqa: E402
from queue_history.world import World  # noqa: E402

PRODUCERS, CONSUMERS = 3, 6
PATIENCE_S = 300  # with no job written or acked


def expect_alive(clients):
    for client in clients:
        if client.failure is not None:
            raise client.failure


def await_progress(history, clients, is_so):
    """Until it is so; fails when nothing has moved for PATIENCE_S."""
    seen, seen_at = None, time.monotonic()
    while not is_so():
        expect_alive(clients)
        if (now := dict(history.counts)) != seen:
            seen, seen_at = now, time.monotonic()
        assert time.monotonic() - seen_at < PATIENCE_S, f"nothing moves any more: {now}"
        time.sleep(0.02)


def break_things(world, history, clients, jobs, faults):
    """Spread over the jobs, so that some are written and acked between two of them."""
    for number in range(faults):
        await_progress(history, clients, lambda: history.counts["written"] >= jobs * (number + 1) // (faults + 1))
        world.FAULTS[number % len(world.FAULTS)](world)


def drain(world, history, clients):
    await_progress(history, clients, lambda: world.depth(QUEUE) == 0)


def run(history_path, mode, jobs, faults):
    postgres = Postgres()
    history = History(history_path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            world = World(postgres, history, mode, folder)
            try:
                drive(world, history, jobs, faults)
            finally:
                world.close()
        finally:
            history.close()
            postgres.destroy()


def drive(world, history, jobs, faults):
    world.await_owner()
    consumers = [Consumer(world, history, f"consumer {number}") for number in range(CONSUMERS)]
    producers = [Producer(world, history, f"p{number}", jobs // PRODUCERS + 1) for number in range(PRODUCERS)]
    clients = producers + consumers
    for client in clients:
        client.start()
    try:
        break_things(world, history, clients, jobs, faults)
        await_progress(history, clients, lambda: not any(each.is_alive() for each in producers))
        drain(world, history, clients)
        # what a crash of PostgreSQL has taken back is given out by the next owner
        world.stop_service()
        drain(world, history, clients)
    finally:
        for client in clients:
            client.is_over.set()
        for client in clients:
            client.join(60)
    expect_alive(clients)
    assert wait_until(lambda: world.depth(QUEUE) == 0, 60)
    world.note_rest()


def main():
    parser = argparse.ArgumentParser(description="Checks a history of the queues while services and PostgreSQL break.")
    parser.add_argument("--jobs", type=int, default=100_000, help="jobs to be answered 201 (default: %(default)s)")
    parser.add_argument("--faults", type=int, help="faults of services and PostgreSQL (default: one for 1,500 jobs)")
    parser.add_argument("--mode", choices=("async", "threads", "sync"), default="async")
    parser.add_argument("--history", type=pathlib.Path, required=True, help="the file that is written")
    options = parser.parse_args()
    if not os.access(os.environ.get("MEANTIME_PROGRAM", ""), os.X_OK):
        parser.error("MEANTIME_PROGRAM must name the program")
    faults = options.faults if options.faults is not None else max(8, options.jobs // 1500)
    began = time.monotonic()
    run(options.history, options.mode, options.jobs, faults)
    took_s = time.monotonic() - began
    broken, figures = check(read(options.history))
    print(json.dumps({"mode": options.mode, "seconds": round(took_s), **figures}, indent=2))
    for rule, fault in broken[:100]:
        print(f"{rule}: {fault}")
    print(f"{len(broken)} faults in the history {options.history}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
