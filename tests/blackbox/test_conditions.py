"""ETag, Last-Modified and Cache-Control; If-None-Match, If-Match and their kin."""

import threading

import pytest

from lib.codings import decoded
from lib.http_client import encode_request, request
from lib.service import assert_problem, run, wait_until

SCHEMA = """
DROP TABLE IF EXISTS versioned;
CREATE TABLE versioned (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0, text text NOT NULL DEFAULT '',
    version bigint NOT NULL DEFAULT 1, changed timestamptz NOT NULL DEFAULT '2026-01-02 03:04:05.678+01');
INSERT INTO versioned (id, text) VALUES (1, 'short'), (2, repeat('long ', 1000)), (3, repeat('large ', 20000));
"""
ENDPOINTS = """
-- name: hashed :one
-- route: GET /hashed/{id}
-- etag
-- cache-control: private, max-age=60
SELECT id, n, text FROM versioned WHERE id = :id;

-- name: hashed_all :many
-- route: GET /hashed
-- etag
SELECT id, n FROM versioned ORDER BY id;

-- name: plain :one
-- route: GET /plain/{id}
SELECT id, n, text FROM versioned WHERE id = :id;

-- name: get :one
-- route: GET /items/{id}
-- etag: version
-- last-modified: changed
SELECT id, n, text, version, changed FROM versioned WHERE id = :id;

-- name: instant :one
-- route: GET /instants/{id}
-- etag: changed
SELECT id, changed FROM versioned WHERE id = :id;

-- name: quiet :one
-- route: GET /quiet/{id}
-- etag: version
-- compression: off
SELECT id, text, version FROM versioned WHERE id = :id;

-- name: put :one
-- route: PUT /items/{id}
-- param: version = if-match
-- cache-control: no-store
UPDATE versioned SET n = :n, version = version + 1
    WHERE id = :id AND (:version::bigint IS NULL OR version = :version) RETURNING id, n, version;

-- name: put_any :exec
-- route: PATCH /items/{id}
-- param: versions = if-match
UPDATE versioned SET n = :n, version = version + 1
    WHERE id = :id AND (:versions::bigint[] IS NULL OR version = ANY (:versions));

-- name: put_instant :exec
-- route: PUT /instants/{id}
-- param: seen = if-match
UPDATE versioned SET n = n + 1, changed = changed + interval '1 microsecond'
    WHERE id = :id AND changed = :seen;

-- name: put_blindly :exec
-- route: PUT /plain/{id}
UPDATE versioned SET n = :n WHERE id = :id;

-- name: rows :many
-- route: GET /rows
-- stream
-- cache-control: no-store
SELECT n FROM generate_series(1, 5000) AS n;
"""


@pytest.fixture
def service(serve, postgres, database, tmp_path):
    postgres.execute(SCHEMA, "blackbox")
    (tmp_path / "conditions.sql").write_text(ENDPOINTS)
    return serve("--admin", "127.0.0.1:0", endpoints=tmp_path)


def if_none_match(tag, **more):
    return {"If-None-Match": tag, **more}


def assert_not_modified(response, tag):
    assert response.status == 304 and response.body == b""
    assert response.header("etag") == tag
    assert response.header("content-type") is None and response.header("content-encoding") is None
    assert response.header("content-length") is None


@pytest.mark.parametrize("media, tag", [("application/json", '"1"'), ("text/csv", '"1-csv"'),
                                        ("application/x-ndjson", '"1-ndjson"')])
def test_each_media_type_has_a_tag_of_its_own(service, media, tag):
    """They have other bytes, so one does not count for another; as a version all are the same."""
    accept = {"Accept": media}
    assert service.get("/items/2", accept).header("etag") == tag
    for listed in ('"1"', '"1-csv"', '"1-ndjson"'):
        assert service.get("/items/2", {**accept, "If-None-Match": listed}).status == (304 if listed == tag else 200)
    written = service.request("PUT", "/items/2", {"n": 5}, {"If-Match": tag})
    assert written.status == 200 and written.json["version"] == 2


@pytest.mark.parametrize("path", ["/hashed/1", "/hashed/2", "/hashed/3", "/hashed", "/items/1", "/items/2", "/items/3",
                                  "/instants/1"])
