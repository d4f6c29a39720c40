"""Start-up: what is wrong stops it, and is named with its place."""

import json
import os
import re
import socket
import subprocess
import urllib.parse

import pytest

from conftest import TEST_ENDPOINTS
from lib.service import ROOT, clean_environment, program, run
from lib.starts import GOOD, check, folder  # noqa: F401

def test_a_good_folder(database):
    done = check(database, TEST_ENDPOINTS)
    assert done.returncode == 0, done.stderr


@pytest.mark.direct(because="a pooler refuses options")
def test_postgresql_compiles_nothing_for_the_start(database, postgres):
    """Its own queries are small: one whose cost PostgreSQL overestimates is compiled, for longer than a short
    statement_timeout of the role. Compiled code is a file in the data directory."""
    if postgres.value("SELECT pg_jit_available()") != "t":
        pytest.skip("this PostgreSQL cannot compile")
    compiled = "SELECT count(*) FROM pg_ls_dir('.') AS file WHERE file LIKE '%.bc'"
    dumps = urllib.parse.quote("-c jit=on -c jit_dump_bitcode=on")
    url = f"{database}{'&' if '?' in database else '?'}options={dumps}"
    before = postgres.value(compiled)
    assert check(url, TEST_ENDPOINTS).returncode == 0
    assert postgres.value(compiled) == before
    postgres.execute("SET jit_dump_bitcode = on; SET jit_above_cost = 0; SELECT sum(g) FROM generate_series(1, 9) AS g")
    assert postgres.value(compiled) != before, "the files of compiled code are elsewhere"


# none of it may be told: any part of a string that is misread may be the password
MISREAD = {
    "quotes": '"postgresql://app:secret@db/mine"',
    "quotes around options": '"postgresql://app:secret@db/mine?sslmode=require"',
    "single quotes": "'postgresql://app:secret@db/mine'",
    "a leading blank": " postgresql://app:secret@db/mine",
    "a line break": "postgresql://app:secret@127.0.0.1:1/mine\n",
    "a carriage return": "postgresql://app:secret@127.0.0.1:1/mine\r",
    "a name alone": "secret",
    "an @ in the password": "postgresql://app:a@secret@db/mine",
    "a / in the password": "postgresql://app:secret/b@db/mine",
    "a % in the password": "postgresql://app:%secret@db/mine",
    "an unknown option": "postgresql://app:a@127.0.0.1:1/mine?secret=1",
    "another driver's": "jdbc:postgresql://127.0.0.1/mine?user=app&password=secret",
    "semicolons": "host=127.0.0.1;password=secret",
    "an open quote": "host=127.0.0.1 port=1 password='secret",
    "a password with a blank": "host=127.0.0.1 port=1 password=a secret",
    "a whole string as a name": "host=127.0.0.1 port=1 dbname='user=app password=secret'",
    "a URL as a name": "host=127.0.0.1 port=1 dbname=postgresql://app:secret@db/mine",
}


@pytest.mark.parametrize("misread", MISREAD.values(), ids=MISREAD.keys())
@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_misread_connection_string_is_not_repeated(command, misread, tmp_path):
    (tmp_path / "options.json").write_text(json.dumps({"database": misread}))
    origins = [("--database", ["--database", misread], {}), ("DATABASE_URL", [], {"DATABASE_URL": misread}),
               ("MEANTIME_DATABASE", [], {"MEANTIME_DATABASE": misread}),
               (str(tmp_path / "options.json"), ["--config", tmp_path / "options.json"], {})]
    for origin, options, environment in origins:
        done = run(command, "--endpoints", TEST_ENDPOINTS, "--log-level", "debug", *options, environment=environment)
        assert done.returncode == 1, done
        assert f"{origin}: database: " in done.stderr, done.stderr
        for word in ("secret", "app:", "jdbc"):
            assert word not in done.stdout + done.stderr, done.stderr


@pytest.mark.parametrize("words", [["postgresql://app:secret@db/mine"], ["--database=postgresql://app:secret@db/mine"],
                                   ["check", "postgresql://app:secret@db/mine"], ["check", "password=secret"],
                                   ["version", "postgresql://app:secret@db/mine"]])
def test_a_misplaced_connection_string_is_not_repeated(words):
    done = run(*words)
    assert done.returncode == 2 and done.stderr.startswith("meantime: "), done
    assert "secret" not in done.stdout + done.stderr, done.stderr


