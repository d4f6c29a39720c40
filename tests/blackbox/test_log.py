"""The log, when the other end of stderr or stdout takes nothing: the service neither waits for it nor ends by it."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading

import pytest

from conftest import TEST_ENDPOINTS
from lib import http_client
from lib.service import clean_environment, program, wait_until

LOG_LINE = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) +[a-z]+: ")
REPORT = re.compile(rb"warning +log: (\d+) lines? w(?:as|ere) dropped")


class FullPipe:
    """A pipe that takes nothing until its reader wakes up."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.filled = 0
        try:
            while True:
                self.filled += os.write(self.writer, b"\n" * 4096)
        except BlockingIOError:
            os.set_blocking(self.writer, True)

    def read(self):
        """Begins to read; returns the list that grows by what is read."""
        pieces = []
        os.close(self.writer)

        def read():
            while piece := os.read(self.reader, 65536):
                pieces.append(piece)

        threading.Thread(target=read, daemon=True).start()
        return pieces

    def is_full(self):
        pending = fcntl.ioctl(self.reader, 0x541B, b"\0\0\0\0")  # FIONREAD
        return int.from_bytes(pending, "little") == self.filled


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def sanitizer_options():
    """The report of a thread that _exit() leaves would wait for the full pipe."""
    given = os.environ.get("TSAN_OPTIONS", "")
    return {"TSAN_OPTIONS": f"{given}:report_thread_leaks=0".lstrip(":")}


class Running:
    """`meantime serve` on ports that the test has chosen, since nothing that it says can be read."""

    def __init__(self, database, mode, *options, **streams):
        self.address, self.admin = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())
        self.application = f"log-{self.address[1]}"  # the name of its sessions
        self.process = subprocess.Popen(
            [program(), "serve", "--mode", mode, "--database", database, "--endpoints", TEST_ENDPOINTS,
             "--listen", "%s:%d" % self.address, "--admin", "%s:%d" % self.admin, *options],
            env=clean_environment(PGAPPNAME=self.application, **sanitizer_options()), **{"stdout": subprocess.DEVNULL, **streams})

    def get(self, path, address=None):
        response = http_client.request(address or self.address, "GET", path)
        assert response.status == 200, response
        return response

    def is_serving(self):
        try:
            return self.get("/numbers/1").json == {"n": 1}
        except ConnectionRefusedError:
            return self.process.poll() is not None

    def dropped(self):
        text = self.get("/metrics", self.admin).body.decode()
        return int(re.search(r"^meantime_log_lines_dropped_total (\d+)$", text, re.M)[1])

    def log_until_dropped(self):
        """Each request is slow, and so a line."""
        assert wait_until(lambda: self.get("/slow/5") and self.dropped() > 0), "no line was dropped"

    def end(self, *signals):
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def start(database, mode):
    running = []

    def begin(*options, **streams):
        running.append(Running(database, mode, "--slow-request-ms", "1", *options, **streams))
        assert wait_until(running[-1].is_serving), "does not serve"
        assert running[-1].process.poll() is None, "has ended"
        return running[-1]

    yield begin
    for each in running:
        each.process.kill()
        each.process.wait(60)


@pytest.fixture
def pipe():
    return FullPipe()


@pytest.mark.parametrize("output", ["stderr", "stdout"])
def test_a_log_that_nobody_reads_stops_nothing(start, pipe, output):
    service = start("--log-output", output, **{output: pipe.writer})
    service.log_until_dropped()
    assert pipe.is_full()
    assert service.get("/numbers/2").json == {"n": 2}
    assert service.end(signal.SIGTERM) == 0


