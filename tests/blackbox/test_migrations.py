"""Tables change while the service runs: what can be followed is served on, and no write that reports an error is done."""

import threading

import pytest

from lib.service import assert_problem, wait_until

BOOK = "id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, pages integer"

ENDPOINTS = """\
-- name: add :one
-- route: POST /books
INSERT INTO book (title, pages) VALUES (:title, :pages) RETURNING *;

-- name: book :one
-- route: GET /books/{id}
SELECT * FROM book WHERE id = :id;

-- name: with_pages :many
-- route: GET /books
SELECT * FROM book WHERE pages = :pages ORDER BY ctid;

-- name: watch :many
-- route: GET /watch
-- stream
SELECT * FROM book ORDER BY ctid;

-- name: drop_by_pages :exec
-- route: DELETE /books/{pages}
DELETE FROM book WHERE pages = :pages;
"""


@pytest.fixture
def books(serve, faulty_postgres, tmp_path):
    """Starts a service over a table `book` that may be changed."""
    def start(*options, columns=BOOK, endpoints=ENDPOINTS, view="SELECT 1"):
        execute(faulty_postgres, "DROP VIEW IF EXISTS shown; DROP TABLE IF EXISTS book;"
                                 f"CREATE TABLE book ({columns}); CREATE VIEW shown AS {view}")
        (tmp_path / "books.sql").write_text(endpoints)
        return serve(*options, endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    return start


def execute(postgres, sql):
    postgres.execute(sql, "blackbox")


def add(service, title="A", pages=1):
    return service.request("POST", "/books", {"title": title, "pages": pages})


def rows(postgres, table="book"):
    return int(postgres.value(f"SELECT count(*) FROM {table}", "blackbox"))


# name: the change, and what it makes of {"id": 2, "title": "A", "pages": 1}
CHANGES = {
    "a column is added": ("ALTER TABLE book ADD COLUMN isbn text", {"id": 2, "title": "A", "pages": 1, "isbn": None}),
    "with a default": ("ALTER TABLE book ADD COLUMN stock integer DEFAULT 7",
                       {"id": 2, "title": "A", "pages": 1, "stock": 7}),
    "a column is dropped": ("ALTER TABLE book ADD COLUMN a text; ALTER TABLE book DROP COLUMN a",
                            {"id": 2, "title": "A", "pages": 1}),
    "int to bigint": ("ALTER TABLE book ALTER pages TYPE bigint", {"id": 2, "title": "A", "pages": 1}),
    "int to numeric": ("ALTER TABLE book ALTER pages TYPE numeric(9,2)", {"id": 2, "title": "A", "pages": 1.00}),
    "text to varchar": ("ALTER TABLE book ALTER title TYPE varchar(50)", {"id": 2, "title": "A", "pages": 1}),
    "another default": ("ALTER TABLE book ALTER title SET DEFAULT 'B'", {"id": 2, "title": "A", "pages": 1}),
    "an array": ("ALTER TABLE book ADD COLUMN tags text[] DEFAULT '{a,b}'",
                 {"id": 2, "title": "A", "pages": 1, "tags": ["a", "b"]}),
    "a domain": ("DROP DOMAIN IF EXISTS price; CREATE DOMAIN price AS numeric(9,2);"
                 "ALTER TABLE book ADD COLUMN price price DEFAULT 12.50",
                 {"id": 2, "title": "A", "pages": 1, "price": 12.50}),
    "an enum": ("DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood ADD VALUE 'happy';"
                "ALTER TABLE book ADD COLUMN mood mood DEFAULT 'sad'",
                {"id": 2, "title": "A", "pages": 1, "mood": "sad"}),
    "moments and bytes": ("ALTER TABLE book ADD COLUMN at timestamptz DEFAULT '2026-11-22 10:00:00+00',"
                          " ADD COLUMN cover bytea DEFAULT '\\x00ff', ADD COLUMN facts jsonb DEFAULT '{\"a\": 1}'",
                          {"id": 2, "title": "A", "pages": 1, "at": "2026-11-22T10:00:00+00:00", "cover": "AP8=",
                           "facts": {"a": 1}}),
    "a column that is not named is renamed": ("ALTER TABLE book RENAME id TO number",
                                              {"number": 2, "title": "A", "pages": 1}),
    "dropped and made again, in another order": (
        "DROP TABLE book; CREATE TABLE book (pages bigint, title varchar, id integer GENERATED ALWAYS AS IDENTITY);"
        "INSERT INTO book VALUES (1, 'A')", {"pages": 1, "title": "A", "id": 2}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_next_request_has_the_new_columns(books, faulty_postgres, change):
    sql, expected = CHANGES[change]
    service = books("--db-connections", 4)
    assert add(service).json == {"id": 1, "title": "A", "pages": 1}
    assert service.get("/books?pages=1").json == [{"id": 1, "title": "A", "pages": 1}]
    assert service.get("/watch").json == [{"id": 1, "title": "A", "pages": 1}]
    document = service.get("/openapi.json").json
    execute(faulty_postgres, sql)
    assert add(service).json == expected
    first, second = service.get("/books?pages=1").json
    assert second == expected and list(first) == list(expected)
    assert service.get("/watch").json == [first, second]
    assert service.get("/openapi.json").json == document
    assert rows(faulty_postgres) == 2


@pytest.mark.parametrize("sessions", ["old", "new"])
def test_each_write_is_answered_by_what_it_did(books, faulty_postgres, sessions):
    """Three POSTs after a migration, on sessions that had the statement prepared, and on new ones."""
    service = books()
    assert add(service).status == 200
    execute(faulty_postgres, "ALTER TABLE book ADD COLUMN isbn text")
    if sessions == "new":
        faulty_postgres.terminate_clients("blackbox")
        assert wait_until(lambda: service.request("DELETE", "/books/99").status == 404)
    for _ in range(3):
        assert "isbn" in add(service).json
    assert rows(faulty_postgres) == 4


TWO_NAMES = """\
-- name: add :one
-- route: POST /books
INSERT INTO book (title, pages) VALUES (:title, :pages) RETURNING book.*, 7 AS extra;

-- name: read :many
-- route: GET /watch
-- stream
SELECT book.*, 7 AS extra FROM book;
"""


def test_two_columns_of_one_name_are_refused_and_nothing_is_written(books, faulty_postgres):
    service = books(endpoints=TWO_NAMES)
    assert add(service).json == {"id": 1, "title": "A", "pages": 1, "extra": 7}
    execute(faulty_postgres, "ALTER TABLE book ADD COLUMN extra integer")
    for _ in range(3):
        assert_problem(add(service), 500, "cannot follow", "nothing was run", "restart")
        assert_problem(service.get("/watch"), 500, "cannot follow", "nothing was run")
    assert rows(faulty_postgres) == 1
    assert service.log_contains('returns two columns named "extra"')
    execute(faulty_postgres, "ALTER TABLE book DROP COLUMN extra")
    assert add(service).json == {"id": 2, "title": "A", "pages": 1, "extra": 7}


def test_a_parameter_whose_default_may_be_no_value_any_more(books, faulty_postgres):
    service = books(endpoints="-- name: add :one\n-- route: POST /books\n-- param: pages = 3\n"
                              "INSERT INTO book (title, pages) VALUES (:title, :pages) RETURNING *;\n")
    assert service.request("POST", "/books", {"title": "A"}).json == {"id": 1, "title": "A", "pages": 3}
    execute(faulty_postgres, "ALTER TABLE book ALTER pages TYPE bigint")
    assert service.request("POST", "/books", {"title": "A"}).json == {"id": 2, "title": "A", "pages": 3}
    execute(faulty_postgres, "ALTER TABLE book ALTER pages TYPE text")
    for _ in range(2):
        assert_problem(service.request("POST", "/books", {"title": "A"}), 500, "cannot follow", "nothing was run")
    assert rows(faulty_postgres) == 2


def test_parameters_follow(books, faulty_postgres):
    """Beyond int4 once the column is a bigint; a string once it is a text."""
    service = books("--db-connections", 4)
    assert_problem(add(service, pages=2147483648), 400, '"pages" must be an integer from -2147483648')
    assert add(service).status == 200
    execute(faulty_postgres, "ALTER TABLE book ALTER pages TYPE bigint")
    assert add(service).status == 200
    assert add(service, pages=2147483648).json == {"id": 3, "title": "A", "pages": 2147483648}
    assert wait_until(lambda: service.get("/books?pages=1").status == 200)
    assert [book["id"] for book in service.get("/books?pages=2147483648").json] == [3]
    execute(faulty_postgres, "ALTER TABLE book ALTER pages TYPE text")
    written = rows(faulty_postgres)
    answers = [add(service, pages=1) for _ in range(3)]
    assert all(answer.status in (400, 503) for answer in answers), answers
    assert rows(faulty_postgres) == written
    assert add(service, pages="one").json["pages"] == "one"
    # this one was never run: the first value that is taken for what it was tells
    assert_problem(service.request("DELETE", "/books/one"), 400, "must be an integer")
    assert_problem(service.request("DELETE", "/books/1"), 503, "nothing was run", "try again")
    assert service.request("DELETE", "/books/one").status == 204
    assert rows(faulty_postgres) == written


def test_a_view_is_replaced(books, faulty_postgres):
    service = books(view="SELECT id, title FROM book", endpoints=(
        "-- name: shown :many\n-- route: GET /shown\nSELECT * FROM shown;\n\n"
        "-- name: add :one\n-- route: POST /books\nINSERT INTO shown (title) VALUES (:title) RETURNING *;\n"))
    assert service.request("POST", "/books", {"title": "A"}).json == {"id": 1, "title": "A"}
    assert service.get("/shown").json == [{"id": 1, "title": "A"}]
    execute(faulty_postgres, "CREATE OR REPLACE VIEW shown AS SELECT id, title, pages FROM book")
    assert service.request("POST", "/books", {"title": "A"}).json == {"id": 2, "title": "A", "pages": None}
    assert service.get("/shown").json[0] == {"id": 1, "title": "A", "pages": None}
    execute(faulty_postgres, "DROP VIEW shown; CREATE VIEW shown AS SELECT title, id FROM book")
    assert service.request("POST", "/books", {"title": "A"}).json == {"title": "A", "id": 3}
    assert service.get("/shown").json[0] == {"title": "A", "id": 1}
    execute(faulty_postgres, "DROP VIEW shown")
    assert_problem(service.request("POST", "/books", {"title": "A"}), 500, sqlstate="42P01")
    assert_problem(service.get("/shown"), 500, sqlstate="42P01")
    assert rows(faulty_postgres) == 3


def test_migrations_under_load(books, faulty_postgres):
    """Each 2xx is a row and each row a 2xx, whatever changes meanwhile."""
    # of one part: between two parts of a cursor, a loop that waits for a write behind the migration holds up both
    service = books("--db-connections", 6, endpoints=ENDPOINTS.replace("book ORDER BY ctid", "book ORDER BY ctid LIMIT 9"))
    assert add(service).status == 200
    is_over = threading.Event()
    answers, read_answers, stream_answers = [], [], []

    def write():
        with service.connect() as connection:
            while not is_over.is_set():
                answers.append(connection.request("POST", "/books", {"title": "A", "pages": 1}).status)

    def read():
        with service.connect() as connection:
            while not is_over.is_set():
                read_answers.append(connection.request("GET", "/books/1").status)

    def watch():
        while not is_over.is_set():
            stream_answers.append(service.request("GET", "/watch").status)

    threads = [threading.Thread(target=each) for each in (write, write, write, read, watch)]
    for thread in threads:
        thread.start()
    try:
        for sql in ("ALTER TABLE book ADD COLUMN isbn text", "ALTER TABLE book ALTER pages TYPE bigint",
                    "ALTER TABLE book DROP COLUMN isbn", "ALTER TABLE book ALTER title TYPE varchar(50)",
                    "BEGIN; ALTER TABLE book RENAME title TO t; ALTER TABLE book RENAME t TO title; COMMIT",
                    "ALTER TABLE book ADD COLUMN tags text[] DEFAULT '{a}'", "ALTER TABLE book ALTER pages TYPE integer",
                    "ALTER TABLE book ADD COLUMN isbn integer", "ALTER TABLE book ALTER isbn TYPE text"):
            before = len(answers)
            execute(faulty_postgres, sql)
            assert wait_until(lambda: len(answers) > before + 20)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    # a write may wait for the migration until its deadline: then PostgreSQL ends it, and nothing is written
    assert set(answers) <= {200, 503, 504}, sorted(set(answers))
    assert rows(faulty_postgres) == 1 + answers.count(200)
    assert answers.count(200) > 100
    for those in (read_answers, stream_answers):  # behind such a write a loop that waits itself answers late, too
        assert 200 in those and set(those) <= {200, 504}, sorted(set(those))
