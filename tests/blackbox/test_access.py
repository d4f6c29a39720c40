"""Access: tokens and API keys at the door, roles and row-level security behind it."""

import glob
import functools
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from lib.service import assert_problem, run, wait_until
from lib.tokens import SECRET, bearer, encoded, token

SCHEMA = """
CREATE ROLE access_login LOGIN NOINHERIT;
CREATE ROLE access_reader;
CREATE ROLE access_writer;
CREATE ROLE access_foreign;
GRANT access_reader, access_writer TO access_login;
"""

TABLES = """
CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, owner text NOT NULL, text text NOT NULL);
GRANT SELECT ON note TO access_reader;
GRANT SELECT, INSERT ON note TO access_writer;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note USING (owner = current_setting('request.jwt.claims', true)::json ->> 'sub')
    WITH CHECK (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
CREATE POLICY shown ON note FOR SELECT TO access_reader USING (owner = 'all');
INSERT INTO note (owner, text) VALUES ('all', 'for all'), ('zoe', 'of zoe'), ('max', 'of max');
"""

ENDPOINTS = """
-- name: self :one
-- route: GET /self
-- settings: claims, method, path
SELECT current_user::text AS role, session_user::text AS login, current_setting('request.jwt.claims', true) AS claims,
       current_setting('request.method', true) AS method, current_setting('request.path', true) AS path;

-- name: anonymous :one
-- route: GET /anonymous
-- public
SELECT current_user::text AS role, current_setting('request.jwt.claims', true) AS claims,
       current_setting('request.headers', true) AS headers;

-- name: heads :one
-- route: GET /heads
-- public
-- settings: headers
SELECT current_setting('request.headers', true)::json AS headers;

-- name: editors :one
-- route: GET /editors
-- roles: access_writer, access_editor
SELECT 1 AS one;

-- name: edit :one
-- route: POST /editors
-- roles: access_writer
-- param: text
SELECT :text::text AS text;

-- name: notes :many
-- route: GET /notes
-- settings: claims
SELECT id, owner, text FROM note ORDER BY id;

-- name: stream_notes :many
-- route: GET /notes/stream
-- stream
-- settings: claims
SELECT id, owner, text FROM note ORDER BY id;

-- name: add_note :one
-- route: POST /notes
-- settings: claims
-- param: owner = claim sub
-- param: text
INSERT INTO note (owner, text) VALUES (:owner, :text) RETURNING id, owner;

-- name: places :one
-- route: GET /places
-- public
-- param: tenant = header X-Tenant
-- param: session = cookie session
-- param: address = address
-- param: number = claim app.number
SELECT :tenant::text AS tenant, :session::text AS session, :address::text AS address, :number::int AS number;

-- name: fails :one
-- route: GET /fails
SELECT 1 / 0 AS one;
"""


@pytest.fixture(scope="session")
def access_url(postgres):
    postgres.execute(SCHEMA)
    postgres.execute("CREATE DATABASE access")
    postgres.execute(TABLES, "access")
    yield postgres.url("access").replace("//postgres@", "//access_login@")


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "secret").write_text(SECRET)
    (folder / "endpoints").mkdir()
    (folder / "endpoints/access.sql").write_text(ENDPOINTS)
    key = run("key", "billing", "--role", "access_reader")
    (folder / "api-keys").write_text(key.stdout)
    return {"folder": folder, "secret": folder / "secret", "api_keys": folder / "api-keys",
            "endpoints": folder / "endpoints", "api_key": key.stderr.strip()}


@pytest.fixture
def served(serve, access_url, keys):
    def start(*options, **more):
        return serve("--jwt-keys", keys["secret"], "--api-keys", keys["api_keys"], "--admin", "127.0.0.1:0", *options,
                     endpoints=more.pop("endpoints", keys["endpoints"]), url=access_url, **more)

    return start


@pytest.fixture
def door(served):
    return served()


def good(role="access_reader", **claims):
    return bearer(token(role=role, **claims))


def assert_refused(response, status, word, challenge):
    assert response.status == status, response
    assert response.header("content-type") == "application/problem+json"
    assert response.json["type"] == f"urn:meantime:problem:{word}"
    assert response.header("www-authenticate") == challenge


BARE = 'Bearer realm="meantime"'


def invalid(sentence):
    return f'{BARE}, error="invalid_token", error_description="{sentence}"'


