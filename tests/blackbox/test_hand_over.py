"""Another process takes over the port: no request fails, and no connection is reset."""

import re
import socket
import threading

import pytest

from lib import http_client

REPLACEMENTS = 4


class Clients:
    """Half of them open a connection for each request; half keep theirs until an answer says that it closes."""

    def __init__(self, address, number):
        self.address = address
        self.over = threading.Event()
        self.answered, self.failures = [0] * number, []
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(number)]

    def _connection(self, i):
        for _ in range(1 if i % 2 else 1000):
            answer = self.connections[i].request("GET", "/numbers/1")
            assert answer.status == 200, answer
            self.answered[i] += 1
            if answer.header("connection") == "close" or self.over.is_set():
                return

    def _run(self, i):
        while not self.over.is_set():
            try:
                with http_client.Connection(self.address) as self.connections[i]:
                    self._connection(i)
            except Exception as failure:
                self.failures.append(repr(failure))

    def __enter__(self):
        self.connections = [None] * len(self.threads)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def address_of(service):
    return f"{service.address[0]}:{service.address[1]}"


@pytest.mark.parametrize("loops", [1, 2])
def test_no_request_fails_while_processes_take_over(serve, loops):
    service = serve("--loops", loops, "--drain-idle-ms", 2000)
    with Clients(service.address, 8) as clients:
        for _ in range(REPLACEMENTS):
            successor = serve("--loops", loops, "--drain-idle-ms", 2000, listen=address_of(service))
            assert successor.address == service.address
            assert successor.log_contains("another process of this user listens on the same port")
            service.stop()
            before = sum(clients.answered)
            while sum(clients.answered) < before + 50 and not clients.failures:
                pass
            service = successor
    assert not clients.failures, clients.failures[:3]
    assert all(clients.answered)


def test_what_waits_to_be_accepted_is_answered(serve):
    """The old process stands still while connections come to its queue, and while it is told to end."""
    service = serve("--drain-idle-ms", 60000)
    with service.paused():
        connections = [service.connect() for _ in range(8)]
        successor = serve(listen=address_of(service))
        connections += [service.connect() for _ in range(8)]
        service.terminate()
    for connection in connections:
        assert connection.request("GET", "/numbers/1").status == 200
        connection.close()
    assert service.wait_for_exit() == 0
    assert successor.get("/numbers/1").status == 200


def served(service):
    text = http_client.request(service.admin_address, "GET", "/metrics").body.decode()
    return sum(map(int, re.findall(r'^meantime_requests_total{route="[^"]*number[^"]*",status="2xx"} (\d+)$', text, re.M)))


def takes_part(service, of):
    """Whether connections to the port of the other reach the service."""
    before = served(service)
    for _ in range(40):
        assert of.get("/numbers/1").status == 200
    return served(service) > before


def test_all_new_connections_go_to_the_successor(serve):
    """And those of the successor in turn to both, when another comes."""
    service = serve("--drain-delay-ms", 3000, "--admin", "127.0.0.1:0")
    successor = serve("--admin", "127.0.0.1:0", listen=address_of(service))
    assert takes_part(service, successor) and takes_part(successor, successor)
    service.terminate()
    assert service.log_contains("SIGTERM")
    assert not takes_part(service, successor)
    service.stop()
    third = serve("--admin", "127.0.0.1:0", listen=address_of(successor))
    assert takes_part(successor, third) and takes_part(third, third)


def test_another_program_s_port_is_refused(serve):
    with socket.create_server(("127.0.0.1", 0)) as other:
        with pytest.raises(AssertionError, match="Address already in use"):
            serve(listen=f"127.0.0.1:{other.getsockname()[1]}")
