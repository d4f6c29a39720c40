"""File descriptors: too few at the start, and none left while it runs."""

import contextlib
import os
import re
import resource
import socket
import time

from lib import http_client
from lib.http_client import encode_request
from lib.service import wait_until


def start_within(serve, limit, *options):
    return serve("--admin", "127.0.0.1:0", *options, wrapper=("prlimit", f"--nofile={limit}:{limit}"))


def open_count(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def metric(connection, name):
    text = connection.request("GET", "/metrics").body.decode()
    return float(re.search(rf"^meantime_{re.escape(name)} (\S+)$", text, re.M)[1])


EXHAUSTED = 'descriptors_exhausted_total{operation="%s"}'


@contextlib.contextmanager
def none_left(service, asking):
    """What is open stays open, and nothing more can be opened: clients take the last ones."""
    pid = service.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    clients = []
    try:
        while metric(asking, EXHAUSTED % "accept") == 0:
            clients.append(socket.create_connection(service.address, 30))
            assert len(clients) < 1000
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for client in clients:
            client.close()


def test_a_limit_that_is_enough_is_not_spoken_of(serve):
    service = start_within(serve, 4096)
    assert service.log_contains("options: mode is")  # said before it
    assert service.get("/numbers/1").status == 200
    assert "file descriptors" not in service.log()


def test_a_limit_that_is_too_low_is_told_with_numbers(serve):
    service = start_within(serve, 400)
    assert service.log_contains("client connections a loop are accepted at once, not 1000; more wait")
    found = re.search(r"400 file descriptors are allowed, and the options may need (\d+): raise the limit", service.log())
    assert found and 1000 < int(found[1]) < 2000, service.log()
    assert service.get("/numbers/1").json == {"n": 1}


def test_clients_leave_enough_for_the_database(serve, mode):
    """Twice as many clients as there are descriptors: some wait, PostgreSQL is reached all the same."""
    service = start_within(serve, 400)
    clients = [socket.create_connection(service.address, 30) for _ in range(600)]
    try:
        time.sleep(0.5)
        assert open_count(service) < 400
        clients[0].sendall(encode_request("POST", "/slow", {"ms": 1, "name": f"few-descriptors-{mode}"}))
        assert b" 201 " in clients[0].recv(65536).split(b"\r\n")[0]
        assert "no file descriptor is left" not in service.log()
    finally:
        for client in clients:
            client.close()
    assert wait_until(lambda: service.get("/numbers/1").json == {"n": 1})


def test_none_left_for_clients(serve):
    service = serve("--admin", "127.0.0.1:0", "--read-timeout-ms", 60000)
    with service.connect() as known, http_client.Connection(service.admin_address) as asking:
        assert known.request("GET", "/numbers/1").json == {"n": 1}
        assert metric(asking, EXHAUSTED % "accept") == 0
        began_s = time.monotonic()
        with none_left(service, asking):
            before_s = service.cpu_s()
            for _ in range(50):
                with contextlib.suppress(ConnectionError), socket.create_connection(service.address, 5) as client:
                    client.settimeout(10)
                    assert client.recv(1) == b"", "turned away, and not left to wait"
            assert known.request("GET", "/openapi.json").status == 200
            time.sleep(1)
            assert service.cpu_s() - before_s < 0.8, "no loop turns without a pause"
        assert service.log_contains("no file descriptor is left for a client, and it is turned away; raise the process's")
        # one in 10 s, whatever else met the same
        lines = service.log().count("no file descriptor is left for a client")
        assert lines <= 1 + (time.monotonic() - began_s) / 10, service.log()
    assert wait_until(lambda: service.get("/numbers/3").json == {"n": 3})


def test_none_left_for_the_database(serve, mode, is_slow):
    """Connections that are still to be made fail, those that are there serve; afterwards all is as before."""
    service = serve("--admin", "127.0.0.1:0", "--threads", 4)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(12)]
        asking = stack.enter_context(http_client.Connection(service.admin_address))
        for connection in connections:
            assert connection.request("GET", "/numbers/1").status == 200
        with none_left(service, asking):
            def is_noticed():
                for number, connection in enumerate(connections):
                    request = ("GET", "/slow/50") if number % 2 else ("POST", "/slow", {"ms": 50, "name": f"{mode}{time.time()}"})
                    connection.send(encode_request(*request))
                for connection in connections:
                    assert connection.read_response().status in (200, 201, 503)
                return metric(asking, EXHAUSTED % "connect") > 0

            assert wait_until(is_noticed)
        assert service.log_contains("no file descriptor is left for a connection to PostgreSQL or another host; raise")
        for connection in connections:
            assert wait_until(lambda: connection.request("GET", "/slow/1").status == 200)