def test_without_a_credential(door):
    assert_refused(door.get("/self"), 401, "unauthorized", BARE)
    assert_refused(door.get("/editors"), 401, "unauthorized", BARE)
    assert_refused(door.get("/self", [("Authorization", "Basic YTpi")]), 401, "unauthorized", BARE)
    assert door.get("/anonymous").json["role"] == "access_login"
    assert door.get("/nowhere").status == 404
    assert door.get("/openapi.json").status == 200
    assert door.request("OPTIONS", "/self").status == 204
    head = door.request("HEAD", "/self")
    assert head.status == 401 and head.header("www-authenticate") == BARE and head.body == b""


def test_a_token_gives_role_and_claims(door):
    for _ in range(3):  # verified, and then known
        row = door.get("/self", good(sub="zoe")).json
        assert (row["role"], row["login"], row["method"], row["path"]) == ("access_reader", "access_login", "GET", "/self")
        assert json.loads(row["claims"]) == {"role": "access_reader", "sub": "zoe"}
    assert door.metric('credentials_verified_total{result="good"}') == 1
    assert door.metric("credentials_known_total") == 2


def test_an_api_key_gives_the_same(door, keys):
    for headers in ([("X-API-Key", keys["api_key"])], bearer(keys["api_key"]), [("authorization", f"bEARER {keys['api_key']}")]):
        row = door.get("/self", headers).json
        assert row["role"] == "access_reader"
        assert json.loads(row["claims"]) == {"sub": "billing", "role": "access_reader"}
    wrong = keys["api_key"][:-1] + ("A" if keys["api_key"][-1] != "A" else "B")
    assert_refused(door.get("/self", [("X-API-Key", wrong)]), 401, "unauthorized", invalid("The API key is not known."))


def test_several_credentials_are_refused(door, keys):
    challenge = f'{BARE}, error="invalid_request", error_description="More than one credential was sent."'
    for headers in (good() + [("authorization", f"Bearer {token(role='access_reader')}")],
                    good() + [("X-API-Key", keys["api_key"])],
                    good() + [("authorization", "Basic YTpi")], [("authorization", "Basic YTpi")] + good()):
        assert_refused(door.get("/self", headers), 400, "bad-input", challenge)
        assert_refused(door.get("/anonymous", headers), 400, "bad-input", challenge)
    assert door.get("/self", [("Authorization", "Basic YTpi"), ("X-API-Key", keys["api_key"])]).status == 200


NOW = int(time.time())


@pytest.mark.parametrize("text, sentence", [
    ("", "The token is not a signed JWT."),
    ("a.b", "The token is not a signed JWT."),
    (token(secret="x" * 32, role="access_reader"), "The token cannot be verified."),
    (token(header={"alg": "none"}, role="access_reader"), "The token cannot be verified."),
    (token(header={"alg": "HS512"}, role="access_reader"), "The token cannot be verified."),
    (token(role="access_reader", exp=NOW - 3600), "The token has expired."),
    (token(role="access_reader", nbf=NOW + 3600), "The token is not valid yet."),
    (token(role="none"), "The token's role cannot be used."),
    ("a" * 9000, "The token is too long."),
])
def test_a_token_that_is_not_good(door, text, sentence):
    assert_refused(door.get("/self", bearer(text)), 401, "unauthorized", invalid(sentence))
    # what a public endpoint is given is looked at, too
    assert_refused(door.get("/anonymous", bearer(text)), 401, "unauthorized", invalid(sentence))
    assert SECRET not in door.log()


def test_audience_issuer_and_role_claim(served):
    door = served("--jwt-audience", "notes", "--jwt-issuer", "me", "--jwt-role-claim", "app.role")
    claims = {"aud": ["notes", "b"], "iss": "me", "app": {"role": "access_writer"}}
    assert door.get("/self", bearer(token(**claims))).json["role"] == "access_writer"
    assert door.get("/self", bearer(token(**{**claims, "aud": "other"}))).json["detail"] == "The token is for another audience."
    assert door.get("/self", bearer(token(**{**claims, "iss": "it"}))).json["detail"] == "The token is of another issuer."
    without = door.get("/self", bearer(token(aud="notes", iss="me", role="access_reader")))
    assert without.status == 403 and without.json["detail"] == "the identity has no role, and this endpoint needs one"


def test_roles(door):
    assert door.get("/editors", good("access_writer")).status == 200
    refused = door.get("/editors", good("access_reader"))
    assert_refused(refused, 403, "forbidden",
                   f'{BARE}, error="insufficient_scope", '
                   'error_description="The role of the identity may not call this endpoint."')
    assert refused.json["detail"] == ("the role access_reader may not call this endpoint; the roles that may: access_writer, "
                                      "access_editor")


