"""Bounded queues, deadlines, and which requests wait for which."""

import select
import socket
import struct
import time

import pytest

from lib.http_client import encode_request
from lib.service import assert_problem, check_sound, wait_until


def at_once(service, requests):
    """Sends every (method, path, body) on a connection of its own; returns the answers in the same order."""
    connections = [service.connect() for _ in requests]
    try:
        for connection, request in zip(connections, requests):
            connection.send(encode_request(*request))
        answers = [connection.read_response() for connection in connections]
    finally:
        for connection in connections:
            connection.close()
    for answer in answers:
        check_sound(answer)
    return answers


SMALL_QUEUE = {
    "sync": ["--queue-limit", 1],
    "threads": ["--queue-limit", 1, "--threads", 1],
    "async": ["--queue-limit", 1, "--db-connections", 2, "--db-shared-connections", 1],
}


ONE_AT_A_TIME = {
    "sync": [],
    "threads": ["--threads", 1],
    "async": ["--db-connections", 2, "--db-shared-connections", 1],
}


def holds(service, mode, count):
    """The service holds so many requests. In sync mode its loop waits with the first, and has read no other."""
    return mode == "sync" or wait_until(lambda: service.metric("requests_in_flight") == count)


def test_a_full_queue_is_503_at_once(serve, mode):
    service = serve(*SMALL_QUEUE[mode])
    answers = at_once(service, [("GET", "/slow/400")] * 12)
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {200, 503} and 200 in statuses, statuses
    for answer in answers:
        if answer.status == 503:
            assert_problem(answer, 503)
            assert int(answer.header("retry-after")) >= 1
    assert 503 in statuses, statuses
    assert service.get("/numbers/1").json == {"n": 1}, "well afterwards"


def test_a_full_queue_refuses_writes_as_well(serve, mode, postgres):
    service = serve(*SMALL_QUEUE[mode])
    answers = at_once(service,
                      [("POST", "/slow", {"ms": 300, "name": f"queued-{mode}-{number}"}) for number in range(12)])
    good = sum(answer.status == 201 for answer in answers)
    assert {answer.status for answer in answers} <= {201, 503} and good > 0
    assert postgres.value(f"SELECT count(*) FROM item WHERE name LIKE 'queued-{mode}-%'", "blackbox") == str(good)


def test_what_waits_for_a_client_that_left_is_not_run(serve, mode, postgres):
    service = serve(*ONE_AT_A_TIME[mode], "--admin", "127.0.0.1:0")
    stays = service.connect()
    with postgres.hold("LOCK TABLE item IN EXCLUSIVE MODE", "blackbox"):
        stays.send(encode_request("POST", "/slow", {"ms": 1, "name": f"stays-{mode}"}))
        assert wait_until(lambda: postgres.at_work(service, "INSERT INTO item") == 1)
        leave = [service.connect() for _ in range(10)]
        for number, connection in enumerate(leave):
            connection.send(encode_request("POST", "/slow", {"ms": 1, "name": f"leaves-{mode}-{number}"}))
        assert holds(service, mode, 11)
        for connection in leave:
            connection.close()
        time.sleep(0.2)  # a request that is younger than 100 ms is answered, whatever its client has closed
        assert holds(service, mode, 1)
    assert stays.read_response().status == 201
    stays.close()
    assert service.request("POST", "/slow", {"ms": 1, "name": f"after-{mode}"}).status == 201
    assert postgres.value(f"SELECT count(*) FROM item WHERE name LIKE 'leaves-{mode}-%'", "blackbox") == "0"