def test_values_from_elsewhere_are_not_repeated(tmp_path):
    """libpq reads these itself; of what it says its values are left out."""
    (tmp_path / "services").write_text("[mine]\nhost=127.0.0.1\nport=secret\n")
    elsewhere = [("service=mine", {"PGSERVICEFILE": str(tmp_path / "services")}), ("", {"PGPORT": "secret"}),
                 ("", {"PGSSLMODE": "secret"}), ("service=secret", {"PGSERVICEFILE": str(tmp_path / "services")})]
    for url, environment in elsewhere:
        done = check(url, TEST_ENDPOINTS, environment=environment)
        assert done.returncode == 1 and "cannot connect to the database (from --database)" in done.stderr, done.stderr
        assert "secret" not in done.stderr and "***" in done.stderr, done.stderr


# what is wrong: the file, the line that is to be named, words that are to be named
WRONG_FILES = {
    "an unknown annotation": (
        "-- name: a :one\n-- route: GET /a\n-- colour: red\nSELECT 1 AS one;\n", 3, ["colour"]),
    "no shape": ("-- name: a\n-- route: GET /a\nSELECT 1 AS one;\n", 1, [":one"]),
    "an unknown shape": ("-- name: a :two\n-- route: GET /a\nSELECT 1 AS one;\n", 1, [":two"]),
    "no route": ("\n-- name: a :one\nSELECT 1 AS one;\n", 2, ["route"]),
    "two routes": ("-- name: a :one\n-- route: GET /a\n-- route: GET /b\nSELECT 1 AS one;\n", 3, ["route"]),
    "an unknown method": ("-- name: a :one\n-- route: BREW /a\nSELECT 1 AS one;\n", 2, ["BREW"]),
    "a path without a slash": ("-- name: a :one\n-- route: GET a\nSELECT 1 AS one;\n", 2, ["/"]),
    "no SQL": ("-- name: a :one\n-- route: GET /a\n", 1, ["a"]),
    "two statements": ("-- name: a :one\n-- route: GET /a\nSELECT 1 AS one;\nSELECT 2 AS two;\n", 4, []),
    "a statement that is no query": ("-- name: a :exec\n-- route: POST /a\nBEGIN;\n", 3, ["BEGIN"]),
    "SET": ("-- name: a :exec\n-- route: POST /a\nSET work_mem = '1MB';\n", 3, ["SET"]),
    "an open quote": ("-- name: a :one\n-- route: GET /a\nSELECT 1,\n'open AS one;\n", 4, []),
    "an open comment": ("-- name: a :one\n-- route: GET /a\nSELECT 1 AS one /* open\n;\n", 3, []),
    "a number as a parameter": ("-- name: a :one\n-- route: GET /a\nSELECT\n$1::int AS one;\n", 4, ["$1"]),
    "a path parameter that the SQL does not use": (
        "-- name: a :one\n-- route: GET /a/{id}\nSELECT 1 AS one;\n", 2, ["id"]),
    "a param that the SQL does not use": (
        "-- name: a :one\n-- route: GET /a\n-- param: id = 1\nSELECT 1 AS one;\n", 3, ["id"]),
    "a path parameter with a default": (
        "-- name: a :one\n-- route: GET /a/{id}\n-- param: id = 1\nSELECT :id::int AS id;\n", 3, ["id"]),
    "a status beyond its range": ("-- name: a :one\n-- route: GET /a\n-- status: 404\nSELECT 1 AS one;\n", 3, ["404"]),
    "a timeout without a unit": ("-- name: a :one\n-- route: GET /a\n-- timeout: 5\nSELECT 1 AS one;\n", 3, ["5"]),
    "max-rows on :one": ("-- name: a :one\n-- route: GET /a\n-- max-rows: 5\nSELECT 1 AS one;\n", 3, ["max-rows"]),
    "stream on a POST": ("-- name: a :many\n-- route: POST /a\n-- stream\nSELECT 1 AS one;\n", 3, ["stream"]),
    "two endpoints of one name": (
        GOOD + "-- name: good :one\n-- route: GET /b\nSELECT 1 AS one;\n", 4, ["good"]),
    "two endpoints on one route": (
        GOOD + "-- name: other :one\n-- route: GET /good\nSELECT 1 AS one;\n", 5, ["GET /good"]),
    "two routes that differ in a name only": (
        "-- name: a :one\n-- route: GET /a/{x}\nSELECT :x::int AS x;\n"
        "-- name: b :one\n-- route: GET /a/{y}\nSELECT :y::int AS y;\n", 5, ["/a/{y}"]),
    "a table that is not there": (
        "-- name: a :one\n-- route: GET /a\nSELECT one\nFROM nowhere;\n", 4, ["nowhere"]),
    "a column that is not there": (
        "-- name: a :one\n-- route: GET /a\nSELECT id,\n  name,\n  colour\nFROM item;\n", 5, ["colour"]),
    "a syntax error": ("-- name: a :one\n-- route: GET /a\nSELECT 1\nFRM item;\n", 4, ["item"]),
    "a parameter of no type": (
        "-- name: a :one\n-- route: GET /a\nSELECT coalesce(:x,\n:y) + unknown_function(:z) AS z;\n", 4,
        ["unknown_function"]),
    "a default of the wrong type": (
        "-- name: a :one\n-- route: GET /a\n-- param: n = many\nSELECT :n::integer AS n;\n", 3, ["many"]),
    "a default that is no interval": (
        "-- name: a :one\n-- route: GET /a\n-- param: n = banana\nSELECT :n::interval AS n;\n", 3, ["banana", "interval"]),
    "a default that is no label": (
        "-- name: a :one\n-- route: GET /a\n-- param: n = angry\nSELECT :n::mood AS n;\n", 3, ["angry", "mood"]),
    "a default outside its domain": (
        "-- name: a :one\n-- route: GET /a\n-- param: n = 101\nSELECT :n::percentage AS n;\n", 3,
        ["n", "percentage_check"]),
    "a default that is too late": (
        "-- name: a :one\n-- route: GET /a\n-- param: n = 300000-01-01T00:00\nSELECT :n::timestamp AS n;\n", 3,
        ["300000", "out of range"]),
    "invalid UTF-8": (b"-- name: a :one\n-- route: GET /a\nSELECT '\xff' AS one;\n", 3, ["UTF-8"]),
    "a NUL byte": (b"-- name: a :one\n-- route: GET /a\nSELECT 1 \0 AS one;\n", 3, ["NUL"]),
    "SQL before the first name": ("SELECT 1;\n" + GOOD, 1, ["name"]),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_a_wrong_endpoint_file(database, folder, what):
    text, line, words = WRONG_FILES[what]
    done = check(database, folder(text))
    assert done.returncode == 1, done
    named = [each for each in done.stderr.splitlines() if f"a.sql:{line}: " in each]
    assert named, f"line {line} is not named in: {done.stderr}"
    for word in words:
        assert any(word in each for each in named), f"{word!r} is not in: {named}"


def test_one_run_names_every_mistake(database, folder):
    endpoints = folder("-- name: a :one\n-- colour: red\n-- route: GET /a\nSELECT 1 AS one;\n"
                       "-- name: b :one\nSELECT 1 AS one;\n")
    folder("-- name: c :one\n-- route: GET /c\nSELECT nothing FROM nowhere;\n", "b.sql")
    stderr = check(database, endpoints).stderr
    assert "a.sql:2: " in stderr and "a.sql:5: " in stderr
    folder(GOOD)
    folder("-- name: d :one\n-- route: GET /d\nSELECT nothing FROM nowhere_either;\n", "c.sql")
    stderr = check(database, endpoints).stderr
    assert "b.sql:3: " in stderr and "c.sql:3: " in stderr


def test_a_mistake_hides_no_other(database, folder):
    """Neither in one file nor in another, and whether the parser, PostgreSQL or the router finds it."""
    folder("-- name: a :one\n-- colour: red\n-- route: GET /a\nSELECT 1 AS one;\n"
           "-- name: b :one\n-- route: GET /b\nSELECT nothing FROM nowhere;\n")
    folder("-- name: c :one\n-- route: GET /c/{x}\nSELECT :x::integer AS one;\n"
           "-- name: d :one\n-- route: GET /c/{y}\nSELECT :y::integer AS one;\n"
           "-- name: e :one\n-- route: GET /e\n-- work: nothing\nSELECT 1 AS one;\n", "b.sql")
    endpoints = folder("-- name: f :one\n-- route: GET /f\nINSERT INTO item (name) VALUES ('f') RETURNING id;\n", "c.sql")
    done = check(database, endpoints)
    assert done.returncode == 1
    for place, word in (("a.sql:2", "colour"), ("a.sql:7", "nowhere"), ("b.sql:5", "GET /c/{y}"), ("b.sql:9", "nothing"),
                        ("c.sql:3", "INSERT")):
        assert [each for each in done.stderr.splitlines() if f"{place}: " in each and word in each], (place, done.stderr)
    assert len(re.findall(r"^\S+\.sql:\d+: ", done.stderr, re.M)) == 5, done.stderr


def test_a_database_that_is_away_is_not_waited_for_with_mistakes_at_hand(folder):
    endpoints = folder(GOOD + "-- name: a :one\n-- colour: red\n-- route: GET /a\nSELECT 1 AS one;\n")
    done = check("postgresql:///x?host=/nowhere", endpoints, "--database-wait-ms", 3600000)
    assert done.returncode == 1
    assert "a.sql:5: " in done.stderr and "cannot connect" in done.stderr.replace("cannot", "cannot"), done.stderr
    assert "waiting for the database" not in done.stderr


def test_one_endpoint_is_not_several(database, folder, serve):
    endpoints = folder(GOOD)
    assert check(database, endpoints).stdout == "meantime: 1 endpoint is good\n"
    service = serve(endpoints=endpoints)
    assert service.lines[0].endswith(" loop, 1 endpoint)")
    service.stop()
    folder("-- name: other :one\n-- route: GET /other\nSELECT 1 AS one;\n", "b.sql")
    assert check(database, endpoints).stdout == "meantime: 2 endpoints are good\n"
    assert serve(endpoints=endpoints).lines[0].endswith(" loop, 2 endpoints)")


def test_files_in_capitals_and_in_subfolders(database, folder):
    endpoints = folder(GOOD, "a.SQL")
    (endpoints / "more/deep").mkdir(parents=True)
    folder("-- name: deep :one\n-- route: GET /deep\nSELECT 1 AS one;\n", "more/deep/a.sql")
    done = run("routes", "--database", database, "--endpoints", endpoints)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[-1] for line in done.stdout.splitlines()] == [
        f"{endpoints}/a.SQL:1", f"{endpoints}/more/deep/a.sql:1"]
    folder("-- name: deep :one\n-- route: GET /a\nSELECT 1 AS one;\n", "more/b.sql")
    done = check(database, endpoints)
    assert done.returncode == 1 and f"{endpoints}/more/deep/a.sql:1: the name deep is taken" in done.stderr.replace(
        "more/b.sql:1", "more/deep/a.sql:1")