def test_a_tag_that_the_client_has(service, path):
    first = service.get(path)
    tag = first.header("etag")
    assert first.status == 200 and tag.startswith('"') and tag.endswith('"')
    for listed in (tag, f"W/{tag}", f'"other", {tag}', f'"other",W/{tag} ,"more"', "*", f', ,{tag},'):
        assert_not_modified(service.get(path, if_none_match(listed)), tag)
    for listed in ('"other"', 'W/"other"', tag.strip('"'), tag[:-1], "", "**", f"{tag} {tag}", f'w/{tag}', f'{tag[:-1]}-gzip"'):
        again = service.get(path, if_none_match(listed))
        assert again.status == 200 and again.body == first.body and again.header("etag") == tag, listed


def test_another_body_has_another_tag(service, postgres):
    before = service.get("/hashed/1").header("etag")
    assert service.get("/hashed/2").header("etag") != before
    assert service.get("/hashed/1").header("etag") == before
    postgres.execute("UPDATE versioned SET n = 7 WHERE id = 1", "blackbox")
    again = service.get("/hashed/1", if_none_match(before))
    assert again.status == 200 and again.json["n"] == 7 and again.header("etag") != before


def test_a_version_is_the_tag(service):
    assert service.get("/items/1").header("etag") == '"1"'
    assert service.get("/instants/1").header("etag") == '"2026-01-02T02:04:05.678+00"'


@pytest.mark.parametrize("path", ["/hashed/2", "/items/2", "/items/3", "/hashed/3"])
def test_each_coding_has_a_tag_of_its_own(service, path):
    plain = service.get(path)
    tag = plain.header("etag")
    for coding in ("gzip", "br"):
        coded = []

        def is_coded():
            coded.append(service.get(path, {"Accept-Encoding": coding}))
            return coded[-1].header("content-encoding") == coding

        assert wait_until(is_coded)
        own = f'{tag[:-1]}-{coding}"'
        assert coded[-1].header("etag") == own and decoded(coded[-1]) == plain.body
        kept = service.get(path, if_none_match(own, **{"Accept-Encoding": coding}))
        assert_not_modified(kept, own)
        assert kept.varies_by("accept-encoding")
        # what is kept without a coding is as good
        assert_not_modified(service.get(path, if_none_match(tag, **{"Accept-Encoding": coding})), tag)
        # but what the client could not read is not
        assert service.get(path, if_none_match(own)).status == 200
        assert service.get(path, if_none_match(own, **{"Accept-Encoding": f"{coding};q=0, *"})).status == 200


def test_without_compression_there_is_one_tag(service):
    for headers in ({}, {"Accept-Encoding": "gzip, br"}):
        response = service.get("/quiet/2", headers)
        assert response.header("etag") == '"1"' and not response.varies_by("accept-encoding")
        assert service.get("/quiet/2", if_none_match('"1-gzip"', **headers)).status == 200


@pytest.mark.parametrize("path", ["/hashed/1", "/hashed/3", "/items/2"])
@pytest.mark.parametrize("more", [{}, {"If-None-Match": "*"}, {"If-Match": '"none"'}, {"Accept-Encoding": "br"}])
def test_head_is_as_get(service, path, more):
    differ = ("date", "server-timing")

    def are_alike():
        got, head = (request(service.address, method, path, headers=more) for method in ("GET", "HEAD"))
        assert head.body == b"" and head.status == got.status
        return [each for each in head.headers if each[0] not in differ] == \
            [each for each in got.headers if each[0] not in differ]

    assert wait_until(are_alike)


def test_a_304_keeps_the_connection_and_its_fields(service):
    with service.connect() as connection:
        tag = connection.request("GET", "/hashed/2").header("etag")
        for _ in range(3):
            kept = connection.request("GET", "/hashed/2", headers=if_none_match(tag))
            assert_not_modified(kept, tag)
            assert kept.header("cache-control") == "private, max-age=60" and kept.varies_by("accept-encoding")
            assert connection.request("GET", "/hashed/2").status == 200


