"""Several statements that are one transaction: all are done, or nothing is."""

import threading

import pytest

from conftest import MODES
from lib.service import Service, assert_problem, run, wait_until

TABLES = """\
CREATE TABLE IF NOT EXISTS stock (id integer PRIMARY KEY, name text UNIQUE, n integer CHECK (n >= 0));
CREATE TABLE IF NOT EXISTS sale (id integer GENERATED ALWAYS AS IDENTITY, stock integer REFERENCES stock, buyer text,
	CHECK (buyer <> 'bad'));
"""

ENDPOINTS = """\
-- name: sell
-- route: POST /stock/{id}/sales
-- status: 201
-- summary: Three steps.
-- param: buyer = 'anyone'
-- step: take :one
UPDATE stock SET n = n - 1 WHERE id = :id AND n > 0 RETURNING id;
-- step: sale :exec
INSERT INTO sale (stock, buyer) VALUES (:id, :buyer);
-- step: left :one
SELECT name, n, (SELECT count(*) FROM sale WHERE stock = :id) AS sales, ROW(n, name)::pair AS pair FROM stock WHERE id = :id;

-- name: clear
-- route: DELETE /stock/{id}
-- step: sales :exec
DELETE FROM sale WHERE stock = :id;
-- step: stock :exec
DELETE FROM stock WHERE id = :id;

-- name: put
-- route: PUT /stock/{id}
-- errors: 23505 = 422
-- step: before :many
SELECT pg_advisory_xact_lock(id) FROM stock;
-- step: stock :one
INSERT INTO stock (id, name, n) VALUES (:id, :name, :n) ON CONFLICT (id) DO UPDATE SET name = excluded.name, n = excluded.n
RETURNING id, name, n;
-- step: all :many
-- max-rows: 2
SELECT id, n FROM stock ORDER BY id

-- name: last_finds_nothing
-- route: POST /last-finds-nothing
-- step: sale :exec
INSERT INTO sale (stock, buyer) VALUES (:id, 'lost');
-- step: nothing :one
WITH gone AS (DELETE FROM stock WHERE id = -:id::integer RETURNING *) SELECT * FROM gone;

-- name: read
-- route: GET /stock/{id}
-- settings: path
-- step: first :one
SELECT id FROM stock WHERE id = :id;
-- step: second :one
SELECT current_setting('request.path') AS path, pg_current_xact_id_if_assigned() IS NULL AS reads, name FROM stock
WHERE id = :id;

-- name: divide
-- route: POST /divide
-- step: first :exec
INSERT INTO sale (stock, buyer) VALUES (NULL, 'divides');
-- step: second :one
SELECT 1 / :by::integer AS quotient;

-- name: meet
-- route: POST /meet/{own}/{other}
-- step: own :exec
UPDATE stock SET n = n + 1 WHERE id = :own;
-- step: rest :exec
SELECT pg_sleep(0.05);
-- step: other :exec
UPDATE stock SET n = n + 1 WHERE id = :other;
"""


