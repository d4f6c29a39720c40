"""The tests' own client must see what is wrong with an answer, or every other test here proves nothing."""

import socket
import threading

import pytest

from lib import http_client
from lib.service import assert_problem, check_sound


@pytest.fixture
def answering():
    """A peer that sends exact bytes to each client, then closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    threads = []

    def peer(data):
        def run():
            with listener.accept()[0] as client:
                client.settimeout(10)
                client.recv(65536)
                client.sendall(data)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return listener.getsockname()

    yield peer
    for thread in threads:
        thread.join(10)
    listener.close()


def ask(address):
    return http_client.request(address, "GET", "/", timeout_s=10)


def test_reads_a_body_by_its_length(answering):
    response = ask(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiMORE"))
    assert (response.status, response.body, response.header("Content-Length")) == (200, b"hi", "2")


def test_reads_chunks(answering):
    response = ask(answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"))
    assert (response.body, response.is_chunked) == (b"hi!", True)


@pytest.mark.parametrize("cut", [
    b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n\r\n1\r\n",
])
def test_a_cut_response_is_an_error(answering, cut):
    with pytest.raises(http_client.ConnectionEnded):
        ask(answering(cut))


@pytest.mark.parametrize("head", [b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
def test_a_malformed_head_is_an_error(answering, head):
    with pytest.raises(AssertionError):
        ask(answering(head))


def test_several_responses_on_one_connection(answering):
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    responses = http_client.exchange_raw(answering(one + b"a" + one + b"b"), b"x")
    assert [each.body for each in responses] == [b"a", b"b"]


SAFE = ("X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n")


@pytest.mark.parametrize("line", SAFE.splitlines())
def test_what_every_answer_says_is_looked_for(answering, line):
    head = f"HTTP/1.1 200 OK\r\n{SAFE}Content-Length: 0\r\n\r\n"
    check_sound(ask(answering(head.encode())))
    with pytest.raises(AssertionError):
        check_sound(ask(answering(head.replace(line + "\r\n", "").encode())))


def test_an_error_must_be_a_problem(answering):
    good = b'{"type":"t","title":"t","status":400,"detail":"id is wrong"}'
    head = f"HTTP/1.1 400 Bad\r\n{SAFE}Content-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n"
    response = ask(answering((head % len(good)).encode() + good))
    check_sound(response)
    assert_problem(response, 400, "id")
    with pytest.raises(AssertionError):
        assert_problem(response, 400, "name")
    with pytest.raises(AssertionError):
        assert_problem(response, 404)
    with pytest.raises(AssertionError):
        check_sound(ask(answering(f"HTTP/1.1 400 Bad\r\n{SAFE}Content-Length: 0\r\n\r\n".encode())))


def test_503_must_say_when_to_come_back(answering):
    body = b'{"type":"t","title":"t","status":503,"detail":"busy"}'
    head = f"HTTP/1.1 503 Busy\r\n{SAFE}Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
    check_sound(ask(answering(f"{head}Retry-After: 1\r\n\r\n".encode() + body)))
    with pytest.raises(AssertionError):
        check_sound(ask(answering(f"{head}\r\n".encode() + body)))
