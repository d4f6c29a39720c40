"""Not one answer at the wrong request: 100,000 requests, each with a number of its own, every tenth failing in SQL."""

import selectors
import socket
import time

import pytest

CONNECTIONS = 64
WINDOW = 16
TIMEOUT_S = 300


class Stream:
    """One connection with up to WINDOW requests under way; its answers must come in their order."""

    def __init__(self, address, requests):
        self.requests = requests  # iterator of (bytes to send, check)
        self.waiting = []
        self.received = bytearray()
        self.unsent = bytearray()
        self.is_exhausted = False
        self.answered = 0
        self.socket = socket.create_connection(address, 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def fill(self):
        while len(self.waiting) < WINDOW and not self.is_exhausted:
            request = next(self.requests, None)
            if request is None:
                self.is_exhausted = True
                break
            self.unsent += request[0]
            self.waiting.append(request[1])
        if self.unsent:
            try:
                del self.unsent[:self.socket.send(self.unsent)]
            except BlockingIOError:
                pass

    def read(self):
        try:
            data = self.socket.recv(262144)
        except BlockingIOError:
            return
        assert data, f"closed while {len(self.waiting)} requests had no answer"
        self.received += data
        place = 0
        while True:
            end = self.received.find(b"\r\n\r\n", place)
            if end < 0:
                break
            head = bytes(self.received[place:end]).lower()
            mark = head.index(b"content-length:") + 15
            line_end = head.find(b"\r\n", mark)
            length = int(head[mark:line_end if line_end >= 0 else None])
            if len(self.received) < end + 4 + length:
                break
            check = self.waiting.pop(0)
            check(int(head[9:12]), bytes(self.received[end + 4:end + 4 + length]))
            place = end + 4 + length
            self.answered += 1
        del self.received[:place]

    @property
    def is_done(self):
        return self.is_exhausted and not self.waiting


def run_all(streams):
    selector = selectors.DefaultSelector()
    for stream in streams:
        stream.fill()
        selector.register(stream.socket, selectors.EVENT_READ, stream)
    left, deadline = len(streams), time.monotonic() + TIMEOUT_S
    try:
        while left:
            assert time.monotonic() < deadline, f"{left} connections still wait for answers after {TIMEOUT_S} s"
            for key, _ in selector.select(1):
                stream = key.data
                stream.read()
                stream.fill()
                if stream.is_done:
                    selector.unregister(stream.socket)
                    left -= 1
            for stream in streams:
                if stream.unsent:
                    stream.fill()
    finally:
        selector.close()
        for stream in streams:
            stream.socket.close()
    return sum(stream.answered for stream in streams)


def reads(first, count):
    """Of two endpoints in turn: one fails by RAISE and names its number, one by a division by zero."""
    for number in range(first, first + count):
        if number % 3:
            yield b"GET /numbers/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number, expect_number(number)
        else:
            yield b"GET /other-numbers/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number, expect_other(number)


def expect_number(number):
    def check(status, body):
        if number % 10:
            assert status == 200 and body == b'{"n":%d}' % number, (number, status, body)
        else:
            assert status == 400 and b"number %d fails" % number in body and b'"P0001"' in body, (number, status, body)
    return check


def expect_other(number):
    def check(status, body):
        if number % 10:
            assert status == 200 and body == b'{"n":%d,"quotient":%d}' % (number, 10 // (number % 10)), (number,
                                                                                                         status, body)
        else:
            assert status == 400 and b'"22012"' in body, (number, status, body)
    return check


def writes(first, count):
    for number in range(first, first + count):
        body = b'{"n":%d}' % number
        request = (b"POST /numbers HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

        def check(status, answer, number=number):
            if number % 10:
                assert status == 201 and answer == b'{"n":%d}' % number, (number, status, answer)
            else:
                assert status == 400 and b"number %d fails" % number in answer, (number, status, answer)
        yield request, check


def alternately(*iterators):
    for each in zip(*iterators):
        yield from each


def test_a_hundred_thousand_reads(service, is_slow):
    each = (20000 if is_slow else 100000) // CONNECTIONS + 1
    streams = [Stream(service.address, reads(1 + number * 1000000, each)) for number in range(CONNECTIONS)]
    assert run_all(streams) == each * CONNECTIONS


@pytest.mark.parametrize("options", [["--loops", "2"], ["--db-connections", "2", "--db-shared-connections", "1"]],
                         ids=["two loops", "two connections"])
def test_reads_in_other_arrangements(serve, options, is_slow):
    each = 50 if is_slow else 200
    service = serve(*options, "--queue-limit", 100000, "--request-timeout-ms", 60000)
    streams = [Stream(service.address, reads(1 + number * 1000000, each)) for number in range(CONNECTIONS)]
    assert run_all(streams) == each * CONNECTIONS


def test_reads_and_writes_mixed(service, postgres, mode, is_slow):
    each = 20 if is_slow else 50
    base = {"sync": 11, "threads": 12, "async": 13}[mode] * 10**10
    streams = [Stream(service.address,
                      alternately(reads(1 + number * 1000000, each), writes(base + number * 1000000, each)))
               for number in range(CONNECTIONS)]
    assert run_all(streams) == 2 * each * CONNECTIONS
    # exactly those that were answered with 201 are there
    expected = sum(1 for number in range(CONNECTIONS)
                   for n in range(base + number * 1000000, base + number * 1000000 + each)
                   if n % 10)
    count, wrong = postgres.execute(f"SELECT count(*), count(*) FILTER (WHERE n % 10 = 0) FROM number "
                                    f"WHERE n >= {base} AND n < {base + 10**10}", "blackbox")[0]
    assert (int(count), int(wrong)) == (expected, 0)
