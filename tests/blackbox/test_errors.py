"""What a client reads of PostgreSQL's errors: what it sent, and what the author wrote; never a row, nor a machine."""

import concurrent.futures
import time

import pytest

from lib.http_client import ConnectionEnded, encode_request
from lib.service import assert_problem, run, wait_until

SECRET = "S3CR3T"

SCHEMA = f"""
DROP SCHEMA IF EXISTS leaks CASCADE;
CREATE SCHEMA leaks;
SET search_path = leaks;

CREATE TABLE member (id integer PRIMARY KEY, name text, role text, token text DEFAULT '{SECRET}');
INSERT INTO member VALUES (1, 'old', 'user');
CREATE VIEW user_view AS SELECT * FROM member WHERE role = 'user' WITH CHECK OPTION;

CREATE TABLE stored (text text, json text, bytes bytea, number numeric);
INSERT INTO stored VALUES ('{SECRET}', '{{"a": {SECRET}}}', '\\xff{SECRET.encode().hex()}', 1e30);

CREATE TABLE email (id integer PRIMARY KEY, address text CONSTRAINT one_address UNIQUE, hidden text NOT NULL DEFAULT '{SECRET}',
                    CONSTRAINT short CHECK (length(address) < 20));
INSERT INTO email VALUES (1, 'a@b'), (2, '{SECRET}');
CREATE TABLE audit (what text CONSTRAINT one_audit UNIQUE);
INSERT INTO audit VALUES ('{SECRET}');
CREATE FUNCTION note_audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO leaks.audit VALUES ('{SECRET}'); RETURN NEW; END$$;
CREATE TABLE audited (n integer);
CREATE TRIGGER audits BEFORE INSERT ON audited FOR EACH ROW EXECUTE FUNCTION note_audit();

CREATE TABLE booking (room text, during int4range,
                      CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));
INSERT INTO booking VALUES ('{SECRET}', '[1234567,1234569)');

CREATE TABLE parent (code text PRIMARY KEY);
CREATE TABLE child (id integer, code text CONSTRAINT child_parent REFERENCES parent);
INSERT INTO parent VALUES ('{SECRET}');
INSERT INTO child VALUES (1, '{SECRET}');

CREATE FUNCTION read_stored(text) RETURNS boolean LANGUAGE sql AS 'SELECT text::integer = 1 FROM leaks.stored';
CREATE DOMAIN judged AS text CHECK (leaks.read_stored(VALUE));
CREATE FUNCTION refuse(text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
    RAISE 'the password is too short' USING HINT = 'take twelve letters'; END$$;
CREATE DOMAIN refused AS text CHECK (leaks.refuse(VALUE));
CREATE FUNCTION of_a_column() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    EXECUTE format('SELECT %I FROM leaks.stored', (SELECT text FROM leaks.stored)); RETURN 1; END$$;
CREATE FUNCTION raises(code text) RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    RAISE EXCEPTION 'sold out' USING ERRCODE = code, DETAIL = 'room 7', HINT = 'try tomorrow'; END$$;
CREATE FUNCTION raises_again() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    RETURN (SELECT text::integer FROM leaks.stored); EXCEPTION WHEN OTHERS THEN RAISE; END$$;
CREATE FUNCTION asserts() RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    ASSERT false, (SELECT text FROM leaks.stored); RETURN 1; END$$;
"""