def test_what_is_passed_over_is_named(database, folder):
    endpoints = folder(GOOD)
    (endpoints / "elsewhere").mkdir()
    (endpoints / "again").symlink_to("elsewhere")
    passed = {"b.sql.bak": "its name does not end with .sql", "b.sql~": "its name does not end with .sql",
              ".b.sql": "it is hidden", "again": "it is a link to a folder"}
    for name in passed.keys() - {"again"}:
        folder("nonsense", name)
    folder("of no interest", "README.md")
    done = check(database, endpoints)
    assert done.returncode == 0, done
    said = {line.partition("endpoints: ")[2] for line in done.stderr.splitlines() if "endpoints: " in line}
    assert said == {f"{endpoints}/{name} is passed over: {why}" for name, why in passed.items()}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_subfolder_that_may_not_be_read(database, folder):
    endpoints = folder(GOOD)
    (endpoints / "secret").mkdir(mode=0)
    done = check(database, endpoints)
    assert done.returncode == 1 and f"{endpoints}/secret: the folder of endpoints cannot be read" in done.stderr


def test_a_pipe_is_no_endpoint_file(database, folder):
    endpoints = folder(GOOD)
    os.mkfifo(endpoints / "b.sql")
    done = check(database, endpoints)
    assert done.returncode == 1 and f"{endpoints}/b.sql: is no regular file" in done.stderr