@pytest.fixture(scope="module")
def shop(mode, postgres, database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("steps")
    (folder / "steps.sql").write_text(ENDPOINTS)
    postgres.execute(TABLES, "blackbox")
    with Service(database, folder, mode, "--admin", "127.0.0.1:0") as running:
        yield running


@pytest.fixture
def stock(postgres):
    """One thing of each."""
    postgres.execute(TABLES + "DELETE FROM sale; DELETE FROM stock; INSERT INTO stock VALUES (1, 'one', 1), (2, 'two', 2)", "blackbox")

    def rows():
        return (postgres.value("SELECT coalesce(string_agg(format('%s:%s', id, n), ' ' ORDER BY id), '') FROM stock", "blackbox"),
                int(postgres.value("SELECT count(*) FROM sale", "blackbox")))
    return rows


def test_the_last_step_is_the_answer(shop, stock):
    answer = shop.request("POST", "/stock/2/sales", {"buyer": "me"})
    assert answer.status == 201
    assert answer.body == b'{"name":"two","n":1,"sales":1,"pair":{"a":1,"b":"two"}}'
    assert stock() == ("1:1 2:1", 1)
    answer = shop.request("PUT", "/stock/3", {"name": "three", "n": 3})
    assert answer.status == 200 and answer.json == [{"id": 1, "n": 1}, {"id": 2, "n": 1}]
    assert answer.header("meantime-truncated") == "max-rows=2"
    answer = shop.request("DELETE", "/stock/3")
    assert answer.status == 204 and answer.body == b""
    assert shop.request("DELETE", "/stock/3").status == 204, "a step of :exec may touch no row"
    assert stock() == ("1:1 2:1", 1)


def test_a_step_of_one_that_finds_nothing_ends_all(shop, stock):
    for _ in range(3):
        problem = assert_problem(shop.request("POST", "/stock/7/sales", {}), 404, 'nothing found for id "7"')
        assert problem["type"] == "urn:meantime:problem:not-found" and "sqlstate" not in problem
    assert shop.request("POST", "/stock/1/sales", {}).status == 201
    assert_problem(shop.request("POST", "/stock/1/sales", {}), 404)
    assert stock() == ("1:0 2:2", 1)
    assert_problem(shop.request("POST", "/last-finds-nothing", {"id": 1}), 404, "nothing found")
    assert stock() == ("1:0 2:2", 1)


def test_a_step_that_fails_ends_all(shop, stock):
    assert_problem(shop.request("POST", "/stock/1/sales", {"buyer": "bad"}), 400, sqlstate="23514")
    assert_problem(shop.request("PUT", "/stock/9", {"name": "one", "n": 1}), 422, sqlstate="23505")
    assert_problem(shop.request("POST", "/divide", {"by": 0}), 400, sqlstate="22012")
    assert stock() == ("1:1 2:2", 0)
    assert shop.request("POST", "/divide", {"by": 1}).json == {"quotient": 1}
    assert stock() == ("1:1 2:2", 1)


def test_the_parameters_are_those_of_the_whole(shop, stock):
    assert_problem(shop.request("POST", "/stock/1/sales", {"colour": 1}), 400, '"colour"', "buyer")
    assert_problem(shop.request("POST", "/stock/x/sales", {}), 400, '"id"', "integer")
    assert_problem(shop.request("PUT", "/stock/1", {"n": 1}), 400, '"name"', "missing")
    assert stock() == ("1:1 2:2", 0)


def test_a_get_of_steps_only_reads(shop, stock):
    assert shop.get("/stock/2").json == {"path": "/stock/2", "reads": True, "name": "two"}
    assert_problem(shop.get("/stock/5"), 404, 'nothing found for id "5"')


def test_steps_are_one_unit(serve, stock, tmp_path):
    """One Sync, and so one round trip, whatever their number."""
    (tmp_path / "steps.sql").write_text(ENDPOINTS)
    service = serve("--admin", "127.0.0.1:0", endpoints=tmp_path)
    for _ in range(3):
        assert service.request("PUT", "/stock/2", {"name": "two", "n": 2}).status == 200
    assert wait_until(lambda: service.metric("database_units_total") == 3)


def test_steps_that_deadlock_run_again(shop, stock):
    """Each has what the other waits for: PostgreSQL ends one, and all of its steps run again."""
    answers = []

    def meet(own, other):
        answers.append(shop.request("POST", f"/meet/{own}/{other}", {}).status)

    threads = [threading.Thread(target=meet, args=pair) for pair in [(1, 2), (2, 1)] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204] * 4
    assert stock()[0] == "1:5 2:6"


def test_many_at_once(shop, postgres, stock):
    postgres.execute("UPDATE stock SET n = 30", "blackbox")
    connections = [shop.connect() for _ in range(40)]
    try:
        for connection in connections:
            connection.send(b"POST /stock/1/sales HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        statuses = [connection.read_response().status for connection in connections]
    finally:
        for connection in connections:
            connection.close()
    assert sorted(statuses) == [201] * 30 + [404] * 10
    assert stock() == ("1:0 2:30", 30)


def test_the_openapi_document_describes_the_last_step(shop):
    operation = shop.get("/openapi.json").json["paths"]["/stock/{id}/sales"]["post"]
    schema = operation["responses"]["201"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["name", "n", "sales", "pair"]
    assert schema["properties"]["pair"]["properties"]["b"] == {"type": ["string", "null"]}
    assert "Its 3 steps are one transaction." in operation["description"]
    assert "404" in operation["responses"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"buyer"}
    paths = shop.get("/openapi.json").json["paths"]
    assert "404" not in paths["/stock/{id}"]["delete"]["responses"]
    assert "204" in paths["/stock/{id}"]["delete"]["responses"]


@pytest.mark.skipif(len(MODES) < 2, reason="needs two modes to compare")
def test_all_modes_answer_the_same_bytes(postgres, database, tmp_path, stock):
    (tmp_path / "steps.sql").write_text(ENDPOINTS)
    services = [Service(database, tmp_path, mode) for mode in MODES]
    requests = [("POST", "/stock/7/sales", {}), ("POST", "/stock/2/sales", {"buyer": "bad"}), ("GET", "/stock/2", None),
                ("GET", "/stock/9", None), ("PUT", "/stock/9", {"name": "one", "n": 1}), ("DELETE", "/stock/12", None),
                ("POST", "/divide", {"by": 0}), ("PUT", "/stock/2", {"name": "two", "n": 2})]
    try:
        for method, path, body in requests:
            seen = [(answer.status, answer.body) for answer in
                    (service.request(method, path, body) for service in services)]
            assert all(each == seen[0] for each in seen), (path, seen)
    finally:
        for service in services:
            service.stop()


WRONG = {
    "no columns": ("-- step: a :one\nUPDATE stock SET n = 1;\n-- step: b :exec\nDELETE FROM stock;\n", 4,
                   "w.a returns no columns; a statement without RETURNING is :exec"),
    "a procedure": ("-- step: a :exec\nCALL add_item('x');\n", 4, "a step cannot be CALL: a procedure may commit"),
    "two types": ("-- step: a :exec\nSELECT :x::integer;\n-- step: b :exec\nSELECT :x::text;\n", 6,
                  "parameter :x is integer in a and text in b"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused(postgres, database, tmp_path, what):
    postgres.execute(TABLES, "blackbox")
    sql, line, words = WRONG[what]
    (tmp_path / "w.sql").write_text(f"-- name: w\n-- route: POST /w\n{sql}")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 1 and f"{tmp_path}/w.sql:{line}: {words}" in done.stderr, done.stderr


def test_a_migration_is_followed(serve, faulty_postgres, tmp_path):
    faulty_postgres.execute("DROP TABLE IF EXISTS book CASCADE; CREATE TABLE book (id integer, pages integer);", "blackbox")
    (tmp_path / "books.sql").write_text("""\
-- name: add
-- route: POST /books
-- step: add :one
INSERT INTO book VALUES (:id, :pages) RETURNING *;
-- step: book :one
SELECT * FROM book WHERE id = :id;
""")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    assert service.request("POST", "/books", {"id": 1, "pages": 10}).json == {"id": 1, "pages": 10}
    faulty_postgres.execute("ALTER TABLE book ADD COLUMN title text DEFAULT 'A'", "blackbox")
    assert service.request("POST", "/books", {"id": 2, "pages": 20}).json == {"id": 2, "pages": 20, "title": "A"}
    faulty_postgres.execute("ALTER TABLE book ALTER pages TYPE text", "blackbox")
    # a value of the new type is none until the statements have run
    assert_problem(service.request("POST", "/books", {"id": 3, "pages": 30}), 503, "nothing was run")
    assert wait_until(lambda: service.request("POST", "/books", {"id": 4, "pages": "x"}).status == 200)
    assert faulty_postgres.value("SELECT count(*) FROM book", "blackbox") == "3"
