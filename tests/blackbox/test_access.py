"""Access: tokens and API keys at the door, roles and row-level security behind it."""

import functools
import json
import os
import threading
import time

import pytest

from lib.access import BARE, assert_refused, good, invalid
from lib.service import run
from lib.tokens import SECRET, bearer, token


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


def test_the_log_says_why_where_it_is_asked_for(served):
    door = served("--log-level", "debug")
    for credential, word in ((token("n" * 40), "SIGNATURE"), (token(exp=1), "EXPIRED"), ("a.b", "MALFORMED")):
        assert door.get("/self", bearer(credential)).status == 401
        assert door.log_contains(f"a credential is refused: {word}\n")


def test_nothing_secret_is_shown(door, keys):
    text = token(role="access_reader", sub="secret-sub")
    assert door.get("/self", bearer(text)).status == 200
    assert door.get("/editors", bearer(text)).status == 403
    command = (f"/proc/{door.process.pid}/cmdline", f"/proc/{door.process.pid}/environ")
    for place in [open(name, "rb").read().decode(errors="replace") for name in command] + [door.log()]:
        for secret in (SECRET, keys["api_key"], text, text.split(".")[2]):
            assert secret not in place


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