@pytest.mark.parametrize("role", ["access_foreign", "access_missing", "postgres", 'a"b'])
def test_a_role_that_the_database_does_not_grant(door, role):
    response = door.get("/self", good(role))
    assert response.status == 403
    assert response.json == {"type": "urn:meantime:problem:forbidden", "title": "forbidden", "status": 403,
                             "detail": "the database does not let this service act in the role of the request's identity"}
    assert door.get("/self", good()).status == 200


def test_row_level_security(door):
    def owners(path, headers):
        response = door.get(path, headers)
        assert response.status == 200, response
        return [row["owner"] for row in response.json]

    for path in ("/notes", "/notes/stream"):
        assert owners(path, good(sub="zoe")) == ["all", "zoe"]
        assert owners(path, good(sub="max")) == ["all", "max"]
        assert owners(path, good("access_writer", sub="zoe"))[:1] == ["zoe"]
    refused = door.request("POST", "/notes", b'{"text": "a"}', good(sub="zoe") + [("Content-Type", "application/json")])
    assert refused.status == 403 and refused.json["sqlstate"] == "42501"


def test_a_write_has_the_owner_of_the_token(door):
    headers = good("access_writer", sub="writer") + [("Content-Type", "application/json")]
    assert door.request("POST", "/notes", b'{"text": "a"}', headers).json["owner"] == "writer"
    given = door.request("POST", "/notes", b'{"text": "a", "owner": "zoe"}', headers)
    assert given.status == 400
    assert given.json["detail"] == 'parameter "owner" is not the client\'s to give; this endpoint takes text'
    query = door.request("POST", "/notes?owner=zoe", b'{"text": "a"}', headers)
    assert query.status == 400 and "not the client's to give" in query.json["detail"]
    without = door.request("POST", "/notes", b'{"text": "a"}', good("access_writer") + [("Content-Type", "application/json")])
    assert without.status == 403
    assert without.json["detail"] == "the identity has no claim sub, which this endpoint needs"


def test_where_parameters_come_from(door):
    row = door.get("/places", [("X-Tenant", "a"), ("x-tenant", "b"), ("Cookie", "a=b; session=s1; c"), ]).json
    assert row == {"tenant": "a, b", "session": "s1", "address": "127.0.0.1", "number": None}
    assert door.get("/places").json == {"tenant": None, "session": None, "address": "127.0.0.1", "number": None}
    assert door.get("/places", good(app={"number": 7})).json["number"] == 7
    assert door.get("/places", good(app={"number": "8"})).json["number"] == 8
    wrong = door.get("/places", good(app={"number": "x"}))
    assert wrong.status == 403 and wrong.json["detail"].startswith("the claim app.number of the identity must be an integer")
    not_utf8 = door.raw(b"GET /places HTTP/1.1\r\nHost: a\r\nX-Tenant: \xff\r\n\r\n")[0]
    assert not_utf8.status == 400 and not_utf8.json["detail"].startswith("the header x-tenant must be")
    assert door.get("/places?tenant=x").status == 400


def test_headers_are_told_without_credentials(door):
    headers = door.raw(b"GET /heads HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nX-Quote: \"\r\nCookie: a=b\r\nX-Bad: \xff\r\n"
                       b"X-Bad: good\r\nAuthorization: Bearer " + token(role="access_reader").encode() +
                       b"\r\n\r\n")[0].json["headers"]
    assert headers == {"x-a": "1, 2", "x-quote": '"', "host": "a", "x-bad": "good"}


@pytest.mark.direct("transaction", because="its sessions are not ours: a setting that was never set reads as NULL in one")
def test_the_anonymous_meets_nothing_of_another(door):
    for _ in range(20):
        assert door.get("/self", good(sub="zoe")).status == 200
        row = door.get("/anonymous").json
        assert row == {"role": "access_login", "claims": "", "headers": ""}


