"""Several reads that make one answer: at once where nothing blocks, one after another where a thread waits."""

import json
import signal

import pytest

from conftest import MODES
from lib.service import Service, assert_problem, run, wait_until

FUNCTIONS = """\
-- Is there for another, for so many milliseconds at most, and says whether it came while this one was there.
CREATE OR REPLACE FUNCTION is_held(lock integer) RETURNS boolean LANGUAGE sql AS $$
	SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = lock
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
$$;

-- A lock 10 higher says that the other was seen: until then neither leaves, or the other would wait for nothing.
CREATE OR REPLACE FUNCTION meet(own integer, other integer, ms integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	latest timestamptz := clock_timestamp() + ms * interval '1 ms';
	has_met boolean := false;
	is_there boolean;
BEGIN
	PERFORM pg_advisory_xact_lock_shared(own);
	WHILE clock_timestamp() < latest LOOP
		is_there := is_held(other);
		IF is_there AND NOT has_met THEN
			PERFORM pg_advisory_xact_lock_shared(own + 10);
			has_met := true;
		END IF;
		EXIT WHEN has_met AND (is_held(other + 10) OR NOT is_there);
		PERFORM pg_sleep(0.002);
	END LOOP;
	RETURN has_met;
END $$;

CREATE OR REPLACE FUNCTION wait_for_lock(lock integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(lock);
	RETURN lock;
END $$;
"""

LOCKED = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(77); END $$"

ENDPOINTS = """\
-- name: page
-- route: GET /page/{n}
-- summary: Three parts.
-- param: n  a number
-- param: up_to = 3  how many
-- status: 203
-- gather: double :one
SELECT :n * 2 AS doubled, :n::integer AS n;
-- A comment between the parts.
-- gather: nothing :one
SELECT 1 AS one WHERE :n::integer < 0
-- gather: numbers :many
-- max-rows: 2
SELECT i, 'a "text"' AS text, ARRAY[i, NULL] AS list, ROW(i, 'b')::pair AS pair FROM generate_series(1, :up_to) AS i;
-- gather: none :many
SELECT 1 AS one WHERE false;

-- name: meeting
-- route: GET /meeting/{ms}
-- gather: host :one
SELECT meet(1, 2, :ms::integer) AS met;
-- gather: guest :one
SELECT meet(2, 1, :ms::integer) AS met;

-- name: failing
-- route: GET /failing
-- errors: BK001 = 402
-- param: first = 'BK001'
-- param: second = '22012'
-- gather: good :one
SELECT 1 AS one;
-- gather: first :one
SELECT fail_with(:first, 'the first') AS failure FROM pg_sleep(0.1);
-- gather: second :one
SELECT fail_with(:second, 'the second') AS failure;

-- name: given_up
-- route: GET /given-up
-- gather: failure :one
SELECT fail_with('BK001', 'the first') AS failure;
-- gather: waiting :one
SELECT wait_for_lock(77) AS lock;
-- gather: optional :one
-- optional
SELECT wait_for_lock(77) AS lock;

-- name: optional
-- route: GET /optional
-- errors: BK001 = 402
-- param: state = 'BK001'
-- gather: failure :one
-- optional
SELECT fail_with(:state, 'on purpose') AS failure;
-- gather: good :one
SELECT 1 AS one;
-- gather: last :many
-- optional
SELECT fail_with('22012', 'on purpose') AS failure;

-- name: late
-- route: GET /late
-- timeout: 300ms
-- gather: good :one
SELECT 1 AS one;
-- gather: late :one
-- optional
SELECT wait_for_lock(77) AS lock;

-- name: too_late
-- route: GET /too-late
-- timeout: 300ms
-- gather: late :one
SELECT wait_for_lock(77) AS lock;
-- gather: good :one
SELECT 1 AS one;

-- name: locked
-- route: GET /locked
-- gather: good :one
SELECT 1 AS one;
-- gather: locked :one
SELECT wait_for_lock(77) AS lock;

-- name: told
-- route: GET /told/{name}
-- settings: method, path
-- gather: a :one
SELECT current_setting('request.method') AS method, current_setting('request.path') AS path, :name AS name;
-- gather: b :one
-- isolated
SELECT current_setting('request.method') AS method, current_setting('request.path') AS path;

-- name: untold :one
-- route: GET /untold
SELECT coalesce(current_setting('request.path', true), '') AS path;

-- name: by_function
-- route: GET /by-function
-- gather: good :one
SELECT 1 AS one;
-- gather: writes :one
SELECT write_in_secret('x') AS id;

-- name: plain :one
-- route: GET /plain
SELECT 1 AS one;
"""


