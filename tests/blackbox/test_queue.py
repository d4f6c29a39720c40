"""The queues at /queues: what is answered 201 is given to a consumer, until it is acked or dead, whatever breaks."""

import threading
import time

import pytest

from lib.queues import Queue, is_served
from lib.service import assert_problem, run, wait_until


def test_a_job_goes_through(queue):
    payload = {"a": [1, 2.50, None, "\u00e4\\\"{},"], "b": "NULL"}
    [number] = queue.enqueue(payload)
    [job] = queue.claim()
    assert job["id"] == number and job["payload"] == payload
    assert job["attempt"] == 1 and job["max_attempts"] == 5 and job["redelivered"] is None and job["group"] is None
    assert queue.claim() == []
    assert queue.tell("ack", job).status == 204
    assert_problem(queue.tell("ack", job), 404, "no such job")
    figures = queue.figures()
    assert figures == {"queue": queue.name, "depth": 0, "ready": 0, "delayed": 0, "in_flight": 0, "parked": 0, "dead": 0,
                       "oldest_age_ms": None, "paused": False,
                       "limits": {"length": None, "group_concurrency": None, "rate": None}}


def test_many_at_once(queue):
    ids = queue.enqueue(*range(1000))
    assert ids == sorted(set(ids))
    jobs = queue.claim("?max=1000")
    assert [job["id"] for job in jobs] == ids and [job["payload"] for job in jobs] == list(range(1000))
    receipts = [{"id": job["id"], "token": job["token"]} for job in jobs]
    answer = queue.post("ack", receipts[:998] + [{"id": ids[998], "token": receipts[0]["token"]}, {"id": 1, "token": "1-1"}])
    assert answer.json == {"done": ids[:998], "stale": [ids[998]], "missing": [1]}
    assert queue.figures()["in_flight"] == 2
    answer = queue.post("extend", [{**receipts[999], "lease": "1h"}])
    assert answer.json == {"done": [ids[999]], "stale": [], "missing": []}
    answer = queue.post("nack", [{**receipts[999], "delay": "1h"}])
    assert answer.json == {"done": [ids[999]], "stale": [], "missing": []}
    assert queue.figures()["delayed"] == 1


def test_a_line_is_a_job(queue):
    lines = [("content-type", "application/x-ndjson")]
    answer = queue.post("jobs", b'{"payload": 1.0}\r\n\n{"payload":"b","priority":1}\n', headers=lines)
    assert answer.status == 201 and len(answer.json["ids"]) == 2
    assert [job["payload"] for job in queue.claim("?max=10")] == ["b", 1.0]
    assert_problem(queue.post("jobs", b'{"payload":1}\n{"payload":2', headers=lines), 400, "line 2")
    assert_problem(queue.post("ack", b'{"id":1,"token":"1-1"}\n', headers=lines), 415, "application/json")
    assert queue.figures()["depth"] == 2


def test_the_payload_is_as_it_was_written(queue):
    answer = queue.post("jobs", b'{"payload": {"n": 1.50e3, "a" :[ ]} }', headers=[("content-type", "application/json")])
    assert answer.status == 201
    assert b'"payload":{"n": 1.50e3, "a" :[ ]}' in queue.post("claim").body


def test_a_payload_that_is_only_in_its_row(queue):
    large = "x" * 5000
    queue.enqueue("small", large)
    assert [job["payload"] for job in queue.claim("?max=2")] == ["small", large]


def test_a_nack_comes_back_and_dies(queue, postgres):
    queue.enqueue("a", max_attempts=2)
    [job] = queue.claim()
    assert queue.tell("nack", job, delay="0s", reason="no").status == 204
    [again] = queue.claim("?wait=10s" if queue.service.mode != "sync" else "")
    assert again["id"] == job["id"] and again["attempt"] == 2 and again["redelivered"] == "nacked"
    assert_problem(queue.tell("ack", job), 409, "nothing was changed")
    assert queue.tell("nack", again, reason="never").status == 204
    assert queue.claim() == []
    assert queue.figures()["dead"] == 1 and queue.figures()["depth"] == 0
    rows = postgres.execute(f"SELECT attempt, reason, payload FROM meantime_queue.dead_letter WHERE id = {job['id']}", "queues")
    assert rows == [["2", "never", '"a"']]


