"""Ten thousand subscribers on one loop: what they cost in memory, and that each hears all."""

import resource
import socket

import pytest

from lib.live import await_subscribers, folder, start  # noqa: F401

SUBSCRIBERS = 10000
WAVE = 100  # at once, so that no snapshot is refused for the line before it
BYTES_MAX = 250 * 1024 * 1024
REQUEST = b"GET /entries/live HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n"


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < SUBSCRIBERS + 500:
        pytest.skip(f"{hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (SUBSCRIBERS + 500, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def read_until(connection, words):
    received = b""
    while words not in received:
        data = connection.recv(4096)
        assert data, received
        received += data
    return received


def test_ten_thousand_subscribers(start, notify, many_files, mode, is_slow):  # noqa: F811
    if mode != "async" or is_slow:
        pytest.skip("only async mode follows, and sanitizers have memory of their own")
    service = start("--max-connections", SUBSCRIBERS + 100, "--heartbeat-ms", 600000)
    before = service.memory_bytes()
    connections = []
    try:
        while len(connections) < SUBSCRIBERS:
            wave = [socket.create_connection(service.address, 60) for _ in range(WAVE)]
            connections += wave
            for connection in wave:
                connection.sendall(REQUEST)
            for connection in wave:
                read_until(connection, b'"words":"three"}]\n\n')
        await_subscribers(service, SUBSCRIBERS)
        for number in range(3):
            notify(f"all hear {number}")
        for connection in connections:
            assert read_until(connection, b"data: all hear 2\n\n").count(b"event: change") == 3
        used = service.memory_bytes()
        assert used < BYTES_MAX, f"{used / 2 ** 20:.0f} MiB, {(used - before) / SUBSCRIBERS:.0f} bytes a subscriber"
        print(f"{used / 2 ** 20:.0f} MiB, {(used - before) / SUBSCRIBERS:.0f} bytes a subscriber")
    finally:
        for connection in connections:
            connection.close()
    await_subscribers(service, 0)