def test_one_that_waited_may_end_its_connection_with_a_request(serve, mode):
    """The kernel watches a client whose request waits. What it sends later with the end behind it is answered."""
    service = serve(*ONE_AT_A_TIME[mode])
    with service.connect() as busy, service.connect() as waits:
        busy.send(encode_request("GET", "/slow/600"))
        time.sleep(0.05)
        waits.send(encode_request("GET", "/slow/1"))
        assert waits.read_response().json == {"ms": 1}
        assert busy.read_response().json == {"ms": 600}
        waits.send(encode_request("GET", "/numbers/1"))
        waits.socket.shutdown(socket.SHUT_WR)
        assert waits.read_response().json == {"n": 1}


@pytest.mark.parametrize("is_reset", [False, True])
def test_clients_that_leave_make_room_for_others(serve, postgres, mode, is_reset):
    """Their places in the queue are free long before the deadline."""
    service = serve("--queue-limit", 4, "--request-timeout-ms", 60000, "--admin", "127.0.0.1:0", *ONE_AT_A_TIME[mode])
    with service.connect() as busy:
        busy.send(encode_request("GET", "/slow/2500"))
        assert wait_until(lambda: postgres.at_work(service, "pg_sleep") == 1)
        leave = [service.connect() for _ in range(4)]
        for connection in leave:
            connection.send(encode_request("GET", "/slow/50000"))
        assert holds(service, mode, 5)
        for connection in leave:
            if is_reset:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        assert busy.read_response().json == {"ms": 2500}
        assert wait_until(lambda: service.get("/slow/1").status == 200, 20)


def test_the_deadline_is_504(serve):
    service = serve("--request-timeout-ms", 300)
    assert_problem(service.get("/slow/5000"), 504)
    assert service.get_in_time("/slow/20").json == {"ms": 20}
    assert service.get_in_time("/numbers/1").json == {"n": 1}


def test_the_deadline_of_a_write_is_504_and_nothing_is_written(serve, postgres, mode):
    service = serve("--request-timeout-ms", 300)
    name = f"late-{mode}"
    response = service.request("POST", "/slow", {"ms": 1500, "name": name})
    problem = assert_problem(response, 504)
    # PostgreSQL has said that it gave up, or a busy machine heard nothing from it
    assert problem["type"] in ("urn:meantime:problem:deadline", "urn:meantime:problem:deadline-outcome-unknown")
    assert ("nothing was written" in problem["detail"]) == (problem["type"] == "urn:meantime:problem:deadline")
    assert service.get_in_time("/numbers/1").status == 200
    assert wait_until(lambda: postgres.at_work(service) == 0)
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") == "0"


def test_no_statement_goes_on_after_its_deadline(serve, postgres):
    service = serve("--request-timeout-ms", 3000)
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/60000"))
        assert wait_until(lambda: postgres.at_work(service, "pg_sleep") == 1)
        assert_problem(connection.read_response(), 504)
    assert wait_until(lambda: postgres.at_work(service) == 0, 20)


def test_an_endpoint_has_a_timeout_of_its_own(service, serve):
    assert_problem(service.get("/slow-limited/3000"), 504)
    assert service.get_in_time("/slow-limited/10").json == {"ms": 10}
    patient = serve("--request-timeout-ms", 200)
    assert patient.get("/slow-allowed/600").json == {"ms": 600}
    assert_problem(patient.get("/slow/600"), 504)


def test_after_deadlines_every_answer_is_at_its_request(serve):
    service = serve("--request-timeout-ms", 250)
    for number in range(1, 6):
        assert_problem(service.get("/slow/1000"), 504)
        for other in range(1, 6):
            assert service.get_in_time(f"/numbers/{number}{other}").json == {"n": int(f"{number}{other}")}


def test_queueing_counts_towards_the_deadline(serve, mode):
    service = serve("--request-timeout-ms", 3000, *ONE_AT_A_TIME[mode])
    service.get_in_time("/numbers/1")  # a connect on a busy machine takes its time, too

    def has_a_good_one():
        statuses = [answer.status for answer in at_once(service, [("GET", "/slow/1800")] * 8)]
        # 503: at its turn too little time was left for what it takes
        assert set(statuses) <= {200, 503, 504}, statuses
        assert {503, 504} & set(statuses), statuses
        return 200 in statuses

    assert wait_until(has_a_good_one, 60)