@pytest.mark.direct("transaction", because="its sessions are not ours: a setting that was never set reads as NULL in one")
@pytest.mark.direct(because="behind a pooler no session is kept")
def test_streams_of_many_identities_have_one_session_after_another(served, tmp_path):
    (tmp_path / "selves.sql").write_text(
        "-- name: selves :many\n-- route: GET /selves/{n}\n-- stream\n-- public\n-- settings: claims, path\n"
        "SELECT current_user::text AS role, current_setting('request.jwt.claims', true) AS claims,\n"
        "       current_setting('request.path', true) AS path, pg_backend_pid() AS pid FROM generate_series(1, :n::int);\n"
        "-- name: notes :many\n-- route: GET /notes\n-- stream\n-- public\n-- settings: claims\n"
        "SELECT owner FROM note ORDER BY id;\n")
    service = served(endpoints=tmp_path)
    pids = set()
    for number in range(12):
        role = (None, "access_reader", "access_writer")[number % 3]
        headers = good(role, sub=f"of-{number}") if role else []
        for count in (1, 250):
            response = service.get(f"/selves/{count}", headers)
            assert response.status == 200, response
            assert len(response.json) == count
            for row in response.json:
                assert row["role"] == (role or "access_login") and row["path"] == f"/selves/{count}"
                assert (json.loads(row["claims"])["sub"] == f"of-{number}") if role else row["claims"] == ""
                pids.add(row["pid"])
        refused = service.get("/selves/1", good("access_foreign"))
        assert refused.status == 403
    assert len(pids) < 24, "none was kept"
    for _ in range(3):
        for sub in ("zoe", "max"):
            assert [row["owner"] for row in service.get("/notes", good(sub=sub)).json] == ["all", sub]
        assert service.get("/notes").status == 400, "without claims the policy has nothing to read"


def test_many_identities_at_once(door, postgres):
    """A tenth fails in SQL, and sessions are terminated meanwhile: each answer is its own identity's.

    MEANTIME_IDENTITY_REQUESTS=1000000 is the long form, some minutes for each mode."""
    requests = int(os.environ.get("MEANTIME_IDENTITY_REQUESTS", "1920"))
    headers = functools.lru_cache(None)(lambda role, sub: good(role, sub=sub))
    wrong, counts = [], {"good": 0, "failed": 0, "lost": 0}
    lock, over = threading.Lock(), threading.Event()

    def client(number):
        with door.connect() as connection:
            for i in range(requests // 16):
                sub = f"user-{number % 8}-{i % 8}"
                role = "access_reader" if (number + i) % 2 else "access_writer"
                path = "/fails" if i % 10 == 9 else "/anonymous" if i % 10 == 4 else "/self"
                response = connection.request("GET", path, None, [] if path == "/anonymous" else headers(role, sub))
                kind = "good" if response.status == 200 else "failed" if response.status < 500 else "lost"
                with lock:
                    counts[kind] += 1
                row = response.json
                if path == "/anonymous" and response.status == 200 and row != {"role": "access_login", "claims": "", "headers": ""}:
                    wrong.append(row)
                if path == "/self" and response.status == 200 and \
                        (row["role"], json.loads(row["claims"])) != (role, {"role": role, "sub": sub}):
                    wrong.append((role, sub, row))
                if path == "/fails" and response.status == 200:
                    wrong.append(row)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'access_login' "
                         "ORDER BY random() LIMIT 1")
        over.wait(0.2)
    assert not wrong, wrong[:3]
    assert counts["good"] > requests // 2 and counts["failed"] > requests // 20, counts


def test_the_body_is_not_read_without_an_identity(door):
    """The head alone is answered: the body never comes."""
    for headers in (b"", b"Expect: 100-continue\r\n"):
        with door.connect() as connection:
            connection.send(b"POST /editors HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + headers +
                            b"Content-Length: 100\r\n\r\n")
            response = connection.read_response("POST")
            assert response.status == 401 and response.header("www-authenticate") == BARE
            assert response.header("connection") == "close"