# a method, a path with its body, the SQL, and the answer
LEAKS = {
    "view": ("PATCH", "/{}/1", {"role": "admin"}, "UPDATE user_view SET role = :role WHERE id = :id::integer", 400, "44000"),
    "check": ("PUT", "/{}/1", {"address": "x" * 30}, "UPDATE email SET address = :address WHERE id = :id::integer", 400, "23514"),
    "not_null": ("POST", "/{}", {"id": 9}, "INSERT INTO email VALUES (:id::integer, NULL, NULL)", 400, "23502"),
    "other_rows": ("POST", "/{}", {"n": 1}, "UPDATE email SET address = (SELECT text FROM stored) WHERE id = :n::integer", 409, "23505"),
    "trigger": ("POST", "/{}", {"n": 1}, "INSERT INTO audited VALUES (:n::integer)", 409, "23505"),
    "exclusion": ("POST", "/{}", {"during": "[1234568,1234570)"}, "INSERT INTO booking VALUES ('x', :during::int4range)", 409, "23P01"),
    "referenced": ("POST", "/{}", {"n": 1}, "DELETE FROM parent WHERE length(code) > :n::integer", 409, "23503"),
    "missing": ("POST", "/{}", {"n": 1}, "UPDATE child SET code = reverse(code) WHERE id = :n::integer", 409, "23503"),
    "cast": ("GET", "/{}", None, "SELECT text::integer AS n FROM stored", 400, "22P02"),
    "json": ("GET", "/{}", None, "SELECT json::json AS n FROM stored", 400, "22P02"),
    "jsonb": ("GET", "/{}", None, "SELECT json::jsonb AS n FROM stored", 400, "22P02"),
    "bytes": ("GET", "/{}", None, "SELECT convert_from(bytes, 'UTF8') AS n FROM stored", 400, "22021"),
    "date": ("GET", "/{}", None, "SELECT text::date AS n FROM stored", 400, "22007"),
    "to_date": ("GET", "/{}", None, "SELECT to_date(text, 'YYYY') AS n FROM stored", 400, "22007"),
    "zone": ("GET", "/{}", None, "SELECT now() AT TIME ZONE text AS n FROM stored", 400, "22023"),
    "pattern": ("GET", "/{}", None, "SELECT 'a' ~ ('(' || text) AS n FROM stored", 400, "2201B"),
    "array": ("GET", "/{}", None, "SELECT ('{' || text)::text[] AS n FROM stored", 400, "22P02"),
    "regclass": ("GET", "/{}", None, "SELECT text::regclass AS n FROM stored", 500, "42P01"),
    "column": ("GET", "/{}", None, "SELECT of_a_column() AS n", 500, "42703"),
    "domain": ("GET", "/{}?v=x", None, "SELECT :v::judged AS n", 400, "22P02"),
    "raised_again": ("GET", "/{}", None, "SELECT raises_again() AS n", 400, "22P02"),
    "asserted": ("GET", "/{}", None, "SELECT asserts() AS n", 500, "P0004"),
    "stream": ("GET", "/{}", None, "SELECT text::integer AS n FROM stored", 400, "22P02"),
}


def endpoint(name, method, path, sql, *annotations):
    shape = ":many" if name == "stream" else ":one" if method == "GET" else ":exec"
    more = "-- stream\n" if name == "stream" else ""
    route = path.partition("?")[0].replace("/1", "/{id}").format(name, id="{id}")
    return f"-- name: {name} {shape}\n-- route: {method} {route}\n{more}" + "".join(f"-- {a}\n" for a in annotations) + f"{sql};\n\n"


@pytest.fixture(scope="module")
def leaky(postgres, database):
    """The URL of a database whose rows hold a secret, and whose search path finds them."""
    postgres.execute(SCHEMA, "blackbox")
    return database + "&options=-csearch_path%3Dleaks,public"


@pytest.fixture
def leaking(serve, leaky, tmp_path):
    (tmp_path / "leaks.sql").write_text("".join(endpoint(name, method, path, sql)
                                                for name, (method, path, _, sql, _, _) in LEAKS.items()))
    return serve(endpoints=tmp_path, url=leaky)


def test_no_row_that_is_stored_reaches_a_client(leaking):
    for name, (method, path, body, _, status, sqlstate) in LEAKS.items():
        response = leaking.request(method, path.format(name), body)
        assert_problem(response, status, sqlstate=sqlstate)
        for hidden in (SECRET, SECRET[::-1], "1234567", "S3C", "Failing row", "member", "\\u0000"):
            assert hidden.encode() not in response.body, (name, response.body)
        # the operator reads all of it
        assert leaking.log_contains(f"{name} fails: "), name
    assert leaking.log_contains(f"(1, old, admin, {SECRET})")
    assert leaking.log_contains('invalid input syntax for type integer: "S3CR3T"')


def test_what_the_client_sent_is_named(serve, leaky, tmp_path):
    (tmp_path / "own.sql").write_text(
        "-- name: own_add :exec\n-- route: POST /own\n-- param: id = 9\nINSERT INTO email VALUES (:id::integer, :address);\n\n"
        "-- name: own_child :exec\n-- route: POST /child\nINSERT INTO child VALUES (1, :code);\n\n"
        "-- name: own_cast :one\n-- route: GET /cast\nSELECT :v::text::integer AS n;\n\n"
        "-- name: own_json :one\n-- route: GET /json\nSELECT :v::text::jsonb AS n;\n\n"
        "-- name: own_refused :one\n-- route: GET /refused\nSELECT :v::refused AS n;\n")
    service = serve(endpoints=tmp_path, url=leaky)
    assert_problem(service.request("POST", "/own", {"address": "a@b"}), 409, 'constraint "one_address"', "(address)=(a@b)",
                   sqlstate="23505")
    assert_problem(service.request("POST", "/own", {"address": "y" * 25}), 400, 'constraint "short"', sqlstate="23514")
    assert_problem(service.request("POST", "/child", {"code": "none"}), 409, 'constraint "child_parent"', "(code)=(none)",
                   sqlstate="23503")
    problem = assert_problem(service.get("/cast?v=abc"), 400, "no value of the type", sqlstate="22P02")
    assert "abc" not in problem["detail"], "a guess of a stored text would be confirmed"
    problem = assert_problem(service.get("/refused?v=abc"), 400, 'parameter "v": the password is too short', sqlstate="P0001")
    assert problem["hint"] == "take twelve letters"