def test_waits_overlap_where_they_should(serve, postgres, mode):
    service = serve()
    service.get("/numbers/1")  # and not one of the statements, which would count as quick and share a connection
    connections = [service.connect() for _ in range(3)]
    most, each_ms = (1, 1000) if mode == "sync" else (3, 3000)
    for number, connection in enumerate(connections):
        connection.send(encode_request("GET", f"/slow/{each_ms + number}"))
    assert wait_until(lambda: postgres.at_work(service, "pg_sleep") == most)
    for number, connection in enumerate(connections):
        assert connection.read_response().json == {"ms": each_ms + number}
        assert postgres.at_work(service, "pg_sleep") <= most
        connection.close()


def test_the_quick_one_does_not_wait_for_the_slow_one(serve, postgres, mode):
    if mode == "sync":
        pytest.skip("in sync mode it does: that is the point of the other two")
    service = serve()
    with service.connect() as slow, service.connect() as quick:
        slow.send(encode_request("GET", "/slow/3000"))
        assert wait_until(lambda: postgres.at_work(service, "pg_sleep") == 1)
        for number in range(1, 6):
            assert quick.request("GET", f"/numbers/{number}").json == {"n": number}
        slow.socket.settimeout(0.001)
        with pytest.raises(TimeoutError):
            slow.read_response()
        slow.socket.settimeout(30)
        assert slow.read_response().json == {"ms": 3000}


def test_a_lock_holds_up_nobody_else(serve, mode, postgres):
    """A statement that was quick so far waits for a lock; what was sent together with it does not."""
    if mode == "sync":
        pytest.skip("in sync mode it does: that is the point of the other two")
    service = serve("--request-timeout-ms", 30000)
    for _ in range(30):
        assert service.get("/items?like=nothing").json == []
        assert service.get("/numbers/1").json == {"n": 1}
    locked = service.connect()
    others = [service.connect() for _ in range(6)]
    with postgres.hold("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", "blackbox"):
        with service.paused():
            for number, connection in enumerate(others[:3]):
                connection.send(encode_request("GET", f"/numbers/{number + 1}"))
            locked.send(encode_request("GET", "/items?like=nothing"))
            for number, connection in enumerate(others[3:]):
                connection.send(encode_request("GET", f"/numbers/{number + 4}"))
        for number, connection in enumerate(others):
            assert connection.read_response().json == {"n": number + 1}
        locked.socket.settimeout(0.001)
        with pytest.raises(TimeoutError):
            locked.read_response()
        locked.socket.settimeout(30)
    assert locked.read_response().json == []
    for connection in [locked, *others]:
        connection.close()


