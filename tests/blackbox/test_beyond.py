"""What is awaited besides the database: timers, the processor, a generator that is pulled."""

import os
import re
import resource
import threading
import time

import pytest

from conftest import ATLAS_ENDPOINTS, MODES
from lib import http_client
from lib.service import Service, assert_problem, run, wait_until

PATHS = [
    "/delay/0", "/delay/30", "/delay/-1", "/delay/60001", "/delay/x", "/delay/", "/delay/1?more=1",
    "/fibonacci/0", "/fibonacci/1000", "/fibonacci/200000", "/fibonacci/-1", "/fibonacci/10000001", "/fibonacci/1.5",
    "/primes/1", "/primes/2", "/primes/1000000", "/primes/0", "/primes/10000000001",
    "/fibonacci?limit=0", "/fibonacci?limit=7000", "/fibonacci?above=5&stop_after=100", "/fibonacci?limit=-1",
    "/fibonacci?above=" + "9" * 2000 + "&limit=3", "/fibonacci?stop_after=1.5", "/fibonacci?limi=1",
]


@pytest.mark.skipif(len(MODES) < 2, reason="needs two modes to compare")
def test_all_modes_answer_the_same_bytes(atlas_database):
    services = [Service(atlas_database, ATLAS_ENDPOINTS, mode) for mode in MODES]
    try:
        for path in PATHS:
            for accept in ("application/json", "application/x-ndjson"):
                seen = [(answer.status, answer.header("content-type"), answer.body) for answer in
                        (service.get(path, {"Accept": accept}) for service in services)]
                assert all(each == seen[0] for each in seen), (path, accept)
    finally:
        for service in services:
            service.stop()


def timing(response):
    return {name: float(value) for name, value in re.findall(r"(\w+);dur=([0-9.]+)", response.header("server-timing"))}


# Timers


def test_a_delay(atlas):
    began = time.monotonic()
    response = atlas.get("/delay/150")
    assert response.status == 200 and response.json == {"ms": 150}
    assert time.monotonic() - began >= 0.15
    # it counts from when it was asked for
    assert timing(response)["queue"] + timing(response)["timer"] >= 149 and timing(response)["db"] == 0


