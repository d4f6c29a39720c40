"""SIGTERM: what is in flight is answered, then the program ends with status 0."""

import contextlib
import json
import signal
import socket
import time

import pytest

from conftest import TEST_ENDPOINTS
from lib import http_client
from lib.http_client import encode_request
from lib.service import Service, assert_problem, wait_until


def test_nothing_in_flight(serve):
    service = serve()
    service.terminate()
    assert service.wait_for_exit() == 0


def test_sigint_is_the_same(serve):
    service = serve()
    service.process.send_signal(signal.SIGINT)
    assert service.wait_for_exit() == 0


def test_requests_in_flight_are_answered(serve):
    service = serve()
    connections = [service.connect() for _ in range(3)]
    for connection in connections:
        connection.send(encode_request("GET", "/slow/600"))
    time.sleep(0.2)
    service.terminate()
    for connection in connections:
        answer = connection.read_response()
        assert answer.status == 200 and answer.json == {"ms": 600}
        assert connection.is_closed_by_peer()
    assert service.wait_for_exit() == 0


def test_the_answer_says_that_the_connection_closes(serve, mode):
    if mode == "sync":
        pytest.skip("the loop waits, so it hears of the signal when it has answered")
    service = serve()
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/400"))
        time.sleep(0.15)
        service.terminate()
        assert (connection.read_response().header("connection") or "").lower() == "close"