def test_priorities_delays_and_groups(queue):
    low, high = queue.enqueue("low", priority=-1) + queue.enqueue("high", priority=100)
    later = queue.enqueue("later", delay="1h")[0]
    first, second = queue.enqueue("g1", "g2", group="g")
    other = queue.enqueue("h1", group="h")[0]
    jobs = {job["id"]: job for job in queue.claim("?max=10")}
    assert list(jobs) == [high, first, other, low] and jobs[first]["group"] == "g"
    assert queue.figures()["delayed"] == 1 and later not in jobs and second not in jobs
    assert queue.tell("ack", jobs[first]).status == 204
    assert wait_until(lambda: [job["id"] for job in queue.claim()] == [second])


def test_a_lease_ends_unless_it_is_extended(queue):
    queue.enqueue("a", "b")
    kept, lost = queue.claim("?max=2&lease=1s")
    assert queue.tell("extend", kept, lease="1h").status == 204
    assert wait_until(lambda: queue.figures()["ready"] == 1)
    assert_problem(queue.tell("ack", lost), 409, "the lease has ended")
    [again] = queue.claim()
    assert again["id"] == lost["id"] and again["attempt"] == 2 and again["redelivered"] == "expired"
    assert queue.tell("ack", kept).status == 204


def test_a_claim_waits_for_a_job(queue):
    if queue.service.mode == "sync":
        assert_problem(queue.post("claim?wait=10s"), 400, "in sync mode a claim cannot wait", "--mode async")
        return
    answers = []
    waiting = [threading.Thread(target=lambda: answers.append(queue.claim("?wait=60s"))) for _ in range(3)]
    for each in waiting:
        each.start()
    assert wait_until(lambda: queue.figures().get("parked") == 3)
    ids = queue.enqueue(1, 2, 3)
    for each in waiting:
        each.join(60)
    assert sorted(job["id"] for [job] in answers) == ids
    assert queue.claim("?wait=1ms") == [] and queue.figures()["parked"] == 0


