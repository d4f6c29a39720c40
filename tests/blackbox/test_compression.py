"""Content codings of responses: gzip and brotli, as clients accept them."""

import json
import pathlib
import threading

import pytest

from lib.codings import DECODERS, decoded
from lib.http_client import ConnectionEnded, encode_request, request
from lib.service import Service, assert_problem, run, wait_until

TEST_ENDPOINTS = pathlib.Path(__file__).resolve().parent / "endpoints"
BOTH = pytest.mark.parametrize("coding", ["gzip", "br"])
ENDPOINTS = """
-- name: quiet :one
-- route: GET /quiet/{bytes}
-- compression: off
SELECT repeat('x', :bytes::integer) AS text;

-- name: quiet_stream :many
-- route: GET /quiet-stream/{count}
-- compression: off
-- stream
SELECT n FROM generate_series(1, :count::integer) AS n;

-- name: random :one
-- route: GET /random/{count}
SELECT string_agg(encode(sha512(n::text::bytea), 'base64'), '') AS text FROM generate_series(1, :count::integer) AS n;

-- name: wide :many
-- route: GET /wide/{count}/{bytes}
-- stream
SELECT n, repeat(chr(65 + n % 26), :bytes::integer) AS text FROM generate_series(1, :count::integer) AS n;
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "compression.sql").write_text(ENDPOINTS)
    return tmp_path


def accept(coding):
    return {"Accept-Encoding": coding}


def get_coded(service, path, coding, headers=()):
    """A large one. On a machine that is too busy it is sent as it is."""
    responses = []

    def is_coded():
        responses.append(service.get(path, {**accept(coding), **dict(headers)}))
        return responses[-1].header("content-encoding") == coding

    assert wait_until(is_coded, 120)
    return responses[-1]


@BOTH
@pytest.mark.parametrize("count", [400, 1000, 5000, 20000])
def test_the_same_rows(serve, folder, coding, count):
    """Of a few KiB, which the loop codes, to a few hundred, which it does not."""
    service = serve(endpoints=folder)
    plain = service.get(f"/random/{count}")
    coded = get_coded(service, f"/random/{count}", coding)
    assert plain.header("content-encoding") is None and plain.varies_by("accept-encoding")
    assert coded.varies_by("accept-encoding")
    assert coded.header("content-type") == "application/json"
    assert len(coded.body) < len(plain.body)
    assert decoded(coded) == plain.body


@BOTH
def test_from_1_kib(service, coding):
    head = len('{"text":""}')
    at, below = (service.get(f"/large/{size - head}", accept(coding)) for size in (1024, 1023))
    assert at.header("content-encoding") == coding and at.varies_by("accept-encoding")
    assert len(decoded(at)) == 1024
    assert below.header("content-encoding") is None and not below.varies_by("accept-encoding") and len(below.body) == 1023


@pytest.mark.parametrize("accepted, coding", [
    (None, None), ("", None), ("identity", None), ("deflate, zstd", None),
    ("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("br;q=0.5, gzip", "gzip"), ("gzip;q=0, *", "br"),
    ("*", "br"), ("*;q=0", None), ("gzip;q=0", None), ("identity, gzip;q=0.5", None), ("identity;q=0", None),
    ("identity;q=0, gzip", "gzip"), ("gzip;q=2", None), ("GZIP", "gzip"), ("x-gzip", "gzip"),
])
def test_as_it_is_accepted(service, accepted, coding):
    response = service.get("/large/5000", accept(accepted) if accepted is not None else {})
    assert response.status == 200
    assert response.header("content-encoding") == coding
    assert response.varies_by("accept-encoding")
    assert len(json.loads(decoded(response))["text"]) == 5000


def test_several_lines_are_one_list(service):
    with service.connect() as connection:
        connection.send(b"GET /large/5000 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br;q=0.2\r\nAccept-Encoding: gzip\r\n\r\n")
        assert connection.read_response().header("content-encoding") == "gzip"


@BOTH
@pytest.mark.parametrize("path", ["/large/5000", "/large/100000", "/stream/0", "/stream/50", "/stream/5000"])
def test_head_is_as_get(service, coding, path):
    differ = ("date", "server-timing", "transfer-encoding")

    def are_alike():
        got, head = (request(service.address, method, path, headers=accept(coding)) for method in ("GET", "HEAD"))
        assert head.body == b"" and head.status == got.status
        # on a machine that is too busy one of them is sent as it is
        return [each for each in head.headers if each[0] not in differ] == \
            [each for each in got.headers if each[0] not in differ]

    assert wait_until(are_alike)


@BOTH
@pytest.mark.parametrize("count", [1000, 50000])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_a_stream(service, coding, count, content_type):
    response = get_coded(service, f"/stream/{count}", coding, {"Accept": content_type})
    assert response.varies_by("accept-encoding")
    assert response.is_chunked
    assert decoded(response) == service.get(f"/stream/{count}", {"Accept": content_type}).body


@BOTH
@pytest.mark.parametrize("count, size", [(3, 300000), (500, 20000)])
def test_large_parts_of_a_stream(serve, folder, coding, count, size):
    """Their parts are coded off the loop."""
    response = get_coded(serve(endpoints=folder), f"/wide/{count}/{size}", coding)
    assert [len(row["text"]) for row in json.loads(decoded(response))] == [size] * count


@BOTH
def test_rows_can_be_read_as_they_come(service, coding):
    """Each part can be read without the next: the first hundred rows are in the first chunk."""
    decoder = DECODERS[coding]()
    with service.connect() as connection:
        headers = {**accept(coding), "Accept": "application/x-ndjson"}
        connection.send(encode_request("GET", "/stream/5000", headers=headers))
        assert connection.read_response_head().header("content-encoding") == coding
        chunks = connection.read_chunks()
        assert decoder.add(next(chunks)).count(b"\n") == 100
        for chunk in chunks:
            assert decoder.add(chunk).endswith(b"\n")
    assert decoder.is_over


@BOTH
def test_a_stream_that_breaks_off(service, coding):
    with service.connect() as connection:
        connection.send(encode_request("GET", "/stream-failing/200000", headers=accept(coding)))
        assert connection.read_response_head().header("content-encoding") == coding
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            for _ in connection.read_chunks():
                pass
    assert service.get("/numbers/1").status == 200


def test_one_stream_too_many_is_sent_as_it_is(serve, folder):
    service = serve("--max-streams", 40, "--threads", 40, endpoints=folder)
    held = [service.connect(receive_buffer_bytes=4096) for _ in range(17)]
    codings = []
    for each in held:
        each.send(encode_request("GET", "/wide/100000/100", headers=accept("br")))
        codings.append(each.read_response_head().header("content-encoding"))
    assert codings == ["br"] * 16 + [None]
    for each in held:
        each.reset()
    assert wait_until(lambda: service.get("/wide/1000/100", accept("br")).header("content-encoding") == "br", 20)


@BOTH
def test_a_problem(service, coding):
    name = "x" * 2000
    plain, coded = (service.get(f"/{name}", headers) for headers in ({}, accept(coding)))
    assert_problem(plain, 404)
    assert coded.status == 404 and coded.header("content-type") == "application/problem+json"
    assert coded.header("content-encoding") == coding and decoded(coded) == plain.body
    small = service.get("/nothing", accept(coding))
    assert_problem(small, 404)
    assert small.header("content-encoding") is None and not small.varies_by("accept-encoding")


@BOTH
def test_the_document(service, coding):
    coded = get_coded(service, "/openapi.json", coding)
    assert decoded(coded) == service.get("/openapi.json").body


def test_what_does_not_become_smaller(serve, tmp_path):
    (tmp_path / "odd.sql").write_text("-- name: odd :one\n-- route: GET /odd\nSELECT string_agg(chr(19968 + "
                                      "('x' || left(encode(sha256(n::text::bytea), 'hex'), 4))::bit(16)::integer % 20000), '') "
                                      "AS text FROM generate_series(1, 400) AS n;\n")
    service = serve(endpoints=tmp_path)
    for coding in DECODERS:
        response = service.get("/odd", accept(coding))
        assert response.varies_by("accept-encoding")
        assert decoded(response) == service.get("/odd").body
        assert len(response.body) <= len(decoded(response))


def test_an_endpoint_that_is_not_compressed(serve, folder):
    service = serve(endpoints=folder)
    for path in ("/quiet/5000", "/quiet/100000", "/quiet-stream/50000"):
        response = service.get(path, accept("gzip, br"))
        assert response.status == 200
        assert response.header("content-encoding") is None and not response.varies_by("accept-encoding")


def test_a_service_that_does_not_compress(serve):
    service = serve("--compression", "off")
    for path in ("/large/5000", "/stream/50000", "/openapi.json"):
        response = service.get(path, accept("gzip, br"))
        assert response.header("content-encoding") is None and not response.varies_by("accept-encoding")


def test_the_annotation_takes_no_other_word(mode, database, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: a :one\n-- route: GET /a\n-- compression: gzip\nSELECT 1 AS a;\n")
    done = run("check", "--endpoints", tmp_path, "--database", database)
    assert done.returncode == 1
    assert 'a.sql:3: `-- compression:` must be `off`, or left out; it is "gzip"' in done.stdout + done.stderr


@BOTH
def test_large_bodies_beside_small_ones(serve, coding):
    """What is large is answered whole, coded or not, and what is small meanwhile is answered as ever."""
    service = serve("--request-timeout-ms", 60000)
    failures = []

    def ask(path, size):
        try:
            with service.connect() as connection:
                for _ in range(6):
                    response = connection.request("GET", path, headers=accept(coding))
                    assert response.status == 200 and len(decoded(response)) == size
                    assert response.header("content-encoding") in (coding, None)
        except Exception as failure:
            failures.append(failure)

    large = [threading.Thread(target=ask, args=("/large/3000000", 3000011)) for _ in range(16)]
    for each in large:
        each.start()
    while any(each.is_alive() for each in large):
        assert service.get("/numbers/1").json == {"n": 1}
    assert not failures, failures


@BOTH
def test_a_client_that_leaves_meanwhile(serve, coding):
    service = serve("--request-timeout-ms", 60000)
    for _ in range(30):
        connection = service.connect()
        connection.send(encode_request("GET", "/large/3000000", headers=accept(coding)))
        connection.reset()
    response = service.get("/large/3000000", accept(coding))
    assert len(decoded(response)) == 3000011


def test_the_same_bytes_in_each_mode(database):
    seen = {}
    for each in ("sync", "threads", "async"):
        with Service(database, TEST_ENDPOINTS, each) as service:
            seen[each] = [get_coded(service, path, coding).body
                          for path in ("/large/5000", "/large/100000", "/series/900", "/stream/50000")
                          for coding in DECODERS]
    assert seen["sync"] == seen["threads"] == seen["async"]
