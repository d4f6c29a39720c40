"""Idempotency-Key: the jobs of a request that is sent again are written once."""

import threading

import pytest

from lib.queues import Queue
from lib.service import assert_problem, wait_until


def enqueue(queue, key, body):
    return queue.post("jobs", body, headers=[("idempotency-key", key)])


def test_a_request_that_is_sent_again(queue):
    body = [{"payload": 1}, {"payload": 2, "delay": "1h"}]
    first = enqueue(queue, "a", body)
    assert first.status == 201 and len(first.json["ids"]) == 2
    [job] = queue.claim("?max=10")
    assert queue.tell("ack", job).status == 204
    again = enqueue(queue, '"a"', body)
    assert again.status == 201 and again.body == first.body
    assert queue.claim() == [] and queue.figures()["depth"] == 1


def test_another_body_is_refused(queue):
    assert enqueue(queue, "a", {"payload": 1}).status == 201
    answer = enqueue(queue, "a", {"payload": 2})
    assert_problem(answer, 422, "Idempotency-Key was used for another body")
    assert answer.json["type"] == "urn:meantime:problem:key-reused"
    assert queue.figures()["depth"] == 1


def test_each_queue_has_keys_of_its_own(queue):
    first = enqueue(queue, "a", {"payload": 1}).json
    other = Queue(queue.service)
    assert enqueue(other, "a", {"payload": 2}).status == 201
    assert enqueue(queue, "a", {"payload": 1}).json == first and enqueue(queue, "b", {"payload": 1}).json != first


def test_many_at_once(queue):
    """With a key and without, in the same commits: each key wrote once."""
    answers = []

    def produce(number):
        for i in range(10):
            answers.append((f"{i}", enqueue(queue, f"{i}", {"payload": i})))
            answers.append((None, queue.post("jobs", {"payload": "plain"})))

    producers = [threading.Thread(target=produce, args=(i,)) for i in range(4)]
    for each in producers:
        each.start()
    for each in producers:
        each.join(60)
    assert {answer.status for _, answer in answers} == {201}
    keyed = {(key, answer.json["ids"][0]) for key, answer in answers if key}
    plain = [answer.json["ids"][0] for key, answer in answers if not key]
    assert len(keyed) == 10 and len(set(plain)) == 40
    assert sorted(job["id"] for job in queue.claim("?max=100")) == sorted(plain + [number for _, number in keyed])


def test_a_key_is_forgotten(queue, postgres):
    first = enqueue(queue, "a", {"payload": 1}).json
    kept = "SELECT expires_at BETWEEN now() + interval '23 hours' AND now() + interval '24 hours' FROM meantime_queue.enqueue_key"
    of_it = f"WHERE ids[1] = {first['ids'][0]}"
    assert postgres.value(f"{kept} {of_it}", "queues") == "t"
    postgres.execute(f"UPDATE meantime_queue.enqueue_key SET expires_at = now() - interval '1 second' {of_it}", "queues")
    second = enqueue(queue, "a", {"payload": 2}).json
    assert second["ids"] != first["ids"] and queue.figures()["depth"] == 2


def test_a_key_outlives_a_service(own_queues, faulty_postgres):
    queue = Queue(own_queues())
    first = enqueue(queue, "a", {"payload": 1})
    queue.service.kill()
    faulty_postgres.execute("INSERT INTO meantime_queue.enqueue_key SELECT 1, 'of old', body, ids, now() - interval '1 minute'"
                            " FROM meantime_queue.enqueue_key", own_queues.database)
    queue.service = own_queues()
    assert enqueue(queue, "a", {"payload": 1}).json == first.json
    kept = "SELECT string_agg(key, ',') FROM meantime_queue.enqueue_key"
    assert wait_until(lambda: faulty_postgres.value(kept, own_queues.database) == "a")


def test_what_is_not_known_is_sent_again(own_queues, faulty_postgres):
    """Sessions are ended all the while. A producer that repeats each request until it is answered writes each job once."""
    queue = Queue(own_queues())
    written, is_over = {}, threading.Event()

    def produce(name):
        for i in range(40):
            answer = enqueue(queue, f"{name}-{i}", {"payload": f"{name}-{i}"})
            while answer.status != 201:
                assert answer.status in (503, 504), answer
                answer = enqueue(queue, f"{name}-{i}", {"payload": f"{name}-{i}"})
            written[f"{name}-{i}"] = answer.json["ids"]

    producers = [threading.Thread(target=produce, args=(i,)) for i in range(3)]
    for each in producers:
        each.start()
    while any(each.is_alive() for each in producers):
        faulty_postgres.terminate_clients(own_queues.database)
        is_over.wait(0.05)
    assert len(written) == 120
    rows = faulty_postgres.execute("SELECT payload, id FROM meantime_queue.job", own_queues.database)
    assert sorted(rows) == sorted([f'"{name}"', str(number)] for name, [number] in written.items())
    assert wait_until(lambda: len(queue.claim("?max=1000")) == 120)


@pytest.mark.parametrize("key", ["", '"a', "a b", "x" * 256])
def test_a_wrong_key_is_named(queue, key):
    assert_problem(enqueue(queue, key, {"payload": 1}), 400, "Idempotency-Key", "255 visible ASCII")