def test_an_author_s_words_reach_the_client_with_a_hint(serve, leaky, tmp_path):
    (tmp_path / "raises.sql").write_text("".join(
        endpoint(name, method, "/{}?code=x" if method == "GET" else "/{}", "SELECT raises(:code) AS n", *annotations)
        for name, method, annotations in (("plain", "GET", []), ("chosen", "GET", ["errors: BK001 = 402, PT404 = 410"]),
                                          ("written", "POST", ["errors: BK001 = 402,P0001=422"]))))
    service = serve(endpoints=tmp_path, url=leaky)
    for method, path, code, status in (
            ("GET", "plain", "P0001", 400), ("GET", "plain", "BK001", 400), ("GET", "plain", "45000", 400),
            ("GET", "plain", "PT404", 404), ("GET", "plain", "PT999", 400), ("GET", "plain", "XX000", 500),
            ("GET", "plain", "58030", 500), ("GET", "chosen", "BK001", 402), ("GET", "chosen", "PT404", 410),
            ("GET", "chosen", "P0001", 400), ("POST", "written", "BK001", 402), ("POST", "written", "P0001", 422)):
        body = {"code": code} if method == "POST" else None
        query = f"?code={code}" if method == "GET" else ""
        response = service.request(method, f"/{path}{query}", body)
        problem = assert_problem(response, status, "sold out (room 7)", sqlstate=code)
        assert problem["hint"] == "try tomorrow", problem
    assert response.reason == "Unprocessable Content"


def test_a_chosen_status_that_is_wrong_is_told_at_its_line(tmp_path, database):
    (tmp_path / "wrong.sql").write_text(endpoint("wrong", "GET", "/wrong", "SELECT 1 AS n", "errors: BK001 = 99"))
    done = run("check", "--endpoints", tmp_path, "--database", database)
    assert done.returncode == 1
    assert f"{tmp_path}/wrong.sql:3: `-- errors:` must be CODE = STATUS" in done.stderr + done.stdout


CONTENTION = """
DROP SCHEMA IF EXISTS contention CASCADE;
CREATE SCHEMA contention;
CREATE SEQUENCE contention.tries;
CREATE TABLE contention.done (what text, try integer);
CREATE FUNCTION contention.try(what text, fails integer, code text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE try integer := nextval('contention.tries');
BEGIN
    INSERT INTO contention.done VALUES (what, try);
    IF try <= fails THEN RAISE 'in the way' USING ERRCODE = code; END IF;
    RETURN try;
END$$;
CREATE FUNCTION contention.read(mark text, n integer) RETURNS integer LANGUAGE plpgsql AS $$BEGIN
    RAISE LOG 'reads for %', mark;
    IF NOT pg_try_advisory_xact_lock_shared(4712, 1) THEN RAISE 'in the way' USING ERRCODE = '40001'; END IF; RETURN n; END$$;
CREATE PROCEDURE contention.try_and_commit(what text) LANGUAGE plpgsql AS $$BEGIN
    INSERT INTO contention.done VALUES (what, 0); COMMIT; RAISE 'in the way' USING ERRCODE = '40001'; END$$;
CREATE FUNCTION contention.lock_both() RETURNS integer LANGUAGE plpgsql SET deadlock_timeout = '2s' AS $$BEGIN
    PERFORM pg_advisory_xact_lock(4711, 1); PERFORM pg_advisory_xact_lock(4711, 2); RETURN 1; END$$;
"""

CONTENTION_ENDPOINTS = """-- name: try_it :one
-- route: POST /try
SELECT contention.try(:what, :fails::integer, :code) AS try;

-- name: call_it :exec
-- route: POST /call
CALL contention.try_and_commit(:what);

-- name: lock_both :one
-- route: POST /lock
-- timeout: 60s
SELECT contention.lock_both() AS locked;
"""


