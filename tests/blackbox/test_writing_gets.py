"""A GET whose SQL writes: found before its first request, where PostgreSQL is sure to refuse it."""

import pytest

from lib.service import assert_problem, run

SEQUENCE = "item_id_seq"


@pytest.fixture
def endpoints(tmp_path):
    """Writes GET /a with this SQL, which begins on line 3."""

    def write(sql, shape=":many", more=""):
        (tmp_path / "a.sql").write_text(f"-- name: a {shape}\n-- route: GET /a\n{sql};\n{more}")
        return tmp_path

    return write


def check(url, folder, command="check"):
    return run(command, "--database", url, "--endpoints", folder)


# what writes: the SQL, the line, what is said of it
ALWAYS = {
    "INSERT": ("INSERT INTO item (name) VALUES (:name) RETURNING id", 3, "INSERT on item"),
    "UPDATE": ("UPDATE item SET name = :name WHERE false RETURNING id", 3, "UPDATE on item"),
    "DELETE": ("DELETE FROM item WHERE id = :id RETURNING id", 3, "DELETE on item"),
    "MERGE": ("MERGE INTO item USING (SELECT 1 AS id) AS other ON item.id = other.id\nWHEN MATCHED THEN DELETE", 3,
              "MERGE on item"),
    "a part of a table": ("DELETE FROM measurement WHERE year = :year RETURNING year", 3, "DELETE on measurement"),
    "WITH": ("WITH added AS (\nINSERT INTO item (name) VALUES (:name) RETURNING id)\nSELECT 1 AS one WHERE false", 4,
             "INSERT on item"),
    "FOR UPDATE": ("SELECT id FROM item\nWHERE id = :id\nFOR UPDATE", 5, "FOR UPDATE"),
    "FOR KEY SHARE inside": ("SELECT * FROM (\nSELECT id FROM item FOR KEY SHARE) AS locked", 4, "row lock"),
    "nextval": (f"SELECT\nnextval('{SEQUENCE}') AS id", 4, f"nextval('{SEQUENCE}'::regclass)"),
    "nextval in FROM": (f"SELECT * FROM nextval('{SEQUENCE}') AS id", 3, f"nextval('{SEQUENCE}'::regclass)"),
    "nextval in WITH": (f"WITH n AS (SELECT nextval('{SEQUENCE}') AS id) SELECT 'no ' || id AS id FROM n", 3, "nextval"),
    "setval": (f"SELECT setval('{SEQUENCE}', 5) AS id", 3, f"setval('{SEQUENCE}'"),
    "SELECT INTO": ("SELECT 1 AS one\nINTO another", 4, "SELECT INTO"),
}
# each of these can succeed
SOMETIMES = {
    "nextval of each row": f"SELECT nextval('{SEQUENCE}') AS id FROM item",
    "nextval in a CASE": f"SELECT CASE WHEN :really THEN nextval('{SEQUENCE}') ELSE 0 END AS id",
    "nextval of a parameter": "SELECT nextval(:sequence::regclass) AS id",
    "nextval behind a condition": f"SELECT nextval('{SEQUENCE}') AS id WHERE :really",
}
NEVER = {
    "a word in a text": "SELECT 'INSERT INTO item; FOR UPDATE; nextval(''x'')' AS text -- nextval('item_id_seq')",
    "substring FOR": "SELECT substring(name FOR 3) AS name FROM item",
    "a column of that name": "SELECT id AS nextval, name AS into FROM item",
    "currval": f"SELECT currval('{SEQUENCE}') AS id",
    "a setting": "SELECT set_config('TimeZone', :zone, true) AS zone",
    "a function, whatever it does": "SELECT write_in_secret(:name) AS id",
    "a domain that takes no NULL": "SELECT :value::something AS value",
}


@pytest.mark.parametrize("what", ALWAYS)
def test_a_get_that_always_writes_is_refused(database, endpoints, what):
    sql, line, says = ALWAYS[what]
    done = check(database, endpoints(sql, ":exec" if what in ("MERGE", "SELECT INTO") else ":many"))
    assert done.returncode == 1, done
    [said] = done.stderr.splitlines()
    assert f"a.sql:{line}: a is a GET and always writes (" in said and says in said, said
    assert "so each request would be a 405; its route must be POST, PUT, PATCH or DELETE" in said


@pytest.mark.parametrize("what", SOMETIMES)
def test_a_get_that_may_write_is_warned_of(database, endpoints, what):
    done = check(database, endpoints(SOMETIMES[what]))
    assert done.returncode == 0, done
    [said] = done.stderr.splitlines()
    assert " warning db: " in said and "a.sql:3: a is a GET, and each request that comes to nextval(" in said, said
    assert said.endswith(" will be a 405")


@pytest.mark.parametrize("what", NEVER)
def test_what_writes_nothing_by_itself(database, endpoints, what):
    done = check(database, endpoints(NEVER[what]))
    assert (done.returncode, done.stderr) == (0, ""), done


def test_another_method_may_write(database, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: a :one\n-- route: POST /a\nSELECT id FROM item WHERE id = :id FOR UPDATE;\n"
                                    f"-- name: b :one\n-- route: POST /b\nSELECT nextval('{SEQUENCE}') AS id;\n")
    assert check(database, tmp_path).returncode == 0


def test_the_service_does_not_start(database, endpoints):
    done = run("serve", "--database", database, "--endpoints", endpoints(ALWAYS["nextval"][0]), "--listen",
               "127.0.0.1:0")
    assert done.returncode == 1 and "a.sql:4: " in done.stderr


def test_what_is_looked_at_is_not_done(postgres, database, endpoints):
    before = postgres.value(f"SELECT last_value, is_called FROM {SEQUENCE}", "blackbox")
    rows = postgres.value("SELECT count(*) FROM item", "blackbox")
    for sql in (ALWAYS["INSERT"][0], ALWAYS["nextval"][0], SOMETIMES["nextval of each row"]):
        check(database, endpoints(sql))
    assert postgres.value(f"SELECT last_value, is_called FROM {SEQUENCE}", "blackbox") == before
    assert postgres.value("SELECT count(*) FROM item", "blackbox") == rows


def test_a_locked_part_of_a_table_does_not_hold_the_start(postgres, database, endpoints):
    """Only to plan a statement needs the locks of the parts: to prepare it does not."""
    folder = endpoints("SELECT year FROM measurement",
                       more="-- name: b :many\n-- route: GET /b\nSELECT nextval('item_id_seq') AS id;\n")
    with postgres.hold("LOCK TABLE measurement_2026 IN ACCESS EXCLUSIVE MODE", "blackbox"):
        done = check(database, folder)
    assert done.returncode == 0, done
    [said] = done.stderr.splitlines()
    assert "a.sql:3: a table of a is locked; whether this GET and those behind it write is not looked at" in said


def test_what_may_write_does_so_until_it_is_refused(serve, endpoints):
    service = serve(endpoints=endpoints(SOMETIMES["nextval in a CASE"]))
    assert service.get("/a?really=false").json == [{"id": 0}]
    assert_problem(service.get("/a?really=true"), 405, "nextval", sqlstate="25006")
