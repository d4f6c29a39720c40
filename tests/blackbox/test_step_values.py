"""A later step uses a column of an earlier one: `:take.id`."""

import threading

import pytest

from conftest import MODES
from lib.service import Service, assert_problem, run, wait_until

TABLES = """\
CREATE TABLE IF NOT EXISTS ware (id integer PRIMARY KEY, code text, price numeric, n integer CHECK (n >= 0));
CREATE TABLE IF NOT EXISTS deal (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ware integer REFERENCES ware, code text,
	price numeric, buyer text CHECK (buyer <> 'bad'));
"""

ENDPOINTS = """\
-- name: buy
-- route: POST /buy
-- status: 201
-- step: take :one
UPDATE ware SET n = n - 1 WHERE code = :code AND n > 0 RETURNING id, price AS "What it costs";
-- step: deal :one
INSERT INTO deal (ware, code, price, buyer) VALUES (:take.id, :code, :take."What it costs", :buyer) RETURNING *;
-- step: left :one
SELECT :deal.ID AS deal, :deal.price * 2 AS twice, :deal.buyer AS buyer, n FROM ware WHERE id = :take.id;

-- name: types
-- route: GET /types
-- step: row :one
SELECT 7 AS i, 'it''s "x" \\ ü'::text AS t, ''::text AS empty, NULL::integer AS none, ARRAY[1, NULL, 2] AS list, true AS yes,
	'ab'::char(5) AS c, 'x'::"char" AS one, B'101'::bit(3) AS bits, '2020-01-01 10:00:00.123456+02'::timestamptz AS at,
	1.1::float8 AS f, 0.1::float4 AS g, '\\x00ff'::bytea AS bytes, '{"a": [1]}'::jsonb AS doc, '1.2.3.4'::inet AS net,
	ROW(NULL, NULL)::step_two AS two, '[1,5)'::int4range AS range, 'P1D'::interval AS day, 12.50::numeric AS money, 'b'::step_mood AS mood;
-- step: same :one
SELECT :row.i AS i, :row.t AS t, :row.empty AS empty, :row.none AS none, :row.list AS list, :row.yes AS yes, :row.c AS c,
	:row.one AS one, :row.bits AS bits, :row.at AS at, :row.f AS f, :row.g AS g, :row.bytes AS bytes, :row.doc AS doc, :row.net AS net,
	:row.two AS two;
-- step: answer :one
SELECT :same.i AS i, :same.t AS t, :same.empty AS empty, :same.none AS none, :same.list AS list, :same.yes AS yes, :same.c AS c,
	:same.one AS one, :same.bits AS bits, :same.at AS at, :row.f AS f, :row.g AS g, :row.bytes AS bytes, :row.doc AS doc,
	:row.net AS net, :row.two AS two, :row.range AS range, :row.day AS day, :row.money AS money

-- name: plain :one
-- route: GET /plain
SELECT 7 AS i, 'it''s "x" \\ ü'::text AS t, ''::text AS empty, NULL::integer AS none, ARRAY[1, NULL, 2] AS list, true AS yes,
	'ab'::char(5) AS c, 'x'::"char" AS one, B'101'::bit(3) AS bits, '2020-01-01 10:00:00.123456+02'::timestamptz AS at,
	1.1::float8 AS f, 0.1::float4 AS g, '\\x00ff'::bytea AS bytes, '{"a": [1]}'::jsonb AS doc, '1.2.3.4'::inet AS net,
	ROW(NULL, NULL)::step_two AS two, '[1,5)'::int4range AS range, 'P1D'::interval AS day, 12.50::numeric AS money;

-- name: first
-- route: GET /first/{n}
-- step: row :one
SELECT id FROM generate_series(1, :n::integer) AS id;
-- step: answer :one
SELECT :row.id AS id, :row.id IS NULL AS is_null;

-- name: seen :one
-- route: POST /seen
SELECT coalesce(current_setting('meantime.deal_1', true), '') AS seen;

-- name: fails
-- route: POST /fails
-- step: row :one
INSERT INTO deal (code) VALUES ('lost') RETURNING id;
-- step: answer :one
SELECT 1 / (:row.id - :row.id) AS quotient;
"""
ROUTES = [("POST", "/buy", {"code": "a", "buyer": "me"}), ("GET", "/types", None), ("GET", "/first/3", None),
          ("GET", "/first/0", None), ("POST", "/fails", {}), ("POST", "/buy", {"code": "none", "buyer": "me"})]