def test_a_client_that_has_left_is_given_nothing(queue):
    if queue.service.mode != "async":
        pytest.skip("a thread that waits is not told")
    with queue.service.connect() as left:
        left.send(f"POST /queues/{queue.name}/claim?wait=60s HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert wait_until(lambda: queue.figures().get("parked") == 1)
    assert wait_until(lambda: queue.figures()["parked"] == 0)
    [number] = queue.enqueue("a")
    [job] = queue.claim()
    assert job["id"] == number and job["attempt"] == 1


WRONG = [
    ("jobs", {}, "payload"), ("jobs", [], "empty"), ("jobs", [[1]], "object"), ("jobs", [{"payload": 1}, 2], "element 2"),
    ("jobs", {"payload": 1, "delay": 3}, "delay"), ("jobs", {"payload": 1, "delay": "3 s"}, "delay"),
    ("jobs", {"payload": 1, "priority": 101}, "priority"), ("jobs", {"payload": 1, "priority": 1.5}, "priority"),
    ("jobs", {"payload": 1, "max_attempts": 0}, "max_attempts"), ("jobs", {"payload": 1, "group": ""}, "group"),
    ("jobs", {"payload": 1, "group": "x" * 129}, "group"), ("jobs", {"payload": 1, "colour": 1}, "colour"),
    ("jobs", {"payload": 1, "delay": "9999d"}, "delay"), ("jobs?a=1", {"payload": 1}, "query string"),
    ("claim?max=0", None, "max"), ("claim?max=1001", None, "max"), ("claim?max=a", None, "max"), ("claim?max=", None, "max"),
    ("claim?wait=61s", None, "wait"), ("claim?lease=1ms", None, "lease"), ("claim?max=1&max=1", None, "twice"),
    ("claim?colour=1", None, "max, wait and lease"), ("claim", {"acks": []}, "acks"), ("claim", [], "empty"),
    ("claim", {"ack": {}}, "array"), ("claim", {"ack": [{"id": 1}]}, "element 1: field \"token\" is missing"), ("claim", [{}], "object"),
    ("jobs/0/ack", {"token": "1-1"}, "no id"), ("jobs/a/ack", {"token": "1-1"}, "no id"), ("jobs/1/ack", {}, "token"),
    ("jobs/1/ack", {"token": 1}, "token"), ("jobs/1/ack", {"token": "x"}, "token"), ("jobs/1/ack", [{"token": "1-1"}], "object"),
    ("jobs/1/ack", {"token": "1-1", "id": 1}, "id"), ("jobs/1/nack", {"token": "1-1", "delay": "x"}, "delay"),
    ("jobs/1/nack", {"token": "1-1", "reason": "x" * 1001}, "reason"), ("jobs/1/extend", {"token": "1-1", "lease": "1ms"}, "lease"),
    ("ack", [{"token": "1-1"}], "id"),
]


@pytest.mark.parametrize("path, body, word", WRONG)
def test_wrong_input_is_named(queue, path, body, word):
    assert_problem(queue.post(path, body), 400, word)


@pytest.mark.parametrize("body, words", [(b"{", "byte 2"), (b'{"payload": "\xff"}', "UTF-8"), (b'{"payload":1,"payload":2}', "twice")])
def test_a_body_that_is_no_json(queue, body, words):
    assert_problem(queue.post("jobs", body, headers=[("content-type", "application/json")]), 400, words)


def test_other_media_types_and_names(queue):
    assert_problem(queue.post("jobs", b"{}", headers=[("content-type", "text/plain")]), 415, "application/json")
    queue.name = "a%20b"
    assert_problem(queue.post("claim"), 400, "no name of a queue")
    assert_problem(queue.service.get("/queues/never-seen"), 404, "no queue")


def test_off_there_is_no_queue(service):
    assert service.request("POST", "/queues/a/claim").status == 404


# What breaks

def test_jobs_outlive_a_service(own_queues):
    service = own_queues()
    queue = Queue(service)
    ids = queue.enqueue("a", "b", "c", "d", group="g") + queue.enqueue("e", delay="1h")
    jobs = queue.claim("?max=1")
    assert queue.tell("ack", jobs[0]).status == 204
    [job] = queue.claim()
    assert queue.tell("nack", job, delay="0s").status == 204
    service.kill()
    queue.service = own_queues()
    [again] = queue.claim("?max=10")
    assert again["id"] == ids[1] and again["attempt"] == 2 and again["redelivered"] == "restarted" and again["group"] == "g"
    assert_problem(queue.tell("ack", job), 409)
    figures = queue.figures()
    assert figures["depth"] == 4 and figures["delayed"] == 1


def test_another_service_takes_over(own_queues):
    first = own_queues()
    second = own_queues(is_first=False)
    queue = Queue(first)
    ids = queue.enqueue("a", "b")
    other = Queue(second)
    other.name = queue.name
    assert_problem(other.post("claim"), 503, "another service")
    first.kill()
    assert wait_until(lambda: is_served(second)), second.log()
    assert [job["id"] for job in other.claim("?max=10")] == ids


def test_a_service_that_ends_gives_the_queues_away(own_queues):
    first = own_queues()
    second = own_queues(is_first=False)
    answers = []
    queue = Queue(first)
    query = "?wait=60s" if first.mode != "sync" else ""
    waiting = threading.Thread(target=lambda: answers.append(queue.claim(query)))
    waiting.start()
    assert first.mode == "sync" or wait_until(lambda: queue.figures().get("parked") == 1)
    first.stop()
    waiting.join(60)
    assert answers == [[]]
    assert wait_until(lambda: is_served(second)), second.log()


def test_an_owner_of_before_writes_nothing(own_queues, faulty_postgres):
    """It stands still for longer than an owner may, and another one has read all jobs by then."""
    first = own_queues()
    queue = Queue(first)
    ids = queue.enqueue("a")
    with first.paused():
        second = own_queues(is_first=True)
    other = Queue(second)
    other.name = queue.name
    assert wait_until(lambda: "the queues are no longer this service" in first.log())
    ids += queue.enqueue("b")
    given = []
    assert wait_until(lambda: given.extend(other.claim("?max=10")) or len(given) == 2)
    assert [job["id"] for job in given] == ids


def test_postgresql_restarts(own_queues, faulty_postgres):
    queue = Queue(own_queues("--request-timeout-ms", "3000"))
    [number] = queue.enqueue("a")
    [job] = queue.claim("?lease=1h")
    faulty_postgres.kill()
    assert queue.post("jobs", {"payload": "b"}).status in (503, 504)
    faulty_postgres.start()
    assert wait_until(lambda: queue.post("jobs", {"payload": "b"}).status == 201, 60)
    assert wait_until(lambda: queue.tell("ack", job).status == 204, 60)
    assert wait_until(lambda: len(queue.claim("?max=10")) > 0)
    assert number not in [job["id"] for job in queue.claim("?max=10")]


def test_nothing_is_lost(own_queues, faulty_postgres):
    """Producers and consumers while sessions are ended: what was answered 201 is given out, and what was acked is gone."""
    queue = Queue(own_queues())
    written, acked, given, is_over = [], [], [], threading.Event()

    def produce(name):
        for i in range(60):
            answer = queue.post("jobs", {"payload": f"{name}-{i}"})
            if answer.status == 201:
                written.extend(answer.json["ids"])

    def consume():
        while not is_over.is_set():
            answer = queue.post("claim?max=10&lease=2s")
            for job in answer.json if answer.status == 200 else []:
                given.append(job["id"])
                assert job["id"] not in acked, "given after its ack"
                if queue.tell("ack", job).status == 204:
                    acked.append(job["id"])

    producers = [threading.Thread(target=produce, args=(i,)) for i in range(4)]
    consumers = [threading.Thread(target=consume) for _ in range(2)]
    for each in producers + consumers:
        each.start()
    while any(each.is_alive() for each in producers):
        faulty_postgres.terminate_clients(own_queues.database)
        time.sleep(0.05)
    try:
        assert wait_until(lambda: set(written) <= set(acked), 60), set(written) - set(acked)
    finally:
        is_over.set()
        for each in consumers:
            each.join(60)
    assert written and wait_until(
        lambda: faulty_postgres.value("SELECT count(*) FROM meantime_queue.job", own_queues.database) == "0")


# The start

def start_refused(url, endpoints, *options):
    done = run("check", "--database", url, "--endpoints", endpoints, "--queue", "on", *options)
    assert done.returncode == 1, done
    return done.stderr


def test_tables_that_are_not_there(postgres, queue_endpoints):
    url = postgres.create_database("no_tables")
    assert "run meantime migrate" in start_refused(url, queue_endpoints)
    assert run("migrate", "--database", url).returncode == 0
    assert run("check", "--database", url, "--endpoints", queue_endpoints, "--queue", "on").returncode == 0
    postgres.execute("CREATE ROLE queue_reader LOGIN; GRANT USAGE ON SCHEMA meantime_queue TO queue_reader;"
                     "GRANT SELECT ON meantime_queue.version TO queue_reader", "no_tables")
    said = start_refused(url.replace("postgres@", "queue_reader@"), queue_endpoints)
    assert "may not write them" in said and "--service-role queue_reader" in said


def test_a_route_that_is_the_queues(queue_database, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: a :one\n-- route: GET /queues/{x}\nSELECT :x::text AS x;\n")
    assert "GET /queues/{x}" in start_refused(queue_database, tmp_path)


def test_roles_need_keys(queue_database, queue_endpoints):
    assert "no keys prove roles" in start_refused(queue_database, queue_endpoints, "--queue-roles", "a")


def test_only_named_roles_may_call(serve, postgres, queue_database, queue_endpoints, tmp_path):
    postgres.execute("DO $$ BEGIN CREATE ROLE worker; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    (tmp_path / "secret").write_text("a secret of thirty-two bytes or more")
    service = serve("--queue", "on", "--queue-roles", "worker", "--jwt-keys", tmp_path / "secret", url=queue_database,
                    endpoints=queue_endpoints)

    def claim(*claims):
        token = run("token", "--jwt-keys", tmp_path / "secret", "exp=1h", *claims).stdout.strip()
        return service.request("POST", "/queues/a/claim", headers=[("authorization", f"Bearer {token}")]).status

    assert service.request("POST", "/queues/a/claim").status == 401
    assert claim("role=postgres") == 403
    assert claim("role=worker") in (200, 503)