@pytest.mark.parametrize("text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, "\ufeff" + GOOD.replace("\n", "\r\n")])
def test_what_editors_do_to_a_file(database, folder, text):
    assert check(database, folder(text)).returncode == 0


def test_utf_16_is_told(database, folder):
    done = check(database, folder(GOOD.encode("utf-16")))
    assert done.returncode == 1 and "a.sql:1: " in done.stderr and "UTF-8" in done.stderr


def test_an_sql_file_that_another_folder_would_name(database, folder):
    """Only *.sql counts."""
    endpoints = folder(GOOD)
    folder("not SQL at all", "README.md")
    assert check(database, endpoints).returncode == 0


def test_an_empty_folder(database, tmp_path):
    done = check(database, tmp_path)
    assert done.returncode == 1 and str(tmp_path) in done.stderr


def test_a_folder_that_is_not_there(database):
    done = check(database, "/nowhere/at/all")
    assert done.returncode == 1 and "/nowhere/at/all" in done.stderr


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_database_that_is_not_there(command):
    done = run(command, "--endpoints", TEST_ENDPOINTS, "--database", "postgresql://me:secret-word@/x?host=%2Fnowhere",
               "--connect-timeout-ms", "2000")
    assert done.returncode == 1
    assert "/nowhere" in done.stderr
    assert "secret-word" not in done.stderr + done.stdout


def test_a_database_that_does_not_exist(postgres):
    done = check(postgres.url("nothing_of_this_name"), TEST_ENDPOINTS)
    assert done.returncode == 1 and "nothing_of_this_name" in done.stderr


def test_a_malformed_database_url():
    assert check("postgresql://[", TEST_ENDPOINTS).returncode == 1


def test_a_port_in_use(database, mode):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = "127.0.0.1:%d" % taken.getsockname()[1]
        done = run("serve", "--mode", mode, "--listen", listen, "--database", database, "--endpoints", TEST_ENDPOINTS)
    assert done.returncode == 1
    assert listen in done.stderr


def test_usage():
    done = run("version", "--mode", "sync")
    assert done.returncode == 2 and "--mode" in done.stderr and "unknown" not in done.stderr
    for arguments in ([], ["nonsense"]):
        done = run(*arguments)
        assert done.returncode == 2 and "serve" in done.stderr
    for arguments in (["--help"], ["serve", "--help"], ["help"]):
        done = run(*arguments)
        if arguments == ["help"] and done.returncode == 2:
            continue
        assert done.returncode == 0, done
        for word in ("serve", "check", "routes", "openapi", "version", "--listen", "--database", "--endpoints",
                     "--mode",
                     "--loops", "--threads", "--db-connections", "MEANTIME_LISTEN", "DATABASE_URL"):
            assert word in done.stdout, word


def test_version():
    for argument in ("version", "--version"):
        done = run(argument)
        assert done.returncode == 0 and done.stdout.startswith("meantime "), done


@pytest.mark.parametrize("command", ["check", "routes", "openapi", "version", "--help"])
def test_what_can_not_be_written_is_no_success(command, database):
    more = [] if command in ("version", "--help") else ["--database", database, "--endpoints", str(TEST_ENDPOINTS)]
    with open("/dev/full", "w") as full:
        done = subprocess.run([program(), command, *more], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=clean_environment(), cwd=ROOT, timeout=60)
    assert done.returncode == 1 and "cannot write to stdout" in done.stderr


def test_a_locked_table_does_not_hold_the_start_up_for_ever(database, postgres):
    """What does not prepare in time is said, with its place, and the others are not tried one after another."""
    with postgres.hold("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", "blackbox"):
        done = run("check", "--database", database, "--endpoints", TEST_ENDPOINTS, "--request-timeout-ms", 500)
    assert done.returncode != 0
    assert "statement timeout" in done.stderr and "locked" in done.stderr, done.stderr
    assert done.stderr.count("statement timeout") == 1
    assert re.search(r"\.sql:\d+: ", done.stderr)


def test_a_short_deadline_of_requests_is_none_of_the_start(database):
    done = run("check", "--database", database, "--endpoints", TEST_ENDPOINTS, "--request-timeout-ms", 1)
    assert done.returncode == 0, done.stderr


def test_ipv6(database, mode):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    process = subprocess.Popen([program(), "serve", "--mode", mode, "--listen", "[::1]:0", "--database", database,
                                "--endpoints", str(TEST_ENDPOINTS)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
                               env=clean_environment(), stderr=subprocess.DEVNULL)
    try:
        line = process.stdout.readline()
        assert line.startswith("meantime: serving http://[::1]:"), line
        port = int(line.split("[::1]:")[1].split()[0].split("/")[0])
        with socket.create_connection(("::1", port), 10) as connection:
            connection.sendall(b"GET /types/void HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    finally:
        process.terminate()
        assert process.wait(30) == 0
