"""What containers and service managers rely on: `meantime health`, waiting for the database, an end before the start."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from conftest import TEST_ENDPOINTS
from lib.postgres import Postgres
from lib.service import clean_environment, program, run, wait_until


def health(address, **more):
    return run("health", "--admin", address, **more)


def assert_gets_healthy(address):
    """A new service looks for its connections a few times a second."""
    assert wait_until(lambda: health(address).returncode == 0), health(address).stderr


@contextlib.contextmanager
def listening(answer=None):
    """A server that takes one connection and sends `answer`, or nothing at all when that is None."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            client = server.accept()[0]
            with client:
                client.recv(1000)
                if answer is None:
                    over.wait(30)
                else:
                    client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield "%s:%d" % server.getsockname()
    finally:
        over.set()
        server.close()
        thread.join(30)


def test_a_ready_service(service):
    address = "%s:%d" % service.admin_address
    assert_gets_healthy(address)
    done = health(address)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_addresses_that_mean_every_one_are_asked_on_loopback(serve):
    running = serve("--admin", "0.0.0.0:0")
    port = running.admin_address[1]
    for host in ("0.0.0.0", "*", ""):
        assert_gets_healthy(f"{host}:{port}")


def test_the_address_comes_from_the_environment_too(service):
    address = "%s:%d" % service.admin_address
    assert_gets_healthy(address)
    done = run("health", environment={"MEANTIME_ADMIN": address})
    assert done.returncode == 0, done.stderr


def test_a_service_that_lost_its_database_is_not_healthy(serve, faulty_postgres):
    running = serve("--admin", "127.0.0.1:0", url=faulty_postgres.url("blackbox"))
    address = "%s:%d" % running.admin_address
    assert_gets_healthy(address)
    faulty_postgres.stop()

    def is_noticed():
        running.get("/divide?a=1&b=1")  # each worker notices when it next asks
        return health(address).returncode == 1

    assert wait_until(is_noticed), "still healthy"
    assert "503" in health(address).stderr and address in health(address).stderr
    faulty_postgres.start()
    assert_gets_healthy(address)


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 503 no\r\n\r\n", "not ready: HTTP/1.1 503 no"),
    (b"rubbish\r\n", "not ready: rubbish"),
    (b"HTTP/1.1 2", "closed"),
    (b"", "closed"),
    (b"x" * 400, "no answer"),
    (None, "busy"),
])
def test_what_is_no_good_answer(answer, words):
    with listening(answer) as address:
        done = health(address, timeout_s=10)
    assert done.returncode == 1 and words in done.stderr and address in done.stderr, done.stderr


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "%s:%d" % server.getsockname()
    done = health(address)
    assert done.returncode == 1 and "refused" in done.stderr and address in done.stderr, done.stderr


@pytest.mark.parametrize("address", ["", "127.0.0.1:0", "127.0.0.1", "nobody:http"])
def test_no_address_to_ask(address):
    done = health(address) if address else run("health")
    assert done.returncode == 1 and "--admin" in done.stderr and "HOST:PORT" in done.stderr, done.stderr


# Waiting for the database


@pytest.fixture(scope="module")
def cluster():
    cluster = Postgres()
    cluster.execute("CREATE DATABASE late")
    yield cluster
    cluster.destroy()


@pytest.fixture
def late_cluster(cluster):
    """Not started yet."""
    cluster.stop()
    return cluster


@contextlib.contextmanager
def started(url, *options):
    """`meantime serve`, not waited for; yields it and the file of all it says."""
    with tempfile.NamedTemporaryFile(mode="r") as said:
        process = subprocess.Popen(
            [program(), "serve", "--listen", "127.0.0.1:0", "--endpoints", TEST_ENDPOINTS, "--database", url, *options],
            stdout=said.fileno(), stderr=subprocess.STDOUT, env=clean_environment())
        try:
            yield process, lambda: open(said.name).read()
        finally:
            process.kill()
            process.wait(30)


def test_a_database_that_comes_later(late_cluster, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: one :one\n-- route: GET /one\nSELECT 1 AS one;\n")
    with started(late_cluster.url("late"), "--database-wait-ms", "60000", "--endpoints", str(tmp_path)) as (process, said):
        assert wait_until(lambda: "waiting for the database, 60000 ms at most" in said()), said()
        time.sleep(0.5)
        assert process.poll() is None and "serving" not in said()
        assert said().count("waiting") == 1, "said again and again"
        late_cluster.start()
        assert wait_until(lambda: "meantime: serving" in said()), said()
        process.terminate()
        assert process.wait(30) == 0


def test_a_database_that_does_not_come(late_cluster):
    began = time.monotonic()
    with started(late_cluster.url("late"), "--database-wait-ms", "500") as (process, said):
        assert process.wait(30) == 1
        assert "cannot connect to the database" in said()
    assert time.monotonic() - began < 20


def test_without_waiting_it_is_said_at_once(late_cluster):
    with started(late_cluster.url("late")) as (process, said):
        assert process.wait(30) == 1
        assert "waiting" not in said() and "cannot connect to the database" in said()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_before_the_start(late_cluster, number):
    """As a container's first process it would otherwise not hear the signal at all."""
    with started(late_cluster.url("late"), "--database-wait-ms", "60000") as (process, said):
        assert wait_until(lambda: "waiting for the database" in said()), said()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert "asked to end before it served" in said()


# The log


def test_the_log_on_stdout(database):
    with tempfile.TemporaryFile(mode="w+") as out:
        process = subprocess.Popen(
            [program(), "serve", "--listen", "127.0.0.1:0", "--database", database, "--endpoints", TEST_ENDPOINTS,
             "--log-output", "stdout"], stdout=out, stderr=subprocess.PIPE, text=True, env=clean_environment())

        def said():
            return os.pread(out.fileno(), 100000, 0).decode()

        try:
            assert wait_until(lambda: "meantime: serving" in said()), said()
            process.terminate()
            assert process.communicate(timeout=30)[1] == "", "the log is on stderr as well"
            assert "log_output is stdout" in said() and "server: ended" in said(), said()
        finally:
            process.kill()
            process.wait(30)
