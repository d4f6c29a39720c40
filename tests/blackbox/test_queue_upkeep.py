"""What operators ask of a queue: dead letters, pause, limits, and the end of a job."""

import threading

import pytest

from lib.queues import Queue
from lib.service import assert_problem, wait_until


def ask(queue, method, path="", body=None):
    return queue.service.request(method, f"/queues/{queue.name}{path}", body)


def kill(queue, *payloads, **more):
    """Jobs that are dead after one attempt."""
    ids = queue.enqueue(*payloads, max_attempts=1, **more)
    jobs = queue.claim("?max=1000")
    answer = queue.post("nack", [{"id": job["id"], "token": job["token"], "reason": f"no {job['payload']}"[:9]} for job in jobs])
    assert answer.json["done"] == ids
    return ids


def dead(queue, query=""):
    answer = ask(queue, "GET", f"/dead{query}")
    assert answer.status == 200, answer
    return answer.json


def test_dead_letters_are_listed(queue):
    assert dead(queue) == []
    ids = kill(queue, 1, 2) + kill(queue, "c", group="g", priority=3)
    letters = dead(queue)
    assert [letter["id"] for letter in letters] == ids
    assert {key: letters[2][key] for key in ("payload", "attempt", "max_attempts", "priority", "group", "reason")} == {
        "payload": "c", "attempt": 1, "max_attempts": 1, "priority": 3, "group": "g", "reason": "no c"}
    assert letters[2]["enqueued_at"] <= letters[2]["died_at"] and letters[2]["died_at"].endswith("+00:00")
    assert [letter["id"] for letter in dead(queue, "?limit=2")] == ids[:2]
    assert [letter["id"] for letter in dead(queue, f"?after={ids[1]}&limit=1000")] == ids[2:]


def test_a_page_is_not_too_large(queue):
    ids = [number for i in range(8) for number in kill(queue, f"{i}" * 200_000)]
    assert [letter["id"] for letter in dead(queue)] == ids[:6]
    assert [letter["id"] for letter in dead(queue, f"?after={ids[5]}")] == ids[6:]


def test_one_is_sent_again(queue):
    first, second = kill(queue, "a", group="g") + kill(queue, "c")
    assert ask(queue, "POST", f"/dead/{first}/resend").status == 204
    [job] = queue.claim("?max=10")
    assert job["id"] == first and job["attempt"] == 1 and job["group"] == "g" and job["redelivered"] is None
    assert queue.tell("ack", job).status == 204
    assert_problem(ask(queue, "POST", f"/dead/{first}/resend"), 404, "no such dead letter")
    other = Queue(queue.service)
    other.enqueue("of another queue")
    assert_problem(ask(other, "POST", f"/dead/{second}/resend"), 404, "no such dead letter")
    assert second in [letter["id"] for letter in dead(queue)]


def test_all_are_sent_again(queue):
    ids = kill(queue, *range(1000)) + kill(queue, *["x" * 2000] * 100)
    assert queue.figures()["dead"] == 1100
    assert ask(queue, "POST", "/dead/resend").json == {"done": 1000, "left": 100}
    assert ask(queue, "POST", "/dead/resend").json == {"done": 100, "left": 0}
    assert ask(queue, "POST", "/dead/resend").json == {"done": 0, "left": 0}
    figures = queue.figures()
    assert figures["dead"] == 0 and figures["ready"] == 1100 and dead(queue) == []
    jobs = queue.claim("?max=1000") + queue.claim("?max=1000")
    assert [job["id"] for job in jobs] == ids and jobs[-1]["payload"] == "x" * 2000


def test_only_as_many_as_there_is_room_for(queue):
    kill(queue, *range(8))
    assert ask(queue, "PUT", "/limits", {"length": 5}).status == 204
    assert ask(queue, "POST", "/dead/resend").json == {"done": 4, "left": 4}
    queue.enqueue("one more")
    answer = ask(queue, "POST", "/dead/resend")
    assert_problem(answer, 429, "the queue is full")
    assert int(answer.header("retry-after")) >= 1


def test_dead_letters_are_purged(queue):
    first, *others = kill(queue, *range(3))
    assert ask(queue, "DELETE", f"/dead/{first}").status == 204
    assert_problem(ask(queue, "DELETE", f"/dead/{first}"), 404, "no such dead letter")
    assert [letter["id"] for letter in dead(queue)] == others and queue.figures()["dead"] == 2
    assert ask(queue, "DELETE", "/dead").json == {"done": 2, "left": 0}
    assert dead(queue) == [] and queue.figures()["dead"] == 0


def test_a_paused_queue_gives_nothing(queue):
    assert ask(queue, "POST", "/pause").status == 204
    [number] = queue.enqueue("a")
    assert queue.claim() == [] and queue.figures()["paused"] is True and queue.figures()["ready"] == 1
    assert ask(queue, "POST", "/resume").status == 204
    assert [job["id"] for job in queue.claim()] == [number] and queue.figures()["paused"] is False


