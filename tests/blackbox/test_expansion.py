"""What is small when it comes and large when PostgreSQL writes it out: refused at the door, or cut off as it arrives."""

import pathlib
import re

import pytest

from lib.service import Service, assert_problem

NUMBER = "1e131071"  # 131,072 digits, once they are written out
ENDPOINTS = """\
-- name: jsonb :one
-- route: POST /jsonb
SELECT :doc::jsonb AS doc;

-- name: numeric :one
-- route: POST /numeric
SELECT :n::numeric AS n;

-- name: numerics :one
-- route: POST /numerics
SELECT :ns::numeric[] AS ns;

-- name: query :one
-- route: GET /numerics
SELECT :ns::numeric[] AS ns;

-- name: ranges :one
-- route: POST /ranges
SELECT :r::nummultirange AS r;

-- name: two :one
-- route: POST /two
SELECT :a::jsonb AS a, :b::jsonb AS b;

-- name: text :one
-- route: POST /text
SELECT :t::text AS t;

-- name: mb :one
-- route: GET /mb/{n}
SELECT repeat('x', :n::integer * 1000000) AS x;

-- name: mb_rows :many
-- route: GET /mb-rows/{n}
SELECT repeat('x', 1000000) AS x FROM generate_series(1, :n::integer);

-- name: mb_stream :many
-- route: GET /mb-stream/{n}
-- stream
SELECT repeat('x', :n::integer * 1000000) AS x;

-- name: mb_written :one
-- route: POST /mb/{n}
INSERT INTO item (name) VALUES ('expansion') RETURNING repeat('x', :n::integer * 1000000) AS x;
"""


@pytest.fixture(scope="module")
def expanding(mode, database, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"expansion-{mode}")
    (folder / "a.sql").write_text(ENDPOINTS)
    with Service(database, folder, mode) as running:
        yield running


def post(service, path, body):
    return service.request("POST", path, body.encode(), {"Content-Type": "application/json"})


def many(times):
    return "[" + ", ".join([NUMBER] * times) + "]"


@pytest.mark.parametrize("path, body, name", [
    ("/jsonb", '{"doc": ' + many(4500) + "}", "doc"),
    ("/jsonb", '{"doc": {"a": [' + many(9) + "]}}", "doc"),
    ("/jsonb", '{"doc": [' + ", ".join(["0.1e-16382"] * 70) + "]}", "doc"),
    ("/numerics", '{"ns": ' + many(9) + "}", "ns"),
    ("/numerics", '{"ns": [' + ", ".join(['"1E+131071"'] * 9) + "]}", "ns"),
    ("/ranges", '{"r": "{' + ", ".join(f"[{n}1e10000, {n}2e10000]" for n in range(1, 60)) + '}"}', "r"),
    ("/two", f'{{"a": {many(4)}, "b": {many(5)}}}', "b"),
], ids=["a body of 45 KB", "nested", "behind the point", "an array", "strings in an array", "ranges", "the sum of two"])
def test_too_many_digits_are_refused(expanding, path, body, name):
    problem = assert_problem(post(expanding, path, body), 400)
    assert f'parameter "{name}" is too large in the JSON body' in problem["detail"] and "1048576 digits" in problem["detail"]


def test_too_many_digits_in_a_query_string(expanding):
    problem = assert_problem(expanding.get("/numerics?" + "&".join([f"ns={NUMBER}"] * 9)), 400)
    assert 'parameter "ns" is too large in the query string' in problem["detail"]
    assert expanding.get("/numerics?" + "&".join([f"ns={NUMBER}"] * 2)).status == 200


def test_sensible_numbers_are_taken(expanding):
    whole = "1" + "0" * 131071
    assert post(expanding, "/jsonb", f'{{"doc": {NUMBER}}}').body == f'{{"doc":{whole}}}'.encode()
    assert post(expanding, "/numeric", f'{{"n": {NUMBER}}}').body == f'{{"n":{whole}}}'.encode()
    assert post(expanding, "/jsonb", '{"doc": ' + many(8) + "}").status == 200
    assert post(expanding, "/jsonb", '{"doc": [1e400, ' + "7" * 400 + "]}").status == 200
    assert post(expanding, "/jsonb", '{"doc": [' + ", ".join(["1.5e3"] * 20000) + "]}").status == 200
    assert post(expanding, "/jsonb", '{"doc": [' + ", ".join([f'"{NUMBER}"'] * 9) + "]}").status == 200
    assert post(expanding, "/text", '{"t": "' + f"{NUMBER} " * 9 + '"}').status == 200


def peak_bytes(service):
    status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


# Twice the limit, and what one turn reads besides; libpq's buffer grows by doubling, so the old one is there as well.
MOST_GROWTH_BYTES = 60_000_000
PATIENCE_S = 200  # PostgreSQL makes 200 MB, of which most is never read, on a busy machine, too


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/mb/200", 500), ("GET", "/mb-rows/200", 500), ("GET", "/mb-stream/200", 500), ("POST", "/mb/200", 503)])
def test_a_result_is_cut_off_while_it_arrives(mode, database, postgres, tmp_path, is_slow, method, path, status):
    (tmp_path / "a.sql").write_text(ENDPOINTS)
    with Service(database, tmp_path, mode, "--request-timeout-ms", PATIENCE_S * 1000) as service:
        assert len(service.get("/mb/1").json["x"]) == 1000000
        before = peak_bytes(service)
        response = service.request(method, path, {} if method == "POST" else None, timeout_s=PATIENCE_S)
        assert_problem(response, status)
        if not is_slow:
            assert peak_bytes(service) - before < MOST_GROWTH_BYTES
        assert len(service.get("/mb/1").json["x"]) == 1000000, "the service is well afterwards"