@pytest.fixture
def contending(serve, postgres, database, tmp_path):
    postgres.execute(CONTENTION, "blackbox")
    (tmp_path / "contention.sql").write_text(CONTENTION_ENDPOINTS)
    return serve("--request-timeout-ms", 30000, "--admin", "127.0.0.1:0", endpoints=tmp_path)


def tries(postgres):
    return postgres.execute("SELECT try FROM contention.done ORDER BY try", "blackbox")


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_write_that_others_were_in_the_way_of_runs_again(contending, postgres, code):
    answer = contending.request("POST", "/try", {"what": "w", "fails": 4, "code": code})
    assert answer.status == 200 and answer.json == {"try": 5}
    assert tries(postgres) == [["5"]], "what was rolled back is written"


def test_a_stream_that_others_were_in_the_way_of_begins_again(serve, postgres, tmp_path, mode):
    """PostgreSQL's log says how often: nothing else is left of what a read has done."""
    postgres.execute(CONTENTION, "blackbox")
    (tmp_path / "stream.sql").write_text("-- name: streamed :many\n-- route: GET /streamed\n-- stream\n-- timeout: 60s\n"
                                         "SELECT contention.read(:mark, n) AS n FROM generate_series(1, :count::integer) AS n;\n")
    service = serve(endpoints=tmp_path)
    with postgres.hold("DO $$BEGIN PERFORM pg_advisory_xact_lock(4712, 1); END$$", "blackbox"):
        problem = assert_problem(service.get(f"/streamed?count=3&mark=first-{mode}"), 503, "in the way", sqlstate="40001")
    assert problem["type"] == "urn:meantime:problem:contention"
    assert (postgres.folder / "log").read_text().count(f"LOG:  reads for first-{mode}") == 31
    assert service.get("/streamed?count=3&mark=x").json == [{"n": n} for n in (1, 2, 3)]


def test_others_in_the_way_for_good_are_a_503(contending, postgres):
    problem = assert_problem(contending.request("POST", "/try", {"what": "w", "fails": 1000, "code": "40001"}), 503,
                             "in the way", sqlstate="40001")
    assert problem["type"] == "urn:meantime:problem:contention"
    assert tries(postgres) == []
    assert 2 <= int(postgres.value("SELECT nextval('contention.tries')", "blackbox")) - 1 <= 31


def test_what_is_no_contention_does_not_run_again(contending, postgres):
    for code, status in (("23505", 409), ("23P01", 409), ("55P03", 503), ("57014", 503), ("P0001", 400)):
        postgres.execute("ALTER SEQUENCE contention.tries RESTART", "blackbox")
        assert_problem(contending.request("POST", "/try", {"what": "w", "fails": 1, "code": code}), status)
        assert postgres.value("SELECT last_value FROM contention.tries", "blackbox") == "1"


def test_a_procedure_that_has_committed_does_not_run_again(contending, postgres):
    problem = assert_problem(contending.request("POST", "/call", {"what": "w"}), 503, sqlstate="40001")
    assert problem["type"] == "urn:meantime:problem:outcome-unknown"
    assert tries(postgres) == [["0"]]


CIRCLE = """BEGIN; SET LOCAL deadlock_timeout = '60s'; SELECT pg_advisory_xact_lock(4711, 2) IS NULL;
DO $$BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE classid = 4711 AND objid = 2 AND NOT granted)
    LOOP PERFORM pg_sleep(0.01); END LOOP; END$$;
SELECT pg_advisory_xact_lock(4711, 1) IS NULL; COMMIT;"""