JSON = [("Content-Type", "application/json")]
FRAMINGS = (b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 9\r\nExpect: 100-continue\r\n")


def post_head(headers, framing):
    """Of a request to edit."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in [*headers, *JSON])
    return b"POST /editors HTTP/1.1\r\nHost: a\r\n" + framing + lines.encode() + b"\r\n"


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


def test_the_log_says_why_where_it_is_asked_for(served):
    door = served("--log-level", "debug")
    for credential, word in ((token("n" * 40), "SIGNATURE"), (token(exp=1), "EXPIRED"), ("a.b", "MALFORMED")):
        assert door.get("/self", bearer(credential)).status == 401
        assert door.log_contains(f"a credential is refused: {word}\n")


def test_the_body_is_not_read_for_an_api_key_that_is_not_known(door):
    with door.connect() as connection:
        connection.send(post_head([("X-API-Key", "mt_" + "a" * 43)], b"Content-Length: 100\r\n"))
        assert connection.read_response("POST").status == 401


def new_writer(name):
    return good("access_writer", sub=name)


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


def test_keys_are_read_again(served, keys, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    door = served("--jwt-keys", secret)
    assert door.log_contains(f"keys of tokens: a secret of 64 bytes from {secret}")
    old, new = good(sub="a"), bearer(token(secret="n" * 40, role="access_reader"))
    assert door.get("/self", old).status == 200
    assert door.get("/self", new).status == 401
    secret.write_text("short")
    door.process.send_signal(1)
    assert door.log_contains("the reload is refused")
    assert "32 bytes" in door.log() and "short" not in door.log().replace("too short", "")
    assert door.get("/self", old).status == 200
    secret.write_text("n" * 40)
    door.process.send_signal(1)
    assert wait_until(lambda: door.get("/self", new).status == 200, 20)
    assert wait_until(lambda: door.get("/self", old).status == 401, 20), "what was verified with the old keys counts no more"


def test_nothing_secret_is_shown(door, keys):
    text = token(role="access_reader", sub="secret-sub")
    assert door.get("/self", bearer(text)).status == 200
    assert door.get("/editors", bearer(text)).status == 403
    command = (f"/proc/{door.process.pid}/cmdline", f"/proc/{door.process.pid}/environ")
    for place in [open(name, "rb").read().decode(errors="replace") for name in command] + [door.log()]:
        for secret in (SECRET, keys["api_key"], text, text.split(".")[2]):
            assert secret not in place


class KeyServer:
    """The host of a JWK set: what it answers may be changed at any time."""

    def __init__(self):
        self.status, self.body, self.count = 200, b"", 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.count += 1
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def show(self, *keys):
        public = [{name: value for name, value in key.items() if name != "d"} for key in keys]
        self.body = json.dumps({"keys": public}).encode()


@pytest.fixture
def key_server():
    server = KeyServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


def new_key(folder, kid):
    """A key pair of P-256 as a JWK, made by openssl, and a function that signs with it."""
    private = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-outform", "DER"], check=True,
                             capture_output=True, timeout=60).stdout
    public = subprocess.run(["openssl", "ec", "-inform", "DER", "-pubout", "-outform", "DER"], input=private, check=True,
                            capture_output=True, timeout=60).stdout[-64:]
    key = {"kty": "EC", "crv": "P-256", "kid": kid, "x": encoded(public[:32]), "y": encoded(public[32:]),
           "d": encoded(private[7:39])}
    file = folder / f"{kid}.jwk"
    file.write_text(json.dumps(key))

    def sign(**claims):
        done = run("token", "--jwt-keys", file, *[f"{name}={value}" for name, value in claims.items()])
        assert done.returncode == 0, done.stderr
        return bearer(done.stdout.strip())

    return key, sign


def test_keys_from_a_url(served, key_server, tmp_path):
    (old, sign_old), (_, sign_other) = (new_key(tmp_path, kid) for kid in ("old", "other"))
    key_server.show(old)
    door = served("--jwt-keys", key_server.url)
    assert door.log_contains(f"keys of tokens: 1 from {key_server.url}") and "is not https" in door.log()
    assert door.get("/self", sign_old(role="access_reader")).json["role"] == "access_reader"
    assert key_server.count == 1
    # a key that is not known is asked for once in a while, however many tokens name one
    for _ in range(5):
        refused = door.get("/self", sign_other(role="access_reader"))
        assert refused.status == 401 and refused.json["detail"] == "The token cannot be verified."
    assert key_server.count == 2
    assert door.metric('key_fetches_total{result="good"}') == 2
    assert door.metric("keys_fetched_timestamp_seconds") > 0
    assert door.get("/self", good()).status == 401, "a secret is no key of a set of public ones"


def test_keys_that_are_rotated_while_it_serves(served, key_server, tmp_path):
    """No good token is refused: one of a key that is not known yet waits for the set."""
    (old, sign_old), (new, sign_new) = (new_key(tmp_path, kid) for kid in ("old", "new"))
    key_server.show(old)
    door = served("--jwt-keys", key_server.url)
    assert door.get("/self", sign_old(role="access_reader")).status == 200
    key_server.show(old, new)
    assert door.get("/self", sign_new(role="access_reader")).status == 200
    assert key_server.count == 2
    assert door.get("/self", sign_old(role="access_reader")).status == 200
    # what is down, or shows something else, changes nothing
    key_server.status = 500
    assert door.get("/self", sign_new(role="access_reader", sub="a")).status == 200


def test_a_reload_fetches_the_keys(served, key_server, tmp_path):
    """A key that is revoked counts no more, and a stranger's token that names another key does not put that off."""
    (old, sign_old), (new, sign_new), (_, sign_other) = (new_key(tmp_path, kid) for kid in ("old", "new", "other"))
    key_server.show(old)
    door = served("--jwt-keys", key_server.url + "?key=topsecret")
    assert door.get("/self", sign_old(role="access_reader")).status == 200
    assert door.get("/self", sign_other(role="access_reader")).status == 401
    key_server.show(new)
    door.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: door.get("/self", sign_old(role="access_reader")).status == 401, 20)
    assert door.get("/self", sign_new(role="access_reader")).status == 200
    assert "topsecret" not in door.log()