@pytest.fixture(scope="module")
def gathered(mode, postgres, database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gather")
    (folder / "gather.sql").write_text(ENDPOINTS)
    postgres.execute(FUNCTIONS, "blackbox")
    with Service(database, folder, mode, "--admin", "127.0.0.1:0") as running:
        yield running


def test_the_object_has_a_member_for_each_part(gathered):
    for _ in range(3):  # never seen, then quick: alone, then sharing
        answer = gathered.get("/page/21")
        assert answer.status == 203
        assert answer.body == (b'{"double":{"doubled":42,"n":21},"nothing":null,"numbers":['
                               b'{"i":1,"text":"a \\"text\\"","list":[1,null],"pair":{"a":1,"b":"b"}},'
                               b'{"i":2,"text":"a \\"text\\"","list":[2,null],"pair":{"a":2,"b":"b"}}],"none":[]}')
        assert answer.header("meantime-truncated") == "numbers; max-rows=2"
        assert answer.header("meantime-missing") is None
    answer = gathered.get("/page/21?up_to=2")
    assert answer.status == 203 and answer.header("meantime-truncated") is None
    head = gathered.request("HEAD", "/page/21")
    assert head.status == 203 and head.body == b""


def test_the_parameters_are_those_of_the_whole(gathered):
    assert_problem(gathered.get("/page/x"), 400, '"n"', "integer", '"x"')
    assert_problem(gathered.get("/page/1?colour=red"), 400, '"colour"', "up_to")
    assert_problem(gathered.get("/page/1?up_to=1&up_to=2"), 400, '"up_to"', "more than once")
    assert_problem(gathered.request("POST", "/page/1", {}), 405)


def test_the_parts_meet_where_nothing_blocks(gathered):
    """Each waits for the other, so one after another they cannot meet."""
    patience_ms = 20000 if gathered.mode == "async" else 300
    met = gathered.get(f"/meeting/{patience_ms}").json["host"]["met"]
    assert met == (gathered.mode == "async")


def test_the_first_failure_in_the_order_of_the_file_is_answered(gathered):
    for _ in range(2):
        assert_problem(gathered.get("/failing"), 402, "the first", sqlstate="BK001")
    assert_problem(gathered.get("/failing?first=P0001"), 400, "the first", sqlstate="P0001")


def test_a_failure_does_not_wait_for_what_stands_behind_it(gathered, postgres):
    with postgres.hold(LOCKED, "blackbox"):
        for _ in range(2):
            assert_problem(gathered.get("/given-up"), 400, "the first", sqlstate="BK001")
        # what PostgreSQL was asked it goes on with
        assert (postgres.at_work(gathered, "wait_for_lock") > 0) == (gathered.mode == "async")
        assert gathered.get("/plain").json == {"one": 1}
    assert wait_until(lambda: postgres.at_work(gathered, "wait_for_lock") == 0)


def test_an_optional_part_may_fail(gathered):
    answer = gathered.get("/optional")
    assert answer.status == 200 and answer.body == b'{"failure":null,"good":{"one":1},"last":null}'
    assert answer.header("meantime-missing") == ("failure; type=rejected; status=402, "
                                                 "last; type=rejected; status=400")
    answer = gathered.get("/optional?state=XX000")
    assert answer.header("meantime-missing").startswith("failure; type=database-error; status=500, ")
    assert gathered.log_contains("optional goes on without failure, which fails: ")


def test_one_deadline_for_all(gathered, postgres):
    with postgres.hold(LOCKED, "blackbox"):
        answer = gathered.get("/late")
        assert answer.status == 200 and answer.json == {"good": {"one": 1}, "late": None}
        assert answer.header("meantime-missing") == "late; type=deadline; status=504"
        assert_problem(gathered.get("/too-late"), 504)
    found = {"late": {"lock": 77}, "good": {"one": 1}}
    assert wait_until(lambda: gathered.get("/too-late").json == found)


def test_each_part_is_told_of_its_request(gathered):
    for name in ("a", "b", "b"):
        told = {"method": "GET", "path": f"/told/{name}"}
        assert gathered.get(f"/told/{name}").json == {"a": {**told, "name": name}, "b": told}
        assert gathered.get("/untold").json == {"path": ""}


def test_a_part_cannot_write(gathered):
    assert_problem(gathered.get("/by-function"), 405)


def test_many_at_once(gathered):
    connections = [gathered.connect() for _ in range(40)]
    try:
        for number, connection in enumerate(connections):
            connection.send(f"GET /page/{number} HTTP/1.1\r\nHost: x\r\n\r\n"
                            f"GET /optional HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        for number, connection in enumerate(connections):
            assert connection.read_response().json["double"] == {"doubled": 2 * number, "n": number}
            assert connection.read_response().json == {"failure": None, "good": {"one": 1}, "last": None}
    finally:
        for connection in connections:
            connection.close()


def test_a_client_that_leaves_is_not_waited_for(gathered, postgres):
    """What waits behind the lock is not asked any more when its client has left; what was asked ends by itself."""
    with postgres.hold(LOCKED, "blackbox"):
        leaving = [gathered.connect() for _ in range(30)]
        for connection in leaving:
            connection.send(b"GET /locked HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wait_until(lambda: postgres.at_work(gathered, "wait_for_lock") > 0)
        for connection in leaving:
            connection.reset()
    assert wait_until(lambda: postgres.at_work(gathered, "wait_for_lock") == 0)
    assert gathered.get("/page/1").status == 203


def test_server_timing_counts_the_time_once(gathered):
    patience_ms = 300
    answer = gathered.get(f"/meeting/{patience_ms}?")
    timing = dict(each.split(";dur=") for each in answer.header("server-timing").split(", "))
    assert float(timing["queue"]) + float(timing["db"]) <= float(timing["total"]) + 0.002


PATHS = ["/page/1", "/page/-1", "/page/x", "/page/1?up_to=0", "/page/1?more=1", "/page/9999999999", "/failing",
         "/failing?first=23505", "/failing?first=XX000&second=42501", "/optional", "/optional?state=40001x",
         "/optional?state=57014", "/optional?state=53300", "/too-late", "/late", "/told/%C3%A4", "/by-function"]


@pytest.mark.skipif(len(MODES) < 2, reason="needs two modes to compare")
def test_all_modes_answer_the_same_bytes(postgres, database, tmp_path):
    (tmp_path / "gather.sql").write_text(ENDPOINTS)
    postgres.execute(FUNCTIONS, "blackbox")
    services = [Service(database, tmp_path, mode) for mode in MODES]
    try:
        with postgres.hold(LOCKED, "blackbox"):
            for path in PATHS:
                seen = [(answer.status, answer.body, answer.header("meantime-missing"),
                         answer.header("meantime-truncated")) for answer in
                        (service.get(path) for service in services)]
                assert all(each == seen[0] for each in seen), (path, seen)
    finally:
        for service in services:
            service.stop()


# What it says of itself


def test_the_openapi_document_describes_the_object(gathered):
    paths = gathered.get("/openapi.json").json["paths"]
    answer = paths["/page/{n}"]["get"]["responses"]["203"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema["required"] == ["double", "nothing", "numbers", "none"]
    double, null = schema["properties"]["double"]["anyOf"]
    assert double["required"] == ["doubled", "n"] and null == {"type": "null"}
    assert schema["properties"]["numbers"]["items"]["properties"]["i"] == {"type": ["integer", "null"],
                                                                            "format": "int32"}
    assert set(answer["headers"]) == {"Meantime-Truncated"}
    assert {each["name"] for each in paths["/page/{n}"]["get"]["parameters"]} == {"n", "up_to"}
    answer = paths["/optional"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["properties"]["last"]["anyOf"][1] == {"type": "null"}
    assert set(answer["headers"]) == {"Meantime-Missing", "Meantime-Truncated"}
    assert "404" not in paths["/optional"]["get"]["responses"]
    assert "402" in paths["/optional"]["get"]["responses"]


WRONG = {
    "two types": ("SELECT :x::integer AS x;\n-- gather: b :one\nSELECT :x::text AS x;\n", 6,
                  "parameter :x is integer in a and text in b; give both the same type, such as :x::integer"),
    "no preparation": ("SELECT 1 AS x;\n-- gather: b :one\n\nSELECT nothing;\n", 7,
                       'w.b does not prepare: column "nothing" does not exist'),
    "a write": ("SELECT 1 AS x;\n-- gather: b :many\nDELETE FROM item\nRETURNING id;\n", 6,
                "w.b is a GET and always writes (DELETE on item)"),
    "two columns": ("SELECT 1 AS x, 2 AS x;\n", 4, 'w.a returns two columns named "x"'),
    "a default": ("SELECT :x::integer AS x;\n", 2, "the default of x must be an integer"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_postgresql_refuses_is_told_with_its_part(database, tmp_path, what):
    sql, line, words = WRONG[what]
    note = "-- param: x = 'y'\n" if what == "a default" else ""
    (tmp_path / "w.sql").write_text(f"-- name: w\n{note}-- route: GET /w\n-- gather: a :one\n{sql}")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 1 and f"{tmp_path}/w.sql:{line}: {words}" in done.stderr, done.stderr


# Changes


BOOKS = """\
-- name: shelf
-- route: GET /shelf/{pages}
-- gather: thick :many
SELECT * FROM book WHERE pages > :pages ORDER BY id;
-- gather: exact :one
SELECT * FROM book WHERE pages = :pages;
"""


def test_a_migration_is_followed(serve, faulty_postgres, tmp_path):
    faulty_postgres.execute("DROP TABLE IF EXISTS book CASCADE; CREATE TABLE book (id integer, pages integer);"
                            "INSERT INTO book VALUES (1, 10), (2, 20)", "blackbox")
    (tmp_path / "books.sql").write_text(BOOKS)
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    exact = {"id": 1, "pages": 10}
    assert service.get("/shelf/10").json == {"thick": [{"id": 2, "pages": 20}], "exact": exact}
    faulty_postgres.execute("ALTER TABLE book ADD COLUMN title text DEFAULT 'A'", "blackbox")
    assert service.get("/shelf/10").json == {"thick": [{"id": 2, "pages": 20, "title": "A"}],
                                             "exact": {**exact, "title": "A"}}
    assert_problem(service.get("/shelf/x10"), 400, "integer")
    faulty_postgres.execute("ALTER TABLE book ALTER pages TYPE text USING 'x' || pages", "blackbox")
    # a value of the new type is none until a session has described the statements again
    assert wait_until(lambda: service.get("/shelf/10").status == 200 and service.get("/shelf/x10").status == 200)
    assert service.get("/shelf/x10").json == {"thick": [{"id": 2, "pages": "x20", "title": "A"}],
                                              "exact": {"id": 1, "pages": "x10", "title": "A"}}


def test_a_reload_counts_a_changed_part(serve, tmp_path):
    file = tmp_path / "a.sql"
    file.write_text("-- name: a\n-- route: GET /a\n-- gather: x :one\nSELECT 1 AS one;\n"
                    "-- gather: y :one\nSELECT 2 AS two;\n")
    service = serve(endpoints=tmp_path)
    assert service.get("/a").json == {"x": {"one": 1}, "y": {"two": 2}}
    file.write_text("-- name: a\n-- route: GET /a\n-- gather: x :one\nSELECT 1 AS one;\n"
                    "-- gather: y :many\nSELECT 3 AS two;\n-- gather: z :one\nSELECT 4 AS four;\n")
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: service.get("/a").json == {"x": {"one": 1}, "y": [{"two": 3}], "z": {"four": 4}})
    assert service.log_contains("1 changed")


def test_an_unreachable_database_is_told(serve, faulty_postgres, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: a\n-- route: GET /a\n-- gather: x :one\n-- optional\nSELECT 1 AS one;\n"
                                    "-- gather: y :one\nSELECT 2 AS two;\n")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    assert service.get("/a").json == {"x": {"one": 1}, "y": {"two": 2}}
    faulty_postgres.stop()
    assert_problem(service.get("/a"), 503)
    faulty_postgres.start()
    assert wait_until(lambda: service.get("/a").status == 200)
    assert json.loads(service.get("/a").body) == {"x": {"one": 1}, "y": {"two": 2}}
