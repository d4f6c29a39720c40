"""What the program does about signals besides SIGTERM and SIGINT, which test_drain.py is about."""

import contextlib
import signal
import socket
import subprocess
import time

import pytest

from conftest import TEST_ENDPOINTS
from lib.http_client import encode_request
from lib.service import Service, clean_environment, program, wait_until

HARMLESS = [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]


@pytest.mark.parametrize("number", HARMLESS)
def test_a_request_in_flight_is_answered(serve, number):
    service = serve()
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/600"))
        time.sleep(0.1)
        service.process.send_signal(number)
        assert connection.read_response().json == {"ms": 600}
        assert connection.request("GET", "/numbers/1").json == {"n": 1}
    assert service.process.poll() is None
    # an end in the middle of a reload may leave its thread behind
    assert number != signal.SIGHUP or service.log_contains("reloaded: ", 60)


@contextlib.contextmanager
def starting(mode):
    """A service that waits for a database that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "postgresql://nobody@127.0.0.1:%d/none?sslmode=disable" % silent.getsockname()[1]
        with subprocess.Popen([program(), "serve", "--mode", mode, "--listen", "127.0.0.1:0", "--database", url,
                               "--endpoints", str(TEST_ENDPOINTS), "--database-wait-ms", "60000"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean_environment()) as process:
            try:
                silent.accept()[0].close()
                yield process
            finally:
                process.kill()


@pytest.mark.parametrize("number", HARMLESS)
def test_before_it_serves(mode, number):
    with starting(mode) as process:
        process.send_signal(number)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize("number", HARMLESS)
def test_during_the_drain(serve, number):
    service = serve()
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/1000"))
        time.sleep(0.1)
        service.terminate()
        assert service.log_contains("no new connections")
        for _ in range(3):
            service.process.send_signal(number)
        assert connection.read_response().json == {"ms": 1000}
    assert service.wait_for_exit() == 0


def test_a_second_signal_still_ends_it_at_once_behind_a_hangup(database, mode):
    service = Service(database, TEST_ENDPOINTS, mode, "--drain-timeout-ms", 60000, "--request-timeout-ms", 60000)
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/60000"))
        time.sleep(0.3)
        service.terminate()
        assert service.log_contains("no new connections")
        service.process.send_signal(signal.SIGHUP)
        service.process.send_signal(signal.SIGTERM)
        assert service.wait_for_exit(20) == 1
    assert service.log_contains("SIGTERM again")
    service.kill()


def test_the_drain_has_an_end_whatever_comes_during_it(database, mode):
    service = Service(database, TEST_ENDPOINTS, mode, "--drain-timeout-ms", 300, "--request-timeout-ms", 60000)
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/60000"))
        time.sleep(0.3)
        service.terminate()

        def is_over():
            service.process.send_signal(signal.SIGHUP)
            return service.process.poll() is not None

        assert wait_until(is_over, 20)
    assert service.wait_for_exit(20) == 1
    service.kill()