def test_signals_are_not_for_the_thread_that_fetches_keys(served, key_server, tmp_path):
    """One of them that went there would end the service at once, with requests under way."""
    key, sign = new_key(tmp_path, "key")
    key_server.show(key)
    door = served("--jwt-keys", key_server.url)
    threads = [open(name).read() for name in glob.glob(f"/proc/{door.process.pid}/task/*/status")]
    masks = [int(re.search(r"^SigBlk:\t(\S+)$", status, re.M)[1], 16) for status in threads]
    assert len(masks) > 2 and sum(not mask >> (signal.SIGTERM - 1) & 1 for mask in masks) <= 1, "one thread waits for signals"
    door.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: door.metric('reloads_total{result="good"}') == 1, 20)
    assert door.get("/self", sign(role="access_reader")).status == 200


PROCEDURES = """
CREATE TABLE kept_secret (text text);
INSERT INTO kept_secret VALUES ('hidden');
GRANT SELECT ON kept_secret TO access_login;
CREATE FUNCTION caller() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('|', current_user, current_setting('request.jwt.claims', true)::json ->> 'sub',
                     current_setting('request.method', true)) $$;
CREATE PROCEDURE commits(INOUT said text) LANGUAGE plpgsql AS $$
    BEGIN said := caller(); COMMIT; said := said || ' ' || caller(); ROLLBACK; said := said || ' ' || caller(); END $$;
CREATE PROCEDURE peeks(INOUT said text) LANGUAGE plpgsql AS $$
    BEGIN COMMIT; SELECT text INTO said FROM kept_secret; END $$;
"""

CALLS = """
-- name: commits :one
-- route: POST /commits
-- settings: claims, method
CALL commits('');

-- name: peeks :one
-- route: POST /peeks
CALL peeks('');

-- name: after :one
-- route: POST /after
-- public
SELECT current_user::text AS role, nullif(current_setting('request.jwt.claims', true), '') AS claims
FROM (SELECT 1) one WHERE random() >= 0;
"""


@pytest.mark.direct("transaction", because="there a CALL stops the start")
def test_a_procedure_that_commits_stays_in_its_role(postgres, served, access_url, tmp_path):
    """What a transaction was told ends with it, and a procedure goes on in another."""
    postgres.execute(PROCEDURES, "access")
    (tmp_path / "calls.sql").write_text(CALLS)
    try:
        door = served(endpoints=tmp_path)
        for name in ("zoe", "max"):
            said = door.request("POST", "/commits", None, good(sub=name)).json["said"]
            assert said == " ".join([f"access_reader|{name}|POST"] * 3)
            assert door.request("POST", "/after").json == {"role": "access_login", "claims": None}
        assert_problem(door.request("POST", "/peeks", None, good()), 403)
        assert door.log_contains(" | SQLSTATE 42501 | role access_reader\n") and "peeks fails: permission denied" in door.log()
        refused = door.request("POST", "/commits", None, good("access_foreign"))
        assert refused.status == 403 and door.request("POST", "/after").json["role"] == "access_login"
        assert not re.search(r"lost|cannot be taken back", door.log()), door.log()
        # there it would go on in a session that is told nothing
        done = run("check", "--database", access_url, "--endpoints", tmp_path, "--jwt-keys", tmp_path / "calls.sql",
                   "--db-pooler", "transaction")
        assert "calls.sql:2: commits calls a procedure, which may COMMIT" in done.stderr, done.stderr
    finally:
        postgres.execute("DROP TABLE kept_secret; DROP PROCEDURE commits, peeks; DROP FUNCTION caller", "access")