def test_a_deadlock_is_not_the_client_s(contending, postgres):
    """The other side does not look for a deadlock, so the service's is the transaction that PostgreSQL ends."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        other = pool.submit(postgres.execute, CIRCLE, "blackbox")
        held = "SELECT count(*) FROM pg_locks WHERE classid = 4711 AND objid = 2 AND granted"
        assert wait_until(lambda: postgres.value(held, "blackbox") == "1")
        answer = contending.request("POST", "/lock", {})
        other.result()
    assert answer.status == 200 and answer.json == {"locked": 1}
    assert wait_until(lambda: contending.metric("database_requests_run_again_total") > 0)


# What an administrator, or a time-out of PostgreSQL's, ends

def cancel(postgres, mark):
    """As an administrator: every statement with the mark that is running."""
    return int(postgres.value("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE state = 'active' AND "
                              f"query LIKE '%{mark}%' AND pid <> pg_backend_pid()", "blackbox"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_an_administrator_cancels_is_no_missed_deadline(serve, postgres, tmp_path, mode, method):
    mark = f"cancel_{method.lower()}_{mode}"
    (tmp_path / "slow.sql").write_text(f"-- name: {mark} :one\n-- route: {method} /slow\n-- timeout: 60s\n"
                                       f"SELECT 1 AS n FROM pg_sleep(50) AS {mark};\n")
    service = serve(endpoints=tmp_path)
    with service.connect() as connection:
        connection.send(encode_request(method, "/slow", {} if method == "POST" else None))
        assert wait_until(lambda: cancel(postgres, mark) == 1)
        problem = assert_problem(connection.read_response(), 503, "cancelled", sqlstate="57014")
    assert problem["type"] == "urn:meantime:problem:cancelled"
    assert ("nothing was written" in problem["detail"]) == (method == "POST")
    assert cancel(postgres, mark) == 0, "it was run again, though it was cancelled on purpose"


def test_an_idle_session_that_postgresql_ends_is_logged_in_its_words(serve, database, mode):
    service = serve(url=database + "&options=-cidle_session_timeout%3D300ms")
    words = "terminating connection due to idle-session timeout (SQLSTATE 57P05)"

    def is_said():
        # sync and threads mode look at a connection when they use it
        assert service.request("POST", "/session", {}).status == 200
        time.sleep(0.5)
        return words in service.log()

    assert wait_until(is_said)
    assert "abnormally" not in service.log()


def test_a_stream_that_waits_for_its_client_too_long_is_logged_in_postgresql_s_words(serve, postgres, database, mode):
    service = serve(url=database + f"&application_name=waits-{mode}&options=-cidle_in_transaction_session_timeout%3D300ms")
    cursors = (f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waits-{mode}' AND query LIKE 'FETCH%'")
    with service.connect(receive_buffer_bytes=4096) as slow:
        slow.send(encode_request("GET", "/stream/1000000"))
        assert slow.read_response_head().status == 200
        assert wait_until(lambda: postgres.value(cursors, "blackbox") == "0"), "PostgreSQL does not end it"
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            for _ in slow.read_chunks():
                pass
    assert service.log_contains("terminating connection due to idle-in-transaction timeout (SQLSTATE 25P03)")
    assert "abnormally" not in service.log()


# What does not prepare

HEAD = "-- name: a :one\n-- route: POST /a\n"
UNPREPARED = {
    "syntax": ("SELECT :from AS a,\n\t:to AS ü  wrong\nFROM item", 4, 'syntax error at or near "wrong"',
               "     :to AS ü  wrong\n               ^"),
    "parameter": ("SELECT 1 AS a FROM item WHERE name = :the_name :other", 3, 'syntax error at or near ":other"',
                  "    SELECT 1 AS a FROM item WHERE name = :the_name :other\n" + " " * 51 + "^"),
    "end": ("SELECT (1\nFROM item", 4, "syntax error", "    FROM item\n    ^"),
    "column": ("SELECT id,\n       nam FROM item", 4, 'column "nam" does not exist (Perhaps you meant',
               "           nam FROM item\n           ^"),
    "unknown": ("SELECT 'ä' AS a\nWHERE :flag IS NULL", 4,
                "could not determine data type of parameter :flag; give the parameter its type, such as :flag::text",
                "    WHERE :flag IS NULL\n          ^"),
    "ambiguous": ("INSERT INTO item (name, amount)\nVALUES (:both, :both) RETURNING id", 4,
                  "inconsistent types deduced for parameter :both (text versus integer); give the parameter its type",
                  "    VALUES (:both, :both) RETURNING id\n                   ^"),
    "call": ("SELECT :x::text AS x, to_char(:day, 'YYYY') AS year", 3, "such as :day::text",
             "    SELECT :x::text AS x, to_char(:day, 'YYYY') AS year\n                          ^"),
}


@pytest.mark.parametrize("what", UNPREPARED)
def test_what_does_not_prepare_is_shown_as_the_author_wrote_it(database, tmp_path, what):
    sql, line, message, excerpt = UNPREPARED[what]
    (tmp_path / "a.sql").write_text(HEAD + sql + "\n;\n")
    done = run("check", "--endpoints", tmp_path, "--database", database)
    assert done.returncode == 1
    said = done.stderr + done.stdout
    assert f"{tmp_path}/a.sql:{line}: a does not prepare: " in said
    assert message in said and f"\n{excerpt}\n" in said, said
    assert "$" not in said.replace("$$", "")
