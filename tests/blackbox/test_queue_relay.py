"""A service that does not own the queues: producers may call it, and the owner gives their jobs out."""

import threading

import pytest

from lib.queues import Queue, is_served
from lib.service import assert_problem, wait_until


@pytest.fixture
def two(own_queues):
    """The queue as the owner has it, and through another service."""
    owner = Queue(own_queues())
    other = Queue(own_queues(is_first=False))
    other.name = owner.name
    return owner, other


def enqueue(queue, body, *headers, status=201):
    answer = queue.post("jobs", body, headers=list(headers))
    assert answer.status == status, answer
    return answer.json.get("ids")


def claim(queue, count):
    """All of them, as they come: the inbox is read in between."""
    jobs = []

    def are_there():
        jobs.extend(queue.claim("?max=1000"))
        return len(jobs) >= count

    assert wait_until(are_there, 60), jobs
    return jobs


def test_jobs_come_through_either(two):
    owner, other = two
    ids = enqueue(other, [{"payload": {"a": [1.50, "ä"]}, "priority": 7, "max_attempts": 2}, {"payload": 2}])
    later = enqueue(other, {"payload": 3, "delay": "1h"})
    first, second = claim(owner, 2)
    assert [first["id"], second["id"]] == ids and first["payload"] == {"a": [1.5, "ä"]} and first["redelivered"] is None
    assert (first["priority"], first["max_attempts"], first["group"], first["attempt"]) == (7, 2, None, 1)
    assert owner.tell("ack", first).status == 204
    assert wait_until(lambda: owner.figures()["delayed"] == 1)
    assert_problem(other.post("claim"), 503, "another service owns them")
    lines = [("content-type", "application/x-ndjson")]
    assert len(other.post("jobs", b'{"payload":1}\n{"payload":2}\n', headers=lines).json["ids"]) == 2
    assert len(claim(owner, 2)) == 2 and later[0] not in ids


def test_many_and_large_ones(two):
    owner, other = two
    ids = enqueue(other, [{"payload": i} for i in range(1000)]) + enqueue(other, {"payload": "x" * 5000})
    jobs = claim(owner, 1001)
    assert [job["id"] for job in jobs] == ids
    assert [job["payload"] for job in jobs] == list(range(1000)) + ["x" * 5000]


def test_a_key_holds_through_both(two, faulty_postgres):
    owner, other = two
    key = ("idempotency-key", "a")
    ids = enqueue(other, [{"payload": 1}, {"payload": 2}], key)
    assert enqueue(other, [{"payload": 1}, {"payload": 2}], key) == ids == enqueue(owner, [{"payload": 1}, {"payload": 2}], key)
    enqueue(other, {"payload": 3}, key, status=422)
    ids += enqueue(owner, {"payload": 4}, ("idempotency-key", "b"))
    assert enqueue(other, {"payload": 4}, ("idempotency-key", "b")) == ids[2:]
    assert sorted(job["id"] for job in claim(owner, 3)) == sorted(ids)
    assert owner.figures()["in_flight"] == 3


def test_a_group_has_one_door(two):
    owner, other = two
    answer = other.post("jobs", [{"payload": 1}, {"payload": 2, "group": "g"}])
    assert_problem(answer, 503, "jobs of a group")
    assert int(answer.header("retry-after")) >= 1
    assert enqueue(owner, {"payload": 2, "group": "g"}) and owner.figures()["depth"] == 1


def test_a_queue_of_bounded_length_has_one_door(two):
    owner, other = two
    assert owner.service.request("PUT", f"/queues/{owner.name}/limits", {"length": 5}).status == 204
    for headers in ([], [("idempotency-key", "a")]):
        answer = other.post("jobs", {"payload": 1}, headers=headers)
        assert_problem(answer, 503, "bounded length")
        assert int(answer.header("retry-after")) >= 1
    other.name = "another"
    enqueue(other, {"payload": 1})
    assert enqueue(owner, {"payload": 1}, ("idempotency-key", "a")) and owner.figures()["depth"] == 1


def test_a_known_queue_uses_up_no_number(two, own_queues, faulty_postgres):
    """There are 2^31 for queues; here both services write for one that is in the table."""
    owner, other = two
    for queue in (other, other, owner, owner):
        enqueue(queue, {"payload": 1})
    assert faulty_postgres.value("SELECT last_value FROM meantime_queue.queue_id_seq", own_queues.database) == "1"


def test_producers_do_not_notice_a_new_owner(two):
    """The first owner is killed; the other service takes jobs all the while, and gives out all of them in the end."""
    owner, other = two
    written = enqueue(owner, {"payload": "before"})
    owner.service.kill()
    while not is_served(other.service):
        written += enqueue(other, {"payload": "meanwhile"})
    written += enqueue(other, {"payload": "after"})
    assert len(written) > 2
    assert sorted(job["id"] for job in claim(other, len(written))) == sorted(written)
    assert other.claim() == []


def test_nothing_is_lost_or_doubled(two, own_queues, faulty_postgres):
    """While sessions are ended: what was answered 201 is given out once, as a key makes sure."""
    owner, other = two
    written, given, is_over = {}, [], threading.Event()

    def produce(name):
        for i in range(30):
            key = f"{name}-{i}"
            while (answer := other.post("jobs", {"payload": key}, headers=[("idempotency-key", key)])).status != 201:
                assert answer.status in (503, 504), answer
            written[key] = answer.json["ids"][0]

    def consume():
        while not is_over.is_set():
            answer = owner.post("claim?max=100&lease=1h")
            given.extend(answer.json if answer.status == 200 else [])

    producers, consumer = [threading.Thread(target=produce, args=(i,)) for i in range(2)], threading.Thread(target=consume)
    for each in [*producers, consumer]:
        each.start()
    while any(each.is_alive() for each in producers):
        faulty_postgres.terminate_clients(own_queues.database)
        is_over.wait(0.05)
    try:
        assert wait_until(lambda: {job["id"] for job in given} >= set(written.values()), 60)
    finally:
        is_over.set()
        consumer.join(60)
    ids = [job["id"] for job in given if job["redelivered"] is None]
    assert len(ids) == len(set(ids)) == len(written) == 60


def test_too_much_waits_for_the_owner(own_queues, faulty_postgres):
    """The bound is on names here, which are fewer than jobs."""
    own_queues()
    faulty_postgres.execute("INSERT INTO meantime_queue.queue (name) SELECT 'q' || i FROM generate_series(1, 10000) AS i",
                            own_queues.database)
    other = Queue(own_queues(is_first=False))
    assert wait_until(lambda: other.post("jobs", {"payload": 1}).status == 503)
    assert_problem(other.post("jobs", {"payload": 1}), 503, "too much waits")