TYPES = "DROP TYPE IF EXISTS step_two, step_mood; CREATE TYPE step_two AS (a integer, b text); CREATE TYPE step_mood AS ENUM ('a', 'b');"


@pytest.fixture(scope="module")
def shop(mode, postgres, database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("step_values")
    (folder / "steps.sql").write_text(ENDPOINTS)
    postgres.execute(TABLES + TYPES, "blackbox")
    with Service(database, folder, mode, "--admin", "127.0.0.1:0") as running:
        yield running


@pytest.fixture
def wares(postgres):
    """Two of them, and how many are left and dealt."""
    postgres.execute(TABLES + "DELETE FROM deal; DELETE FROM ware; INSERT INTO ware VALUES (1, 'a', 1.50, 2), (2, 'b', 7, 1000)",
                     "blackbox")

    def state():
        return postgres.value("SELECT string_agg(n::text, ' ' ORDER BY id) || ':' || (SELECT count(*) FROM deal) FROM ware", "blackbox")
    return state


def test_values_reach_later_steps(shop, wares):
    answer = shop.request("POST", "/buy", {"code": "a", "buyer": "me"})
    assert answer.status == 201
    assert answer.json["twice"] == 3.0 and answer.json["buyer"] == "me" and answer.json["n"] == 1
    assert wares() == "1 1000:1"


def test_all_or_nothing(shop, wares):
    assert_problem(shop.request("POST", "/buy", {"code": "c", "buyer": "me"}), 404, "nothing found")
    assert_problem(shop.request("POST", "/buy", {"code": "a", "buyer": "bad"}), 400, sqlstate="23514")
    assert_problem(shop.request("POST", "/fails", {}), 400, sqlstate="22012")
    assert wares() == "2 1000:0"


def test_what_a_request_has_set_ends_with_it(shop, wares):
    for _ in range(20):
        assert shop.request("POST", "/buy", {"code": "b", "buyer": "me"}).status == 201
        assert shop.request("POST", "/seen").json == {"seen": ""}


def test_every_type_is_as_it_was(shop):
    """Through two settings or one a value has the bytes that it has without."""
    assert shop.get("/types").body == shop.get("/plain").body


def test_of_several_rows_the_first_counts(shop):
    assert shop.get("/first/1").json == {"id": 1, "is_null": False}
    assert shop.get("/first/5").json == {"id": 1, "is_null": False}
    assert_problem(shop.get("/first/0"), 404)


def test_many_at_once_keep_their_own(shop, wares):
    """Each has the value of its own transaction, whatever shares its connection."""
    wrong = []

    def buy(buyer):
        with shop.connect() as client:
            for _ in range(20):
                for n in (3, 4):
                    if client.request("GET", f"/first/{n}").json != {"id": 1, "is_null": False}:
                        wrong.append(n)
                if client.request("POST", "/buy", {"code": "b", "buyer": buyer}).json["buyer"] != buyer:
                    wrong.append(buyer)

    threads = [threading.Thread(target=buy, args=(f"b{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert wares() == "2 840:160"


def test_the_openapi_document_has_no_parameter_of_it(shop):
    paths = shop.get("/openapi.json").json["paths"]
    body = paths["/buy"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sorted(body["properties"]) == ["buyer", "code"]
    assert "parameters" not in paths["/types"]["get"]
    schema = paths["/first/{n}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert sorted(schema["properties"]) == ["id", "is_null"]


@pytest.mark.skipif(len(MODES) < 2, reason="needs two modes to compare")
def test_all_modes_answer_the_same_bytes(postgres, database, tmp_path, wares):
    (tmp_path / "steps.sql").write_text(ENDPOINTS.replace(":deal.ID AS deal, ", ""))
    postgres.execute(TYPES, "blackbox")
    services = [Service(database, tmp_path, mode) for mode in MODES]
    try:
        for method, path, body in ROUTES:
            seen = []
            for service in services:
                postgres.execute("UPDATE ware SET n = 2", "blackbox")
                answer = service.request(method, path, body)
                seen.append((answer.status, answer.body))
            assert all(each == seen[0] for each in seen), (path, seen)
    finally:
        for service in services:
            service.stop()


WRONG = {
    "no column": ("-- step: a :one\nSELECT 1 AS x, 2 AS y;\n-- step: b :one\nSELECT 1,\n:a.z;\n", 7,
                  "w.b uses :a.z, and the columns of that step are: x, y"),
    "two columns": ("-- step: a :one\nSELECT 1 AS x, 2 AS x;\n-- step: b :exec\nSELECT :a.x;\n", 4, "w.a "),
    "a record": ("-- step: a :one\nSELECT ROW(1, 2) AS x;\n-- step: b :exec\nSELECT :a.x;\n", 6,
                 "w.b uses :a.x, which is a record: no step can take a value of that type"),
    "of many": ("-- step: a :many\nSELECT 1 AS x;\n-- step: b :exec\nSELECT :a.x;\n", 6,
                '":a.": the step a must be :one to have its columns used, so that there is one row'),
    "a later one": ("-- step: b :exec\nSELECT :a.x;\n-- step: a :one\nSELECT 1 AS x;\n", 4,
                    '":a.": a step can use columns of the steps before it, and a comes later'),
    "another type": ("-- step: a :one\nSELECT 'x'::text AS x;\n-- step: b :one\nSELECT 1 AS one,\n\t:a.x + 1;\n", 7,
                     "w.b does not prepare: operator does not exist: text + integer"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused(database, tmp_path, what):
    sql, line, words = WRONG[what]
    (tmp_path / "w.sql").write_text(f"-- name: w\n-- route: POST /w\n{sql}")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 1 and f"{tmp_path}/w.sql:{line}: {words}" in done.stderr, done.stderr


def test_a_fault_is_shown_as_it_was_written(database, tmp_path):
    (tmp_path / "w.sql").write_text("-- name: w\n-- route: POST /w\n-- step: a :one\nSELECT 1 AS x;\n-- step: b :one\n"
                                    "SELECT :a.x, :a.\"x\", wrong;\n")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert '    SELECT :a.x, :a."x", wrong;\n                         ^\n' in done.stderr, done.stderr


def test_check_says_what_it_costs(postgres, database, tmp_path):
    postgres.execute(TABLES + TYPES, "blackbox")
    (tmp_path / "steps.sql").write_text(ENDPOINTS)
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    costs = "uses columns of steps before it, which PostgreSQL hands on: no round trip more\n"
    assert f"meantime: {tmp_path}/steps.sql:7: buy.deal {costs}" in done.stdout
    assert f"meantime: {tmp_path}/steps.sql:9: buy.left {costs}" in done.stdout
    assert "buy.take uses" not in done.stdout


def test_a_migration_is_followed(serve, faulty_postgres, tmp_path):
    faulty_postgres.execute("DROP TABLE IF EXISTS page CASCADE; CREATE TABLE page (id integer, size integer);", "blackbox")
    (tmp_path / "pages.sql").write_text("""\
-- name: add
-- route: POST /pages
-- step: add :one
INSERT INTO page (id, size) VALUES (:id, 10) RETURNING *;
-- step: page :one
SELECT * FROM page WHERE id = :add.id AND size = :add.size;
""")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    assert service.request("POST", "/pages", {"id": 1}).json == {"id": 1, "size": 10}
    faulty_postgres.execute("ALTER TABLE page ADD COLUMN title text DEFAULT 'A'", "blackbox")
    assert wait_until(lambda: service.request("POST", "/pages", {"id": 2}).status == 200)
    assert service.request("POST", "/pages", {"id": 3}).json == {"id": 3, "size": 10, "title": "A"}
    faulty_postgres.execute("ALTER TABLE page ALTER size TYPE bigint", "blackbox")
    assert wait_until(lambda: service.request("POST", "/pages", {"id": 4}).status == 200)
    assert service.request("POST", "/pages", {"id": 5}).json == {"id": 5, "size": 10, "title": "A"}
