"""A claim may ack what was given before: a consumer makes one request a round."""

import threading

from lib.queues import Queue
from lib.service import assert_problem, wait_until


def receipt(job, **more):
    return {"id": job["id"], "token": job["token"], **more}


def test_a_round_is_one_request(queue):
    """The group's next job is ready when the one before is gone, so an answer is whole: it gives the next one."""
    ids = queue.enqueue(*range(4), group="one after the other")
    answer = queue.post("claim", {}).json
    seen = [job["id"] for job in answer["jobs"]]
    while answer["jobs"]:
        answer = queue.post("claim?max=10", {"ack": [receipt(answer["jobs"][0])]}).json
        assert answer["done"] == [seen[-1]] and answer["stale"] == [] and answer["missing"] == []
        seen.extend(job["id"] for job in answer["jobs"])
    assert seen == ids and queue.figures()["depth"] == 0


def test_the_first_round_acks_nothing(queue):
    assert queue.post("claim", {"ack": []}).json == {"jobs": [], "done": [], "stale": [], "missing": []}
    assert queue.post("claim").json == []


def test_a_round_says_what_was_not_acked(queue):
    ids = queue.enqueue("a", "b", "c")
    first, second = queue.claim("?max=2")
    wrong = [receipt(first), receipt(second, token=first["token"]), {"id": 1, "token": "1-1"}]
    answer = queue.post("claim", {"ack": wrong}).json
    assert answer["done"] == [ids[0]] and answer["stale"] == [ids[1]] and answer["missing"] == [1]
    assert [job["id"] for job in answer["jobs"]] == [ids[2]]
    assert queue.figures()["in_flight"] == 2


def test_an_ack_does_not_wait_for_the_next_job(queue):
    queue.enqueue("a")
    [job] = queue.claim()
    if queue.service.mode == "sync":
        assert_problem(queue.post("claim?wait=10s", {"ack": [receipt(job)]}), 400, "in sync mode a claim cannot wait")
        assert queue.figures()["in_flight"] == 1
        return
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(queue.post("claim?wait=60s", {"ack": [receipt(job)]})))
    waiting.start()
    assert wait_until(lambda: queue.figures()["parked"] == 1 and queue.figures()["depth"] == 0)
    ids = queue.enqueue("b")
    waiting.join(60)
    assert [each["id"] for each in answers[0].json["jobs"]] == ids and answers[0].json["done"] == [job["id"]]


def test_a_round_whose_ack_cannot_be_written(own_queues, faulty_postgres):
    """What is not known is said so; the job is acked in the end, and none is given out that no consumer has."""
    queue = Queue(own_queues("--request-timeout-ms", "2000"))
    queue.enqueue("a", "b")
    [job] = queue.claim("?lease=1h")
    with faulty_postgres.hold("LOCK TABLE meantime_queue.job IN ACCESS EXCLUSIVE MODE", own_queues.database):
        answer = queue.post("claim", {"ack": [receipt(job)]})
        assert_problem(answer, 504, "whether it was written is not known")
    assert wait_until(lambda: queue.figures()["depth"] == 1)
    assert queue.figures()["ready"] == 1 and queue.figures()["in_flight"] == 0
