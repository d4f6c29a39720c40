"""Procedures that commit, and endpoints of several parts: each transaction runs as the identity."""

import re
import threading

import pytest

from lib.access import good
from lib.service import assert_problem, run


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