PARTS = """
-- name: gathered
-- route: GET /gathered
-- settings: claims
-- gather: quick :one
SELECT current_user::text AS role, current_setting('request.jwt.claims', true)::json ->> 'sub' AS sub;
-- gather: slow :one
-- isolated
SELECT current_user::text AS role, current_setting('request.jwt.claims', true)::json ->> 'sub' AS sub, pg_sleep(0.02)::text AS s;
-- gather: secret :many
-- optional
SELECT text FROM parts_secret;

-- name: stepped
-- route: POST /stepped
-- settings: claims
-- step: first :one
SELECT 1 AS one;
-- step: last :one
SELECT current_user::text AS role, current_setting('request.jwt.claims', true)::json ->> 'sub' AS sub;

-- name: stepped_secret
-- route: POST /stepped-secret
-- step: first :one
SELECT 1 AS one;
-- step: last :many
SELECT text FROM parts_secret;

-- name: plain :one
-- route: GET /plain
-- public
SELECT current_user::text AS role, nullif(current_setting('request.jwt.claims', true), '') AS claims;
"""


def test_each_part_runs_as_the_identity(postgres, served, tmp_path):
    """Parts of one request are several batches: of several identities at once they meet on the same connections."""
    postgres.execute("CREATE TABLE parts_secret (text text); GRANT SELECT ON parts_secret TO access_login", "access")
    (tmp_path / "parts.sql").write_text(PARTS)
    wrong = []

    def ask(door, name):
        with door.connect() as connection:
            for _ in range(20):
                own = {"role": "access_reader", "sub": name}
                answer = connection.request("GET", "/gathered", None, good(sub=name))
                gathered = answer.json
                gathered["slow"].pop("s")
                if gathered != {"quick": own, "slow": own, "secret": None}:
                    wrong.append(gathered)
                if answer.header("meantime-missing") != "secret; type=forbidden; status=403":
                    wrong.append(answer.headers)
                stepped = connection.request("POST", "/stepped", None, good(sub=name))
                if stepped.json != own:
                    wrong.append(stepped)
                plain = connection.request("GET", "/plain")
                if plain.json != {"role": "access_login", "claims": None}:
                    wrong.append(plain)

    try:
        door = served(endpoints=tmp_path)
        threads = [threading.Thread(target=ask, args=(door, f"user-{i}")) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong[:3]
        assert_problem(door.request("POST", "/stepped-secret", None, good()), 403)
        assert door.request("POST", "/gathered").status == 405
        assert_problem(door.get("/gathered"), 401)
        assert_problem(door.get("/gathered", good("access_foreign")), 403)
    finally:
        postgres.execute("DROP TABLE parts_secret", "access")


@pytest.mark.direct("transaction", because="there a CALL stops the start")
def test_a_cancel_lets_no_procedure_leave_its_role(postgres, served, tmp_path):
    """Of the units that are sent with a procedure a cancel may hit any. Where it hits the first, the session is not told."""
    postgres.execute(PROCEDURES, "access")
    (tmp_path / "calls.sql").write_text(CALLS)
    over, answers = threading.Event(), []

    def cancel():
        while not over.is_set():
            postgres.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity, generate_series(1, 50), "
                             "LATERAL pg_sleep(0.0005) WHERE datname = 'access' AND pid <> pg_backend_pid()")
    canceller = threading.Thread(target=cancel)
    try:
        door = served(endpoints=tmp_path)
        canceller.start()
        while len(answers) < 20000 and (len(answers) < 500 or sum(answer.status != 200 for answer in answers) < 5):
            answers.append(door.request("POST", "/commits", None, good(sub="zoe")))
    finally:
        over.set()
        canceller.join()
        postgres.execute("DROP TABLE kept_secret; DROP PROCEDURE commits, peeks; DROP FUNCTION caller", "access")
    said = {answer.json["said"] for answer in answers if answer.status == 200}
    assert said == {" ".join(["access_reader|zoe|POST"] * 3)}
    others = {answer.status for answer in answers} - {200}
    assert others and others <= {503, 504}, others


def test_a_url_that_gives_no_keys(served, key_server, tmp_path):
    key, sign = new_key(tmp_path, "late")
    for status, body, words in ((500, b"", "the answer has the status 500; 200 was expected"),
                                (200, b"<html>", "it holds no set of public keys"),
                                (200, b"x" * 300000, "it is longer than 262144 bytes"),
                                (302, b"", "the answer has the status 302")):
        key_server.status, key_server.body = status, body
        door = served("--jwt-keys", key_server.url)
        assert door.log_contains(f"the keys of tokens cannot be fetched from {key_server.url}: {words}")
        answer = door.get("/self", sign(role="access_reader"))
        assert door.metric('key_fetches_total{result="failed"}') >= 1
        assert answer.status == 503 and answer.json["detail"] == "the keys of tokens are not there yet; try again"
        assert door.get("/anonymous").status == 200
        door.stop()