@pytest.fixture
def in_the_middle(postgres):
    """Of a request that takes a minute."""

    @contextlib.contextmanager
    def begin(service):
        with http_client.Connection(service.address) as connection:
            connection.send(http_client.encode_request("GET", "/slow/60000"))
            assert wait_until(lambda: postgres.at_work(service, "pg_sleep") == 1)
            yield

    return begin


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_two_signals_end_it_though_nobody_reads(start, pipe, in_the_middle, second):
    service = start("--request-timeout-ms", "60000", "--drain-timeout-ms", "60000", stderr=pipe.writer)
    service.log_until_dropped()
    with in_the_middle(service):
        service.process.send_signal(signal.SIGTERM)
        # two that come at once are one
        assert wait_until(lambda: service.process.send_signal(second) or service.process.poll() is not None)
    assert service.process.returncode == 1


def test_a_drain_that_is_cut_off_ends_though_nobody_reads(start, pipe, in_the_middle):
    service = start("--request-timeout-ms", "60000", "--drain-timeout-ms", "300", stderr=pipe.writer)
    with in_the_middle(service):
        assert service.end(signal.SIGTERM) == 1


def test_a_reader_that_wakes_up_is_told_how_many_lines_are_missing(start, pipe):
    service = start(stderr=pipe.writer)
    service.log_until_dropped()
    pieces = pipe.read()
    assert wait_until(lambda: REPORT.search(b"".join(pieces))), "nothing is said of dropped lines"
    dropped = service.dropped()
    service.get("/slow/7")
    assert wait_until(lambda: b"/slow/7 took" in b"".join(pieces)), "the log does not go on"
    assert service.end(signal.SIGTERM) == 0
    assert wait_until(lambda: b"server: ended\n" in b"".join(pieces)), "the last line is missing"
    lines = [line for line in b"".join(pieces).split(b"\n") if line]
    assert all(LOG_LINE.match(line) for line in lines), lines
    assert sum(int(number) for number in REPORT.findall(b"".join(pieces))) == dropped


def test_a_stdout_that_nobody_reads_does_not_keep_it_from_serving(start, pipe):
    service = start(stdout=pipe.writer, stderr=subprocess.DEVNULL)
    assert service.end(signal.SIGTERM) == 0


def test_a_start_that_fails_ends_though_nobody_reads(database, mode, pipe, tmp_path):
    (tmp_path / "a.sql").write_text("".join(f"-- name: n{i} :one\n-- route: GET /{i}\nSELECT nothing;\n" for i in range(40)))
    service = Running(database, mode, "--endpoints", tmp_path, stderr=pipe.writer)
    assert service.process.wait(60) == 1
    service = Running(database, mode, "--loops", "none", stderr=pipe.writer)
    assert service.process.wait(60) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("has_left", [False, True])
def test_a_signal_before_the_start_ends_it_though_nobody_reads(mode, pipe, tmp_path, number, has_left):
    if has_left:
        os.close(pipe.reader)
    service = Running(f"host={tmp_path} port=1", mode, "--database-wait-ms", "60000", stderr=pipe.writer)
    caught = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.M)

    def hears():
        status = open(f"/proc/{service.process.pid}/status").read()
        return int(caught.search(status)[1], 16) >> (number - 1) & 1

    try:
        assert wait_until(hears), "it does not hear the signal"
        assert service.end(number) == 0
    finally:
        service.process.kill()
        service.process.wait(60)


def test_a_full_disk_is_counted(start):
    with open("/dev/full", "wb") as full:
        service = start(stderr=full)
    service.log_until_dropped()
    assert service.end(signal.SIGTERM) == 0


def test_a_reader_that_has_left_is_counted(start):
    reader, writer = os.pipe()
    os.close(reader)
    service = start(stderr=writer)
    service.log_until_dropped()
    assert service.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("closed", [[2], [1], [0], [0, 1, 2]])
def test_a_closed_standard_file_is_no_connection(start, closed):
    """The next file that is opened would have its number, and the log would go into it."""
    service = start(preexec_fn=lambda: [os.close(fd) for fd in closed])
    for fd in closed:
        assert os.readlink(f"/proc/{service.process.pid}/fd/{fd}") == "/dev/null"
    if 2 in closed:
        service.log_until_dropped()
    assert service.end(signal.SIGTERM) == 0