@pytest.mark.parametrize("path", ["/delay/-1", "/delay/60001"])
def test_delays_that_are_refused(atlas, path):
    assert_problem(atlas.get(path), 400, "ms", "0 to 60000")


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 11000:
        pytest.skip(f"ten thousand connections need as many files, and the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def threads_of(service):
    return len(os.listdir(f"/proc/{service.process.pid}/task"))


def test_ten_thousand_delays_wait_at_once(mode, atlas_database, is_slow, many_files):
    """On one loop, and nothing waits with them: no thread, no connection."""
    if mode != "async":
        pytest.skip("one after the other, or as many as there are workers")
    count, ms = (1000, 20000) if is_slow else (10000, 20000)
    with Service(atlas_database, ATLAS_ENDPOINTS, mode, "--admin", "127.0.0.1:0", "--max-connections", "10100") as service:
        assert wait_until(lambda: service.metric('database_connections{state="open"}') >= 2)
        before = threads_of(service)
        connections = [service.connect() for _ in range(count)]
        began = [(time.monotonic(), connection.send(f"GET /delay/{ms} HTTP/1.1\r\nHost: x\r\n\r\n".encode()))[0]
                 for connection in connections]
        assert wait_until(lambda: service.metric("requests_in_flight") >= count), "they do not wait at once"
        assert threads_of(service) == before
        assert wait_until(lambda: service.metric('database_connections{state="busy"}') == 0), "connections wait with them"
        assert service.get("/countries/DE").status == 200, "no other client is answered meanwhile"
        for connection, since in zip(connections, began):
            assert connection.read_response().json == {"ms": ms}
            assert time.monotonic() - since >= ms / 1000 - 0.001, "came early"
            connection.close()


def test_a_delay_does_not_outlive_its_deadline(mode, atlas_database, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: delay :one\n-- route: GET /delay/{ms}\n-- timeout: 100ms\n-- work: delay\n"
                                    "SELECT :ms::integer AS ms;\n")
    with Service(atlas_database, tmp_path, mode) as service:
        assert_problem(service.get("/delay/30000"), 504, "deadline")
        assert service.get("/delay/10").status == 200


# The processor


def test_a_computation_says_how_long_it_queued_and_ran(atlas):
    response = atlas.get("/fibonacci/300000")
    assert response.status == 200
    assert b'"digits":62696,' in response.body  # floor(n * log10(phi) - log10(5) / 2) + 1
    times = timing(response)
    assert times["compute"] > 0 and times["db"] == 0 and times["queue"] + times["compute"] <= times["total"] + 0.01


PATIENCE_S = 300


@pytest.fixture
def patient(mode, atlas_database, tmp_path):
    """The sample's computations may take their time: others may keep the machine busy."""
    sample = (ATLAS_ENDPOINTS / "beyond.sql").read_text()
    (tmp_path / "beyond.sql").write_text(sample.replace("-- timeout: 30s", f"-- timeout: {PATIENCE_S}s"))
    with Service(atlas_database, tmp_path, mode, "--compute-threads", "4",
                 "--drain-timeout-ms", PATIENCE_S * 1000) as service:
        yield service


def test_the_largest(patient, is_slow):
    if is_slow:
        pytest.skip("takes its time with sanitizers")
    body = patient.get("/fibonacci/10000000", timeout_s=PATIENCE_S).body
    assert b'"digits":2089877,' in body
    # the digits of F(10^7): 112983437822539976... 86998673686380546875
    assert b'"value":112983437822539976' in body and body.endswith(b"86998673686380546875}")
    assert patient.get("/primes/100000000", timeout_s=PATIENCE_S).json == {"below": 100000000, "count": 5761455}


ONE_AT_A_TIME = ["--compute-threads", "1", "--queue-limit", "2"]
LONG = "/primes/10000000000"


@pytest.fixture
def computing(mode, atlas_database):
    if mode == "sync":
        pytest.skip("the loop waits, and answers no other client meanwhile")
    with Service(atlas_database, ATLAS_ENDPOINTS, mode, "--admin", "127.0.0.1:0", *ONE_AT_A_TIME) as service:
        yield service


def leave(connection):
    connection.socket.close()


def ask(service, path, **options):
    connection = service.connect(**options)
    connection.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


def test_others_are_answered_meanwhile(computing):
    busy = ask(computing, LONG)
    assert wait_until(lambda: computing.metric("computations") == 1)
    for _ in range(20):
        assert computing.get("/countries/DE").status == 200
    assert computing.metric("computations") == 1, "was over already: nothing was shown"
    leave(busy)


def test_a_client_that_leaves_ends_its_computation(computing):
    connections = [ask(computing, LONG)]
    assert wait_until(lambda: computing.metric("computations") == 1)
    began = time.monotonic()
    leave(connections.pop())
    assert wait_until(lambda: computing.metric("computations") == 0, 20), "goes on though its client has left"
    assert time.monotonic() - began < 20
    assert computing.get("/primes/100").json["count"] == 25


def test_no_more_wait_than_may(computing):
    """One runs, two wait; the fourth is refused, and those that wait go with their clients."""
    connections = [ask(computing, LONG)]
    assert wait_until(lambda: computing.metric("computations") == 1)
    connections += [ask(computing, LONG) for _ in range(2)]
    assert wait_until(lambda: computing.metric("computations") == 3)

    def is_refused():
        """Each of them is two computations: while it goes from one to the other, its place is free."""
        answer = computing.get("/primes/100")
        if answer.status == 503:
            assert_problem(answer, 503, "computations")
        return answer.status == 503

    assert wait_until(is_refused)
    for connection in connections:
        leave(connection)
    assert wait_until(lambda: computing.metric("computations") == 0, 20)
    assert computing.get("/primes/100").status == 200


def test_the_deadline_ends_a_computation_begun_or_not(mode, atlas_database, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: primes :one\n-- route: GET /primes/{below}\n-- timeout: 300ms\n"
                                    "-- work: primes\nSELECT :below::bigint AS below, NULL::bigint AS count;\n")
    (tmp_path / "b.sql").write_text("-- name: unhurried :one\n-- route: GET /unhurried/{below}\n"
                                    "-- work: primes\nSELECT :below::bigint AS below, NULL::bigint AS count;\n")
    with Service(atlas_database, tmp_path, mode, "--compute-threads", "1") as service:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(service.get(LONG))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(answers) == 3
        # one that comes late to its turn may be told so, since too little of its time is left
        late = [answer for answer in answers if answer.status == 503]
        assert len(late) < 3
        for answer in answers:
            if answer in late:
                assert_problem(answer, 503, "too little time was left")
            else:
                assert_problem(answer, 504)
        assert service.get("/unhurried/100").json["count"] == 25


def test_several_compute_threads_count_the_same(patient):
    for _ in range(3):
        answer = patient.get("/primes/20000000", timeout_s=PATIENCE_S)
        assert answer.json == {"below": 20000000, "count": 1270607}


def test_a_computation_in_flight_is_answered_before_the_end(patient):
    before = patient.cpu_s()  # in sync mode it cannot be asked what it is doing
    connection = ask(patient, "/primes/1000000000", timeout_s=PATIENCE_S)
    assert wait_until(lambda: patient.cpu_s() >= before + 0.1), "does not compute"
    patient.terminate()
    assert connection.read_response().json == {"below": 1000000000, "count": 50847534}


# The generator


def test_the_sequence(atlas):
    rows = atlas.get("/fibonacci?limit=1000").json
    a, b = 0, 1
    for n, row in enumerate(rows):
        assert row == {"n": n, "value": a}
        a, b = b, a + b
    assert len(rows) == 1000
    response = atlas.get("/fibonacci?limit=2", {"Accept": "application/x-ndjson"})
    assert response.header("content-type") == "application/x-ndjson"
    assert response.body == b'{"n":0,"value":0}\n{"n":1,"value":1}\n'


def test_head_asks_for_nothing(atlas):
    response = http_client.request(atlas.address, "HEAD", "/fibonacci")
    assert response.status == 200 and response.body == b""


@pytest.mark.parametrize("bound", ["above=-1", "above=1.5", "stop_after=NaN", "above=" + "9" * 7000 + "9" * 3001])
def test_bounds_that_are_refused(mode, atlas_database, bound):
    with Service(atlas_database, ATLAS_ENDPOINTS, mode, "--max-path-bytes", "20000") as service:
        assert_problem(service.get("/fibonacci?" + bound), 400, bound.partition("=")[0], "10000 digits")


def test_slow_readers_cost_nothing(mode, atlas_database, is_slow):
    """A thousand readers of the endless sequence that read nothing: no number is computed, and others are served."""
    if mode == "sync" or is_slow:
        pytest.skip("memory is counted in async and threads mode, without sanitizers")
    readers = 1000
    with Service(atlas_database, ATLAS_ENDPOINTS, mode, "--max-connections", str(readers + 10)) as service:
        before = service.memory_bytes()
        connections = [http_client.Connection(service.address, receive_buffer_bytes=4096) for _ in range(readers)]
        for connection in connections:
            connection.send(b"GET /fibonacci HTTP/1.1\r\nHost: x\r\n\r\n")
        assert service.get("/countries/DE").status == 200
        assert wait_until(lambda: is_idle(service)), "computes without end"
        first, worked_s = service.memory_bytes(), service.cpu_s()
        for _ in range(20):
            assert service.get("/countries/DE").status == 200
        time.sleep(2)
        assert service.cpu_s() - worked_s < 0.2, "it computes though its client has left"
        assert service.memory_bytes() - first < 1 << 20, "grows"
        assert (first - before) / readers < 128 * 1024
        # each goes on where it was
        assert connections[0].socket.recv(100).startswith(b"HTTP/1.1 200")
        for connection in connections:
            connection.close()
        assert wait_until(lambda: service.get("/countries/DE").status == 200)


def is_idle(service):
    worked_s = service.cpu_s()
    time.sleep(0.5)
    return service.cpu_s() - worked_s <= 0.02


# What the files say


def test_they_are_in_the_openapi_document(atlas):
    paths = atlas.get("/openapi.json").json["paths"]
    assert paths["/delay/{ms}"]["get"]["parameters"][0]["schema"] == {"type": "integer", "format": "int32"}
    schema = paths["/fibonacci/{n}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"n", "digits", "value"}
    assert set(atlas.get("/fibonacci/10").json) == set(schema["required"])
    schema = paths["/primes/{below}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(atlas.get("/primes/10").json) == set(schema["properties"])
    assert "application/x-ndjson" in paths["/fibonacci"]["get"]["responses"]["200"]["content"]
    names = [parameter["name"] for parameter in paths["/fibonacci"]["get"]["parameters"]]
    assert names == ["limit", "above", "stop_after"]


@pytest.mark.parametrize("text, words", [
    ("-- name: a :one\n-- route: GET /a/{ms}\n-- work: delays\nSELECT :ms::integer AS ms;", ["no work delays", "primes"]),
    ("-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms::bigint AS ms;", ["must take :ms integer"]),
    ("-- name: a :many\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms::integer AS ms;", [":one on GET"]),
    ("-- name: a :one\n-- route: GET /a\n-- work: delay\n-- param: ms = null\nSELECT :ms::integer AS ms;",
     ["nothing with null", '"ms"']),
    ("-- name: a :one\n-- route: GET /a/{ms}\n-- work:\nSELECT :ms::integer AS ms;", ["`-- work:` must be"]),
])
def test_a_file_that_is_wrong_about_a_work(atlas_database, tmp_path, text, words):
    (tmp_path / "a.sql").write_text(text)
    done = run("check", "--database", atlas_database, "--endpoints", tmp_path)
    assert done.returncode == 1
    assert "a.sql:3: " in done.stderr and all(word in done.stderr for word in words), done.stderr