@pytest.mark.parametrize("options, status, words", [
    (["--jwt-keys", "https://"], 1, 'jwt_keys: "https://" is no URL to fetch'),
    (["--jwt-keys", "http://a:b@c/"], 1, "it must not hold a user or a password"),
    ([], 1, "access.sql:4: self names roles or claims, and no keys prove any: --jwt-keys or --api-keys is expected"),
    (["--jwt-keys", "/nowhere"], 1, 'jwt_keys: "/nowhere" cannot be read'),
    (["--api-keys", "/nowhere"], 1, 'api_keys: "/nowhere" cannot be read'),
    (["--api-keys", "./nowhere"], 1, 'api_keys: "./nowhere" cannot be read'),
    (["--jwt-keys", SECRET], 1, "jwt_keys: there is no such file; expected the name of a file, or a URL with http:// or https://, "
     "and no key"),
    (["--api-keys", "mt_Yd9PXOoV4C"], 1, "api_keys: there is no such file; expected the name of a file, and no key"),
    (["--jwt-audience", "a"], 1, "jwt_audience: it is a rule for tokens, and jwt_keys names no keys for them"),
    (["--jwt-issuer", "a"], 1, "jwt_issuer: it is a rule for tokens"),
    (["--jwt-role-claim", "a..b"], 1, 'jwt_role_claim: "a..b" is no path of a claim'),
])
def test_what_stops_the_start(access_url, keys, options, status, words):
    done = run("check", "--database", access_url, "--endpoints", keys["endpoints"], *options)
    assert done.returncode == status and words in done.stderr, done.stderr
    assert SECRET not in done.stderr and "mt_Yd9" not in done.stderr, "it may be the key itself"


def test_a_login_role_above_its_policies_is_told(postgres, access_url, keys, tmp_path):
    postgres.execute("""
        CREATE ROLE access_above LOGIN INHERIT BYPASSRLS;
        CREATE ROLE access_strong BYPASSRLS;
        CREATE ROLE access_super SUPERUSER;
        CREATE ROLE access_owner;
        GRANT access_reader, access_strong, access_super, access_owner TO access_above;
        CREATE TABLE owned_too (a int);
        ALTER TABLE owned_too OWNER TO access_owner;
        CREATE FUNCTION peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
        CREATE TABLE owned (a int);
        ALTER TABLE owned OWNER TO access_above;
    """, "access")
    (tmp_path / "peek.sql").write_text("-- name: peeks :one\n-- route: GET /peeks\n-- public\nSELECT 1 AS peek,\n"
                                       "       public.PEEK () AS p;\n"
                                       "-- name: reads :one\n-- route: GET /reads\n"
                                       "-- roles: access_reader, access_foreign, access_raeder\nSELECT 1 AS one;\n")

    def warnings(user, *options):
        done = run("check", "--database", access_url.replace("access_login", user), "--endpoints", tmp_path, *options)
        assert done.returncode == 0, done.stderr
        return done.stderr

    tokens = ["--jwt-keys", keys["secret"]]
    above = warnings("access_above", *tokens)
    assert "the login role access_above has BYPASSRLS" in above
    assert "the login role access_above is INHERIT" in above
    assert "the login role access_above owns owned" in above
    assert "identities may have the role access_strong, which has BYPASSRLS" in above
    assert "identities may have the role access_super, which is a superuser" in above
    assert "identities may have the role access_owner, which owns owned_too" in above
    assert "role access_reader" not in above
    assert ("peek.sql:8: reads is for the role access_foreign, which access_above cannot take: GRANT it to access_above"
            in above)
    assert "peek.sql:8: reads is for the role access_raeder, and PostgreSQL has no role of that name" in above
    assert "peek.sql:5: peeks calls peek, which is SECURITY DEFINER" in above and "peek.sql:4" not in above
    assert "the login role postgres is a superuser" in warnings("postgres", *tokens)
    plain = warnings("access_login", *tokens)
    assert "the login role" not in plain and "identities may have" not in plain and "SECURITY DEFINER" in plain
    (tmp_path / "peek.sql").write_text("-- name: peeks :one\n-- route: GET /peeks\nSELECT peek() AS peek;\n")
    without = warnings("access_above")
    assert "SECURITY DEFINER" not in without and "the login role" not in without and "identities" not in without


def test_without_keys_nothing_is_asked(serve, database):
    service = serve(url=database)
    assert service.get("/types/void", good()).status == 200