def is_closed_to_new_ones(service):
    try:
        socket.create_connection(service.address, 5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it was in the queue of those that are closed with the listener
    return False


def test_a_request_that_is_arriving_may_arrive(serve, postgres, mode):
    """Half of its body is there when the drain begins, or half of its head."""
    service = serve()
    halves = [(request[:at], request[at:]) for request, at in (
        (encode_request("POST", "/slow", {"ms": 1, "name": f"arriving-{mode}-body"}), -10),
        (encode_request("POST", "/slow", {"ms": 1, "name": f"arriving-{mode}-head"}), 40))]
    connections = [service.connect() for _ in halves]
    for connection, (first, _) in zip(connections, halves):
        connection.send(first)
    assert service.get("/numbers/1").status == 200  # both have been read
    service.terminate()
    assert wait_until(lambda: is_closed_to_new_ones(service))
    for connection, (_, second) in zip(connections, halves):
        connection.send(second)
        assert connection.read_response().status == 201
        connection.close()
    assert service.wait_for_exit() == 0


def test_idle_connections_do_not_hold_it_up(serve):
    service = serve("--read-timeout-ms", 60000, "--drain-timeout-ms", 60000)
    connections = [service.connect() for _ in range(3)]
    assert connections[0].request("GET", "/numbers/1").status == 200
    connections[0].send(b"\r\n")  # of no request
    assert service.get("/numbers/1").status == 200
    service.terminate()
    assert service.wait_for_exit(20) == 0
    for connection in connections:
        connection.close()


def test_idle_clients_hear_that_their_connection_closes(serve):
    """Each of them is answered once more. Without that a request may meet a connection that is being closed."""
    service = serve("--drain-idle-ms", 60000)
    connections = [service.connect() for _ in range(24)]
    for connection in connections:
        assert connection.request("GET", "/numbers/1").status == 200
    service.terminate()
    assert wait_until(lambda: is_closed_to_new_ones(service))
    for connection in connections:
        answer = connection.request("GET", "/numbers/1")
        assert answer.status == 200 and answer.header("connection") == "close"
        assert connection.is_closed_by_peer()
        connection.close()
    assert service.wait_for_exit() == 0


@pytest.mark.parametrize("idle_ms, timeout_ms", [(200, 40000), (60000, 200)])
def test_idle_clients_that_stay_are_closed(serve, idle_ms, timeout_ms):
    """The drain's own end is the latest time for it, and closing them is no cut."""
    service = serve("--drain-idle-ms", idle_ms, "--drain-timeout-ms", timeout_ms)
    with service.connect() as connection:
        assert connection.request("GET", "/numbers/1").status == 200
        service.terminate()
        assert connection.is_closed_by_peer()
        assert service.wait_for_exit() == 0


def test_a_write_in_flight_is_done_and_answered(serve, postgres, mode):
    service = serve()
    with service.connect() as connection:
        connection.send(encode_request("POST", "/slow", {"ms": 400, "name": f"drained-{mode}"}))
        time.sleep(0.15)
        service.terminate()
        assert connection.read_response().status == 201
    assert service.wait_for_exit() == 0
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = 'drained-{mode}'", "blackbox") == "1"


def test_a_stream_in_flight_is_finished(serve):
    service = serve()
    with service.connect(receive_buffer_bytes=4096) as connection:
        connection.send(encode_request("GET", "/stream/50000"))
        head = connection.read_response_head()
        assert head.status == 200
        service.terminate()
        time.sleep(0.2)
        assert len(json.loads(b"".join(connection.read_chunks()))) == 50000
    assert service.wait_for_exit() == 0


def test_the_drain_has_an_end(database, mode):
    """A request that takes longer than the drain may: the program ends all the same."""
    service = Service(database, TEST_ENDPOINTS, mode, "--drain-timeout-ms", 300, "--request-timeout-ms", 60000)
    with in_the_middle(service):
        service.terminate()
        assert service.wait_for_exit(20) == 1
    assert service.log_contains("drain_timeout_ms")
    service.kill()


@contextlib.contextmanager
def in_the_middle(service):
    """Of a request that takes a minute."""
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/60000"))
        time.sleep(0.3)
        yield


def test_a_second_signal_ends_it_at_once(database, mode):
    service = Service(database, TEST_ENDPOINTS, mode, "--drain-timeout-ms", 60000, "--request-timeout-ms", 60000)
    with in_the_middle(service):
        service.terminate()
        assert service.log_contains("SIGTERM: no new connections")
        service.process.send_signal(signal.SIGINT)
        assert service.wait_for_exit(20) == 1
    assert service.log_contains("SIGINT again")
    service.kill()


def test_the_drain_has_an_end_for_who_takes_nothing(database, mode):
    """Answers without a body are over for the service when they are handed to libh2o: their connection is not."""
    service = Service(database, TEST_ENDPOINTS, mode, "--drain-timeout-ms", 300)
    with service.connect(receive_buffer_bytes=4096) as client:
        client.socket.settimeout(2)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                client.socket.sendall(b"HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * 1000)
        service.terminate()
        assert service.wait_for_exit(10) == 1
    service.kill()


def test_no_new_connections_after_the_drain_began(serve):
    service = serve()
    service.terminate()
    assert service.wait_for_exit() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(service.address, 5)


def test_the_drain_delay_keeps_accepting_and_says_so(serve):
    service = serve("--drain-delay-ms", 3000, "--admin", "127.0.0.1:0")
    assert wait_until(lambda: http_client.request(service.admin_address, "GET", "/readyz").status == 200, 10)
    service.terminate()
    assert wait_until(lambda: http_client.request(service.admin_address, "GET", "/readyz").status == 503, 2)
    assert http_client.request(service.admin_address, "GET", "/livez").status == 200
    assert service.get("/numbers/1").json == {"n": 1}
    assert service.wait_for_exit() == 0


def test_the_port_is_free_again(serve):
    service = serve()
    host, port = service.address
    service.get("/numbers/1")
    service.stop()
    again = serve(listen=f"{host}:{port}")
    assert again.get("/numbers/1").status == 200


def test_sigterm_while_the_database_is_down(serve, faulty_postgres):
    service = serve(url=faulty_postgres.url("blackbox"))
    faulty_postgres.stop()
    assert_problem(service.get("/numbers/1"), 503)
    service.terminate()
    assert service.wait_for_exit() == 0
