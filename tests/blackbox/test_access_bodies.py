"""Bodies of requests whose identity is not proved yet: they are not read, and what is held goes on."""

import json
import threading
import time

import pytest

from lib.access import BARE, FRAMINGS, JSON, good, new_writer, post_head
from lib.service import wait_until
from lib.tokens import SECRET, bearer, token


def test_the_body_is_not_read_without_an_identity(door):
    """The head alone is answered: the body never comes."""
    for headers in (b"", b"Expect: 100-continue\r\n"):
        with door.connect() as connection:
            connection.send(b"POST /editors HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + headers +
                            b"Content-Length: 100\r\n\r\n")
            response = connection.read_response("POST")
            assert response.status == 401 and response.header("www-authenticate") == BARE
            assert response.header("connection") == "close"


@pytest.mark.parametrize("headers, status", [
    ([("Authorization", "Bearer a.b")], 401),
    ([("Authorization", f"Bearer {'a' * 9000}")], 401),
    ([("X-API-Key", "mt_" + "a" * 300)], 401),
    ([("Authorization", "Basic YTpi")], 401),
    (good() + [("authorization", "Basic YTpi")], 400),
    (good(sub="known"), 403),
])
def test_the_body_is_not_read_for_a_credential_that_will_not_do(door, headers, status):
    """What is said before the body is what is said after it. The known identity is one when its first request is over."""
    whole = door.request("POST", "/editors", b'{"text": "a"}', headers + JSON)
    assert whole.status == status
    for framing in FRAMINGS:
        with door.connect() as connection:
            connection.send(post_head(headers, framing))
            response = connection.read_response("POST")
            assert (response.status, response.body) == (whole.status, whole.body)
            assert response.header("www-authenticate") == whole.header("www-authenticate")
            assert response.header("connection") == "close"


@pytest.mark.parametrize("claims, secret, status", [
    ({"role": "access_writer"}, "n" * 40, 401),
    ({"role": "access_writer", "exp": 1}, SECRET, 401),
    ({"role": "access_reader"}, SECRET, 403),
    ({}, SECRET, 403),
], ids=["forged", "expired", "another role", "no role"])
def test_the_body_is_not_read_for_a_token_that_is_not_known_yet(door, claims, secret, status):
    """It is verified by the head, whose answer is that of the whole request."""
    for number, framing in enumerate(FRAMINGS):
        whole = door.request("POST", "/editors", b'{"text": "a"}',
                             bearer(token(secret, sub=f"whole {number}", **claims)) + JSON)
        assert whole.status == status
        with door.connect() as connection:
            connection.send(post_head(bearer(token(secret, sub=f"head {number}", **claims)), framing))
            response = connection.read_response("POST")
            assert (response.status, response.body) == (whole.status, whole.body)
            assert response.header("www-authenticate") == whole.header("www-authenticate")
            assert response.header("connection") == "close"
            assert connection.is_closed_by_peer()


def test_the_body_is_not_read_for_an_api_key_that_is_not_known(door):
    with door.connect() as connection:
        connection.send(post_head([("X-API-Key", "mt_" + "a" * 43)], b"Content-Length: 100\r\n"))
        assert connection.read_response("POST").status == 401


def test_a_head_that_is_held_goes_on(door):
    """Its body comes with it, behind it, or bit by bit; the next request on the connection is read as always."""
    body = b'{"text": "a"}'
    length, chunked = b"Content-Length: 13\r\n", b"Transfer-Encoding: chunked\r\n"
    pieces = {"whole": (length, [body]), "later": (length, [b"", body]), "bits": (length, [b'{"te', b'xt": ', b'"a"}']),
              "chunks": (chunked, [b"d\r\n" + body, b"\r\n0\r\n\r\n"])}
    for name, (framing, bodies) in pieces.items():
        with door.connect() as connection:
            connection.send(post_head(new_writer(name), framing) + bodies[0])
            for piece in bodies[1:]:
                time.sleep(0.05)
                connection.send(piece)
            assert connection.read_response("POST").json == {"text": "a"}, name
            assert connection.request("GET", "/self", headers=new_writer(name)).status == 200
    assert door.metric('credentials_verified_total{result="good"}') == len(pieces)
    assert door.metric("credentials_known_total") == len(pieces)


def test_large_bodies_behind_heads_that_are_held(served):
    """The second head may be read with more behind it than libh2o takes for a head that is not whole."""
    door = served("--max-body-bytes", "1000000")
    text = "b" * 900_000
    body = json.dumps({"text": text}).encode()
    length = f"Content-Length: {len(body)}\r\n".encode()
    with door.connect() as connection:
        sender = threading.Thread(target=connection.send, args=[
            b"".join(post_head(new_writer(f"large {number}"), length) + body for number in range(4))])
        sender.start()
        for _ in range(4):
            assert connection.read_response("POST").json == {"text": text}
        sender.join()


def test_more_is_asked_for_when_the_token_is_known(door):
    with door.connect() as connection:
        connection.send(post_head(new_writer("expected"), b"Content-Length: 13\r\nExpect: 100-continue\r\n"))
        assert connection.read_response("POST").status == 100
        connection.send(b'{"text": "a"}')
        assert connection.read_response("POST").json == {"text": "a"}


def test_heads_that_are_held_in_one_piece(door):
    """Requests stand in a line on their connection, each with a token of its own."""
    request = [post_head(new_writer(f"line {number}"), b"Content-Length: 13\r\n") + b'{"text": "%d"}' % number for number in range(9)]
    forged = post_head(bearer(token("n" * 40, role="access_writer")), b"Content-Length: 13\r\n")
    with door.connect() as connection:
        connection.send(b"".join(request) + forged + b'{"text": "a"}' + request[0])
        for number in range(9):
            assert connection.read_response("POST").json == {"text": str(number)}
        assert connection.read_response("POST").status == 401
        assert connection.is_closed_by_peer()


def test_clients_that_leave_while_their_heads_are_held(door):
    for number in range(200):
        connection = door.connect()
        connection.send(post_head(new_writer(f"leaves {number}"), b"Content-Length: 100\r\n"))
        if number % 2:
            connection.reset()
        else:
            connection.close()
    assert wait_until(lambda: door.metric("connections") == 0)
    assert door.get("/self", good(sub="stays")).status == 200


def test_a_head_is_held_over_a_reload(served, keys, tmp_path):
    """What was proved by the edition before is not proved to the next: no request is refused for that, or hangs."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    door = served("--jwt-keys", secret)
    for number in range(30):
        with door.connect() as connection:
            connection.send(post_head(new_writer(f"reload {number}"), b"Content-Length: 13\r\n"))
            door.process.send_signal(1)
            connection.send(b'{"text": "a"}')
            assert connection.read_response("POST").json == {"text": "a"}


def test_a_body_that_is_not_read_is_no_request(door):
    """What comes behind the head in the same piece is not looked at."""
    with door.connect() as connection:
        connection.send(b"POST /editors HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nGET /anonymous HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.read_response("POST").status == 401
        assert connection.is_closed_by_peer()


def test_a_body_is_read_for_an_identity_that_may(door):
    response = door.request("POST", "/editors", b'{"text": "a"}', good("access_writer") + [("Content-Type", "application/json")])
    assert response.status == 200 and response.json == {"text": "a"}
