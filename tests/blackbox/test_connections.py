"""Connections: how long one may be silent, and how many there may be."""

import os
import socket
import time

import pytest

from lib import http_client
from lib.service import wait_until

GET = b"GET /types/void HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def kept_by(service):
    """A connection that has been answered. Where idle time is short, a busy machine may be too late for it."""
    kept = []

    def is_answered():
        kept.append(service.connect())
        try:
            return kept[-1].request("GET", "/numbers/1").status == 200
        except (http_client.ConnectionEnded, ConnectionError):
            kept.pop().close()
            return False

    assert wait_until(is_answered)
    return kept[0]


@pytest.mark.parametrize("part", [b"GET", b"GET /types HTTP/1.1\r\nHost: a\r\nX-A: ", POST + b"Content-Length: 100\r\n\r\n{"])
def test_a_part_of_a_request_is_cut_without_a_word(serve, part):
    """A 408 could cross the next request of the connection, and would be taken for its response."""
    service = serve("--read-timeout-ms", 400)
    with service.connect() as slow:
        slow.send(part)
        kept = kept_by(service)  # others are served meanwhile
        kept.send(part)
        for connection in (slow, kept):
            assert connection.read_rest() == b""  # fails by its own timeout when the connection is never closed
    kept.close()
    assert service.get("/numbers/1").status == 200


def test_a_head_that_trickles_is_cut(serve):
    """The time is for the whole request: a byte now and then does not buy more of it."""
    service = serve("--read-timeout-ms", 500)
    with service.connect(timeout_s=0.05) as slow:
        end = time.monotonic() + 20
        is_cut = False
        while not is_cut and time.monotonic() < end:
            try:
                slow.send(b"G")
                is_cut = slow.socket.recv(1000) is not None
            except socket.timeout:
                continue
            except (BrokenPipeError, ConnectionResetError):
                is_cut = True
        assert is_cut


def test_a_request_with_the_end_behind_it_is_answered(serve):
    """A client may close its sending half at once (`nc -N`), though the service is busy just then."""
    service = serve("--db-connections", 2, "--threads", 1)

    def status():
        with service.connect() as slow, service.connect() as half_closed:
            slow.send(http_client.encode_request("GET", "/slow/40"))
            time.sleep(0.015)  # so that the other comes while this is waited for; mostly is enough
            half_closed.send(http_client.encode_request("GET", "/numbers/1"))
            half_closed.socket.shutdown(socket.SHUT_WR)
            assert slow.read_response().json == {"ms": 40}
            return half_closed.read_response().status

    # on a busy machine it may wait for 100 ms, and then counts as gone; three in a row are no luck
    assert wait_until(lambda: all(status() == 200 for _ in range(3)), 60)


def test_an_idle_connection_is_closed(serve):
    service = serve("--read-timeout-ms", 300)
    with kept_by(service) as connection:
        assert connection.is_closed_by_peer()
    with service.connect() as connection:
        assert connection.is_closed_by_peer()


def test_a_request_may_take_longer_than_the_read_timeout(serve):
    assert serve("--read-timeout-ms", 400).get("/slow/900").json == {"ms": 900}


def test_a_blocked_loop_is_no_idle_client(serve):
    """In sync mode no request is read while one waits, and what has come meanwhile is not to be thrown away for it."""
    service = serve("--read-timeout-ms", 800)
    kept = kept_by(service)
    with service.connect() as slow:
        slow.send(http_client.encode_request("GET", "/slow/1300"))
        time.sleep(0.1)
        kept.send(http_client.encode_request("GET", "/numbers/2"))
        assert slow.read_response().json == {"ms": 1300}
        assert kept.read_response().json == {"n": 2}
        assert slow.request("GET", "/slow/1300").json == {"ms": 1300}
        assert slow.request("GET", "/numbers/3").json == {"n": 3}
    assert kept.is_closed_by_peer(), "an idle one is closed all the same"


def test_one_address_can_not_take_all_connections(serve):
    service = serve("--max-connections", 10, "--max-address-connections", 3, "--admin", "127.0.0.1:0",
                    listen="0.0.0.0:0")
    port = service.address[1]

    def connect(source):
        return http_client.Connection(("127.0.0.1", port), source=source)

    held = [connect("127.0.0.2") for _ in range(3)]
    for connection in held:
        assert connection.request("GET", "/numbers/1").status == 200
    for _ in range(3):
        assert connect("127.0.0.2").is_closed_by_peer()
    others = connect("127.0.0.3")
    assert others.request("GET", "/numbers/2").json == {"n": 2}
    assert service.log_contains("127.0.0.2 has max_address_connections (3)")

    def refused():
        metrics = http_client.request(service.admin_address, "GET", "/metrics").body.decode()
        return [line for line in metrics.splitlines() if "refused_total" in line][-1]

    assert wait_until(lambda: refused() == "meantime_connections_refused_total 3"), refused()
    held.pop().close()

    def is_served():
        with connect("127.0.0.2") as again:
            try:
                return again.request("GET", "/numbers/3").status == 200
            except (http_client.ConnectionEnded, OSError):
                return False

    assert wait_until(is_served)
    for connection in [*held, others]:
        connection.close()


def test_more_connections_than_the_limit_wait(serve):
    service = serve("--max-connections", 3, "--read-timeout-ms", 20000)
    held = [service.connect() for _ in range(3)]
    for connection in held:
        assert connection.request("GET", "/numbers/1").status == 200
    with service.connect() as waiting:
        waiting.send(http_client.encode_request("GET", "/numbers/2"))
        waiting.socket.settimeout(0.3)
        with pytest.raises(socket.timeout):
            waiting.socket.recv(1)
        held[0].close()
        waiting.socket.settimeout(http_client.TIMEOUT_S)
        assert waiting.read_response().json == {"n": 2}
    for connection in held:
        connection.close()


def test_clients_that_reset_do_no_harm(service):
    def open_files():
        return len(os.listdir(f"/proc/{service.process.pid}/fd"))

    assert service.get("/numbers/1").json == {"n": 1}
    before = open_files()
    for number in range(50):
        connection = service.connect()
        connection.send(GET if number % 2 else GET + b"\r\n")
        connection.reset()
    assert service.get("/numbers/1").json == {"n": 1}
    # a few more connections to PostgreSQL may have been opened, but 50 clients are not kept
    assert wait_until(lambda: open_files() < before + 25, 20)