def test_the_time_of_the_last_change(service):
    response = service.get("/items/1")
    assert response.header("last-modified") == "Fri, 02 Jan 2026 02:04:05 GMT"
    for since in ("Fri, 02 Jan 2026 02:04:05 GMT", "Friday, 02-Jan-26 02:04:05 GMT", "Fri Jan  2 02:04:05 2026",
                  "Sat, 03 Jan 2026 00:00:00 GMT"):
        kept = service.get("/items/1", {"If-Modified-Since": since})
        assert_not_modified(kept, '"1"')
        assert kept.header("last-modified") == "Fri, 02 Jan 2026 02:04:05 GMT"
        assert service.get("/items/1", {"If-Unmodified-Since": since}).status == 200
    for since in ("Fri, 02 Jan 2026 02:04:04 GMT", "yesterday", "", "2026-01-02T02:04:05Z"):
        assert service.get("/items/1", {"If-Modified-Since": since}).status == 200
    assert_problem(service.get("/items/1", {"If-Unmodified-Since": "Fri, 02 Jan 2026 02:04:04 GMT"}), 412)
    # a tag says more than a time
    assert service.get("/items/1", {**if_none_match('"9"'), "If-Modified-Since": "Sat, 03 Jan 2026 00:00:00 GMT"}).status == 200
    assert service.get("/items/1", {"If-Match": '"1"', "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}).status == 200


def test_a_read_of_one_version_only(service):
    assert service.get("/items/1", {"If-Match": '"1"'}).status == 200
    assert service.get("/items/1", {"If-Match": "*"}).status == 200
    for listed in ('"2"', 'W/"1"', "1", '"1', ""):
        assert_problem(service.get("/items/1", {"If-Match": listed}), 412)
    assert_problem(service.get("/items/99", {"If-Match": '"1"'}), 404)


@pytest.mark.parametrize("method, path, body", [("PUT", "/plain/1", {"n": 5}), ("GET", "/plain/1", None),
                                                ("GET", "/rows", None), ("GET", "/openapi.json", None)])
@pytest.mark.parametrize("listed", ['"1"', "*", "nonsense"])
def test_what_has_no_version_refuses_to_ignore_one(service, postgres, method, path, body, listed):
    response = service.request(method, path, body, {"If-Match": listed})
    assert_problem(response, 501, "If-Match", "declares no version")
    assert service.get("/plain/1").json["n"] == 0


def test_a_problem_has_no_validators(service):
    for headers in ({}, if_none_match("*")):
        response = service.get("/items/99", headers)
        assert_problem(response, 404)
        assert response.header("etag") is None and response.header("last-modified") is None
    response = service.get("/hashed/99")
    assert_problem(response, 404)
    assert response.header("cache-control") is None


def test_how_long_it_may_be_kept(service):
    assert service.get("/hashed/1").header("cache-control") == "private, max-age=60"
    assert service.request("PUT", "/items/1", {"n": 1}).header("cache-control") == "no-store"
    assert service.get("/rows").header("cache-control") == "no-store"
    assert service.get("/plain/1").header("cache-control") is None


def put(service, listed, n, path="/items/1", method="PUT"):
    return service.request(method, path, {"n": n}, {"If-Match": listed} if listed is not None else {})


def test_a_write_of_one_version(service):
    assert put(service, '"1"', 10).json == {"id": 1, "n": 10, "version": 2}
    refused = put(service, '"1"', 11)
    assert_problem(refused, 412, "another version")
    assert refused.json["type"] == "urn:meantime:problem:precondition-failed"
    assert put(service, '"2-gzip"', 12).json["version"] == 3
    assert put(service, '"3-br"', 13).json["version"] == 4
    assert put(service, "*", 14).json["version"] == 5
    assert put(service, None, 15).json["version"] == 6
    assert service.get("/items/1").header("etag") == '"6"'


@pytest.mark.parametrize("listed, status", [
    ('W/"1"', 412), ('"one"', 412), ('""', 412), ('"99999999999999999999999"', 412), ('"1", "2"', 400), ("1", 400),
    ('"1', 400), ('"1" "2"', 400), ('"1";q=1', 400), ("", 412), (",", 412), ('W/"2", "1"', 200), ('"1",', 200),
    (", ".join(f'"{n}"' for n in range(17)), 400),
])
def test_what_no_version_can_be(service, listed, status):
    response = put(service, listed, 5)
    assert response.status == status, response
    assert service.get("/items/1").json["n"] == (5 if status == 200 else 0)


def test_what_is_not_there_has_no_version(service):
    for listed in ('"1"', "*"):
        assert_problem(put(service, listed, 5, "/items/99"), 412)
    assert_problem(put(service, None, 5, "/items/99"), 404)


def test_several_versions(service):
    assert put(service, '"7", "1", "8"', 5, method="PATCH").status == 204
    assert_problem(put(service, '"7", "1", "8"', 6, method="PATCH"), 412)
    assert put(service, "*", 7, method="PATCH").status == 204
    with service.connect() as connection:
        connection.send(encode_request("PATCH", "/items/1", {"n": 8}, {"If-Match": '"1"'}).replace(
            b"If-Match", b'If-Match: "3"\r\nIf-Match', 1))
        assert connection.read_response().status == 204
    assert service.get("/items/1").json["version"] == 4


def test_a_time_is_a_version(service):
    tag = service.get("/instants/1").header("etag")
    assert service.request("PUT", "/instants/1", {}, {"If-Match": tag}).status == 204
    assert_problem(service.request("PUT", "/instants/1", {}, {"If-Match": tag}), 412)
    assert service.request("PUT", "/instants/1", {}, {"If-Match": service.get("/instants/1").header("etag")}).status == 204


def test_64_writers_lose_no_update(service):
    """Each writes one more than it has read: the counter is the number of writes that said 200."""
    written, failures = [], []

    def write():
        try:
            with service.connect() as connection:
                for _ in range(12):
                    read = connection.request("GET", "/items/1")
                    response = connection.request("PUT", "/items/1", {"n": read.json["n"] + 1},
                                                  {"If-Match": read.header("etag")})
                    assert response.status in (200, 412, 503), response
                    if response.status == 200:
                        written.append(response.json["version"])
        except Exception as failure:
            failures.append(failure)

    writers = [threading.Thread(target=write) for _ in range(64)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert not failures, failures
    row = service.get("/items/1").json
    assert len(written) >= 12 and row["n"] == len(written) and row["version"] == 1 + len(written)
    assert sorted(written) == list(range(2, 2 + len(written)))


def test_the_document_says_so(service):
    document = service.get("/openapi.json").json
    get, put_one = document["paths"]["/items/{id}"]["get"], document["paths"]["/items/{id}"]["put"]
    assert set(get["responses"]["200"]["headers"]) == {"ETag", "Last-Modified"}
    assert set(get["responses"]["304"]["headers"]) == {"ETag", "Last-Modified"} and "412" in get["responses"]
    assert "412" in put_one["responses"]
    assert [each["name"] for each in put_one["parameters"] if each["in"] == "header"] == ["If-Match"]
    hashed = document["paths"]["/hashed/{id}"]["get"]
    assert set(hashed["responses"]["200"]["headers"]) == {"ETag", "Cache-Control"}
    plain = document["paths"]["/plain/{id}"]
    assert "304" not in plain["get"]["responses"] and "412" not in plain["put"]["responses"]
    assert "headers" not in plain["get"]["responses"]["200"]


def test_pages_of_other_origins(serve, postgres, tmp_path):
    postgres.execute(SCHEMA, "blackbox")
    (tmp_path / "conditions.sql").write_text(ENDPOINTS)
    service = serve("--cors-origins", "https://app.example", endpoints=tmp_path)
    preflight = service.request("OPTIONS", "/items/1", headers={"Origin": "https://app.example",
                                                                "Access-Control-Request-Method": "PUT"})
    assert "if-match" in preflight.header("access-control-allow-headers")
    response = service.get("/items/1", {"Origin": "https://app.example"})
    assert "etag" in response.header("access-control-expose-headers").split(", ")


@pytest.mark.parametrize("shape, sql", [(":exec", "INSERT INTO item (amount) VALUES (:v::integer)"),
                                        (":many", "UPDATE item SET amount = :v RETURNING id")])
def test_a_version_that_would_not_be_seen(mode, database, tmp_path, shape, sql):
    (tmp_path / "x.sql").write_text(f"-- name: x {shape}\n-- route: POST /x\n-- param: v = if-match\n{sql};\n")
    done = run("check", "--endpoints", tmp_path, "--database", database)
    assert done.returncode == 1
    assert "x.sql:3: if-match needs an endpoint that finds nothing" in done.stdout + done.stderr


@pytest.mark.parametrize("notes, sql, said", [
    ("-- etag: missing", "SELECT 1 AS a", "x.sql:3: x has no column missing"),
    ("-- etag: a", "SELECT 'text' AS a", "x.sql:3: the column a of x must be an integer, a uuid or a timestamp, not text"),
    ("-- etag: a", "SELECT xmin AS a FROM pg_class", "must be an integer, a uuid or a timestamp, not xid"),
    ("-- last-modified: a", "SELECT now()::timestamp AS a", "must be timestamp with time zone, not timestamp"),
])
def test_columns_that_do_not_do(mode, database, tmp_path, notes, sql, said):
    (tmp_path / "x.sql").write_text(f"-- name: x :one\n-- route: GET /x\n{notes}\n{sql};\n")
    done = run("check", "--endpoints", tmp_path, "--database", database)
    assert done.returncode == 1 and said in done.stdout + done.stderr
