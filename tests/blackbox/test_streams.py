"""`-- stream`: rows as they come."""

import json
import time

import pytest

from lib.http_client import ConnectionEnded, encode_request
from lib.service import assert_problem, wait_until


@pytest.mark.parametrize("count", [0, 1, 2, 1000, 1001, 50000])
def test_the_whole_result_as_one_array(service, count):
    response = service.get(f"/stream/{count}")
    assert response.status == 200
    assert response.header("content-type") == "application/json"
    assert response.header("meantime-truncated") is None
    assert [row["n"] for row in response.json] == list(range(1, count + 1))


def test_it_is_chunked(service):
    assert service.get("/stream/50000").is_chunked


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_a_small_one_has_a_length(service, accept):
    """What PostgreSQL sends in one part needs no chunks; 100 rows are a part that may have another behind it."""
    for count, is_chunked in ((0, False), (1, False), (99, False), (100, True)):
        response = service.get(f"/stream/{count}", {"Accept": accept})
        assert response.is_chunked == is_chunked
        assert (response.header("content-length") is None) == is_chunked


@pytest.mark.parametrize("count", [0, 1, 1000, 20000])
def test_one_row_a_line(service, count):
    response = service.get(f"/stream/{count}", {"Accept": "application/x-ndjson"})
    assert response.header("content-type") == "application/x-ndjson"
    assert response.body == b"" or response.body.endswith(b"\n")
    assert [json.loads(line)["n"] for line in response.body.splitlines()] == list(range(1, count + 1))


def test_wrong_input_is_a_problem_as_ever(service):
    assert_problem(service.get("/stream/x"), 400, "count")


def test_a_failure_before_the_first_row_is_a_problem(service):
    response = service.get("/stream-failing/1")
    assert_problem(response, 400, sqlstate="22012")


def test_a_failure_after_the_first_rows_is_seen(service):
    with service.connect() as connection:
        connection.send(encode_request("GET", "/stream-failing/200000"))
        assert connection.read_response_head().status == 200
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            for _ in connection.read_chunks():
                pass
    assert service.get("/numbers/1").status == 200


def test_a_slow_reader_stops_nobody(service):
    with service.connect(receive_buffer_bytes=4096) as slow:
        slow.send(encode_request("GET", "/stream/200000"))
        assert slow.read_response_head().status == 200
        for number in range(1, 30):
            if number % 10:
                assert service.get(f"/numbers/{number}").json == {"n": number}
        rows = json.loads(b"".join(slow.read_chunks()))
        assert [row["n"] for row in rows] == list(range(1, 200001))


def test_a_slow_reader_does_not_fill_the_memory(service):
    """20 MB wait for a client that does not read; the service keeps only a part of them."""

    def resident_bytes():
        with open(f"/proc/{service.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    before = resident_bytes()
    with service.connect(receive_buffer_bytes=4096) as slow:
        slow.send(encode_request("GET", "/stream/200000"))
        assert slow.read_response_head().status == 200
        time.sleep(0.7)
        assert resident_bytes() - before < 12 * 1024 * 1024
        slow.reset()


def test_two_streams_at_once(service):
    with service.connect() as first, service.connect() as second:
        for connection in (first, second):
            connection.send(encode_request("GET", "/stream/20000"))
        for connection in (second, first):
            assert len(connection.read_response().json) == 20000


def test_more_streams_than_the_limit(serve):
    service = serve("--max-streams", 1)
    with service.connect(receive_buffer_bytes=4096) as first:
        first.send(encode_request("GET", "/stream/1000000"))
        assert first.read_response_head().status == 200
        assert_problem(service.get("/stream/10"), 503)
        assert service.get("/numbers/1").status == 200
        first.reset()
    # the client left in mid-stream: its connection is free again
    assert wait_until(lambda: service.get("/stream/10").status == 200, 20)


def test_clients_that_leave_free_their_connections(serve, postgres):
    service = serve("--max-streams", 2)
    for _ in range(10):
        connection = service.connect(receive_buffer_bytes=4096)
        connection.send(encode_request("GET", "/stream/1000000"))
        status = connection.read_response_head().status
        assert status in (200, 503)
        if status == 200:
            assert postgres.at_work(service) > 0  # its cursor is open
        connection.reset()
    assert wait_until(lambda: service.get("/stream/10").status == 200, 20)
    assert wait_until(lambda: postgres.at_work(service) == 0, 20)


def test_a_client_that_never_reads_is_cut(serve):
    service = serve("--max-streams", 1, "--write-timeout-ms", 500)
    with service.connect(receive_buffer_bytes=4096) as stalled:
        stalled.send(encode_request("GET", "/stream/1000000"))
        assert stalled.read_response_head().status == 200
        assert service.log_contains("cut off", 30)
        assert wait_until(lambda: service.get("/stream/10").status == 200, 30)
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            for _ in stalled.read_chunks():
                pass


@pytest.mark.parametrize("own, of_all, sleep_s, status", [("300ms", 60000, 30, 504), ("30s", 300, 1, 200)])
def test_its_own_timeout_counts(serve, tmp_path, own, of_all, sleep_s, status):
    (tmp_path / "late.sql").write_text(f"-- name: late :many\n-- route: GET /late\n-- stream\n-- timeout: {own}\n"
                                       f"SELECT 1 AS n FROM pg_sleep({sleep_s});\n")
    assert serve("--request-timeout-ms", of_all, endpoints=tmp_path).get("/late").status == status


def test_escaped_arrays_in_a_long_stream_take_no_memory(serve, tmp_path, is_slow):
    (tmp_path / "arrays.sql").write_text("-- name: arrays :many\n-- route: GET /arrays\n-- stream\n"
                                         "SELECT ARRAY['a\"b', repeat('x', 1000)] AS a FROM generate_series(1, 30000);\n")
    service = serve(endpoints=tmp_path)
    assert len(service.get("/arrays").json) == 30000
    with open(f"/proc/{service.process.pid}/status") as file:
        most_kib = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    assert is_slow or most_kib < 24 * 1024


def test_a_session_that_ends_before_the_first_row_is_lost_not_out_of_reach(service):
    problem = assert_problem(service.get("/stream-end-itself"), 503)
    assert problem["detail"] == "the connection to the database was lost"