def test_a_full_queue_takes_nothing(queue):
    assert ask(queue, "PUT", "/limits", {"length": 3, "rate": None}).status == 204
    queue.enqueue(1, 2)
    answer = queue.post("jobs", [{"payload": 3}, {"payload": 4}])
    assert_problem(answer, 429, "the queue is full")
    assert int(answer.header("retry-after")) >= 1
    queue.enqueue(3)
    assert queue.figures()["limits"] == {"length": 3, "group_concurrency": None, "rate": None}
    assert ask(queue, "PUT", "/limits", {}).status == 204
    queue.enqueue(4, 5)
    assert queue.figures()["limits"]["length"] is None


def test_a_rate_bounds_what_is_given(queue):
    assert ask(queue, "PUT", "/limits", {"rate": "2/hour"}).status == 204
    queue.enqueue(1, 2, 3)
    assert len(queue.claim("?max=10")) == 2 and queue.claim() == []
    assert queue.figures()["limits"]["rate"] == "2/hour"


def test_several_of_a_group_at_once(queue):
    queue.enqueue(1, 2, 3, group="g")
    assert len(queue.claim("?max=10")) == 1
    assert ask(queue, "PUT", "/limits", {"group_concurrency": 2}).status == 204
    assert len(queue.claim("?max=10")) == 1 and queue.claim() == []


def test_a_job_is_cancelled(queue):
    ready, leased = queue.enqueue("ready"), queue.enqueue("leased", priority=1)
    [job] = queue.claim()
    for number in ready + leased:
        assert queue.post(f"jobs/{number}/cancel").status == 204
    assert queue.tell("ack", job).status in (404, 409) and queue.claim() == []
    assert wait_until(lambda: queue.figures()["depth"] == 0)
    assert_problem(queue.post(f"jobs/{leased[0]}/cancel"), 404, "no such job")


def test_settings_outlive_a_service(own_queues):
    queue = Queue(own_queues())
    assert ask(queue, "POST", "/pause").status == 204
    assert ask(queue, "PUT", "/limits", {"length": 7, "group_concurrency": 2, "rate": "9/minute"}).status == 204
    ids = queue.enqueue("a")
    queue.service.kill()
    queue.service = own_queues()
    figures = queue.figures()
    assert figures["paused"] is True and queue.claim() == []
    assert figures["limits"] == {"length": 7, "group_concurrency": 2, "rate": "9/minute"}
    assert ask(queue, "POST", "/resume").status == 204
    assert [job["id"] for job in queue.claim()] == ids


def test_an_order_that_waits_too_long(own_queues, faulty_postgres):
    """The job is there once, alive or dead."""
    queue = Queue(own_queues("--request-timeout-ms", "2000"))
    ids = kill(queue, "a")
    with faulty_postgres.hold("LOCK TABLE meantime_queue.job IN ACCESS EXCLUSIVE MODE", own_queues.database):
        assert_problem(ask(queue, "POST", f"/dead/{ids[0]}/resend"), 504)
    assert ask(queue, "POST", f"/dead/{ids[0]}/resend").status in (204, 404)
    assert [job["id"] for job in queue.claim("?max=10")] == ids
    assert queue.figures()["dead"] == 0 and dead(queue) == []


def test_letters_are_sent_again_once(own_queues, faulty_postgres):
    """While sessions are ended: whatever was answered, each letter is a job once, and no job is forgotten."""
    queue = Queue(own_queues())
    ids, is_over = kill(queue, *range(30)), threading.Event()

    def end_sessions():
        while not is_over.is_set():
            faulty_postgres.terminate_clients(own_queues.database)
            is_over.wait(0.05)

    ending = threading.Thread(target=end_sessions)
    ending.start()
    try:
        for number in ids:
            assert wait_until(lambda: ask(queue, "POST", f"/dead/{number}/resend").status in (204, 404), 60)
    finally:
        is_over.set()
        ending.join(60)
    assert wait_until(lambda: queue.figures()["ready"] == 30) and dead(queue) == []
    assert sorted(job["id"] for job in queue.claim("?max=100")) == ids and queue.figures()["dead"] == 0


WRONG = [
    ("GET", "/dead?after=-1", None, "after"), ("GET", "/dead?after=", None, "after"), ("GET", "/dead?limit=0", None, "limit"),
    ("GET", "/dead?limit=1001", None, "limit"), ("GET", "/dead?colour=1", None, "after and limit"),
    ("POST", "/dead/x/resend", None, "no id"), ("DELETE", "/dead/0", None, "no id"), ("POST", "/dead/resend?a=1", None, "query string"),
    ("POST", "/jobs/x/cancel", None, "no id"), ("POST", "/pause?a=1", None, "query string"), ("PUT", "/limits", [{}], "object"),
    ("PUT", "/limits", {"length": 0}, "length"), ("PUT", "/limits", {"rate": "1/day"}, "rate"), ("PUT", "/limits", {"rate": 1}, "rate"),
    ("PUT", "/limits", {"rate": "1/second by key"}, "rate"), ("PUT", "/limits", {"group_concurrency": "1"}, "group_concurrency"),
    ("PUT", "/limits", {"width": 1}, "width"),
]


@pytest.mark.parametrize("method, path, body, word", WRONG)
def test_wrong_input_is_named(queue, method, path, body, word):
    assert_problem(ask(queue, method, path, body), 400, word)