def test_locks_on_every_shared_connection_hold_up_nobody_else(serve, mode, postgres):
    if mode != "async":
        pytest.skip("each that waits takes a worker")
    service = serve("--request-timeout-ms", 30000)
    for _ in range(30):
        assert service.get("/items?like=nothing").json == []
        assert service.get("/numbers/1").json == {"n": 1}
    locked = [service.connect() for _ in range(3)]
    others = [service.connect() for _ in range(9)]
    with postgres.hold("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", "blackbox"):
        with service.paused():
            for number, connection in enumerate(others):
                connection.send(encode_request("GET", f"/numbers/{number + 1}"))
                if number % 3 == 1:
                    locked[number // 3].send(encode_request("GET", "/items?like=nothing"))
        for number, connection in enumerate(others):
            assert connection.read_response().json == {"n": number + 1}
    for connection in locked:
        assert connection.read_response().json == []
    for connection in [*locked, *others]:
        connection.close()


def test_a_write_that_waits_for_a_lock_holds_up_few_writes(serve, mode, postgres):
    if mode == "sync":
        pytest.skip("in sync mode it does: that is the point of the other two")
    service = serve("--request-timeout-ms", 30000)
    first = {"threads": 21, "async": 41}[mode] * 100000
    for number in range(first + 1, first + 10):
        assert service.request("POST", "/numbers", {"n": number}).status == 201
        assert service.request("POST", "/items", {"name": f"before-{mode}-{number}"}).status == 201
    others = [service.connect() for _ in range(12)]
    with postgres.hold("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", "blackbox"), service.connect() as locked:
        with service.paused():
            locked.send(encode_request("POST", "/items", {"name": f"locked-{mode}"}))
            for number, connection in enumerate(others):
                connection.send(encode_request("POST", "/numbers", {"n": first + 100 * number + 11}))
        sockets = [connection.socket for connection in others]
        assert wait_until(lambda: len(select.select(sockets, [], [], 0)[0]) >= len(others) - 2), \
            "more than those right behind it wait"
    for connection in others:
        assert connection.read_response().status == 201
        connection.close()


def test_a_lock_on_a_table_that_was_not_asked_for_before(serve, postgres):
    """Its statement is still to be prepared, and that waits for the lock: a missed deadline, as in every mode."""
    service = serve("--request-timeout-ms", 500)
    with postgres.hold("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", "blackbox"):
        for _ in range(3):
            assert_problem(service.get("/items?like=nothing"), 504)
    assert service.get_in_time("/items?like=nothing").json == []
    assert "does not prepare" not in service.log()


def test_a_lock_that_many_ask_for_holds_up_nobody_else(serve, mode, postgres):
    if mode != "async":
        pytest.skip("each that waits takes a worker")
    service = serve("--request-timeout-ms", 20000)
    for _ in range(30):
        assert service.get("/items?like=nothing").json == []
        assert service.get("/numbers/1").json == {"n": 1}
    locked = []
    with postgres.hold("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", "blackbox"):
        for number in range(1, 25):
            locked.append(service.connect())
            locked[-1].send(encode_request("GET", "/items?like=nothing"))
            time.sleep(0.01)
            assert service.get(f"/numbers/{number}1").json == {"n": int(f"{number}1")}
    for connection in locked:
        assert connection.read_response().json == []
        connection.close()


def test_more_slow_requests_than_connections(serve, mode):
    """They wait their turn; none is lost, none is refused."""
    few = {"sync": [], "threads": ["--threads", 3], "async": ["--db-connections", 4]}[mode]
    service = serve("--request-timeout-ms", 60000, *few)
    answers = at_once(service, [("GET", f"/slow/{ms}") for ms in range(20, 50)])
    assert [answer.json["ms"] for answer in answers] == list(range(20, 50))


def test_input_is_checked_before_any_connection_is_used(serve, mode):
    """Every connection is busy and the queue is full: what is wrong with a request is said all the same."""
    if mode == "sync":
        pytest.skip("in sync mode no other client is answered meanwhile")
    service = serve(*SMALL_QUEUE[mode])
    connections = [service.connect() for _ in range(6)]
    for connection in connections:
        connection.send(encode_request("GET", "/slow/1500"))
    time.sleep(0.3)
    assert_problem(service.get("/echo/int4?value=x"), 400, "value")
    assert_problem(service.get("/nowhere"), 404)
    assert_problem(service.request("POST", "/types", {}), 405)
    assert service.request("OPTIONS", "/types").status == 204
    assert service.get("/openapi.json").status == 200
    for connection in connections:
        assert connection.read_response().status in (200, 503)
        connection.close()


def test_two_loops(serve):
    service = serve("--loops", 2)
    for number in range(1, 40):
        if number % 10:
            assert service.get(f"/numbers/{number}").json == {"n": number}
    answers = at_once(service, [("GET", f"/numbers/{number}1") for number in range(64)])
    assert [answer.json["n"] for answer in answers] == [int(f"{number}1") for number in range(64)]
