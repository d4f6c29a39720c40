"""The media type of a response: rows as JSON, NDJSON and CSV, by the Accept header; 406 where none is taken."""

import csv
import io
import json

import pytest

from lib.http_client import ConnectionEnded, encode_request
from lib.service import assert_problem

CSV = "text/csv; charset=utf-8; header=present"
HEADER = ["n", 'te"xt', "other, one", "flag", "doc", "ints", "bytes", "at"]


def rows_of(response):
    assert response.header("content-type") == CSV
    assert response.body.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(response.body.decode(), newline=""), strict=True))


def ask(service, path, accept):
    return service.get(path, {"Accept": accept})


def test_rows_as_csv(service):
    response = ask(service, "/media/rows", "text/csv")
    assert response.status == 200
    assert response.header("meantime-truncated") == "max-rows=5"
    assert rows_of(response) == [
        HEADER,
        ["1", "plain", "", "true", '{"a": 1}', "[1,2]", "AP8=", "2026-11-22T10:00:00+00:00"],
        ["2", 'a "b", c', "", "false", "[\n1,\r\n2]", "[]", "", "infinity"],
        ["3", "two\nlines", "\r", "", "", "", "", ""],
        ["4", "=1+1", " ", "true", '"x"', "[null,4]", "", ""],
        ["5", "größer", ",", "true", "1", "", "", ""]]


def test_quotes_stand_only_where_they_must(service):
    lines = ask(service, "/media/rows", "text/csv").body.split(b"\r\n")
    assert lines[0] == b'n,"te""xt","other, one",flag,doc,ints,bytes,at'
    assert lines[1] == b'1,plain,,true,"{""a"": 1}","[1,2]",AP8=,2026-11-22T10:00:00+00:00'
    assert lines[2].startswith(b'2,"a ""b"", c","",false,')


def test_null_and_empty_text_differ(service):
    assert ask(service, "/media/single", "text/csv").body == b'text\r\na\r\n\r\n""\r\nb\r\n'


def test_rows_as_lines(service):
    response = ask(service, "/media/rows", "application/x-ndjson")
    assert response.header("content-type") == "application/x-ndjson"
    assert response.header("meantime-truncated") == "max-rows=5"
    assert response.body.endswith(b"}\n") and b"\r" not in response.body
    assert [json.loads(line) for line in response.body.decode().splitlines()] == service.get("/media/rows").json


def test_one_row(service):
    assert ask(service, "/media/rows/2", "application/x-ndjson").body == b'{"n":2,"text":"xx"}\n'
    assert ask(service, "/media/rows/2", "text/csv").body == b"n,text\r\n2,xx\r\n"
    assert ask(service, "/media/rows/1", "text/csv").body == b"n,text\r\n1,\r\n"
    assert_problem(ask(service, "/media/rows/4", "text/csv"), 404)


def test_no_rows(service):
    assert ask(service, "/media/none", "text/csv").body == b"one,two\r\n"
    lines = ask(service, "/media/none", "application/x-ndjson")
    assert (lines.status, lines.body, lines.header("content-length")) == (200, b"", "0")


@pytest.mark.parametrize("accept, expected", [
    ("*/*", "application/json"), ("application/*", "application/json"), ("text/*", CSV),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
    ("application/json, text/plain, */*", "application/json"),
    ("text/csv;q=0.9, application/json", "application/json"), ("text/csv, application/json;q=0.9", CSV),
    ("text/csv, */*", CSV), ("TEXT/CSV;header=present", CSV), ("application/json;q=0, */*", "application/x-ndjson"),
    ("application/x-ndjson, application/json", "application/x-ndjson")])
def test_what_a_client_likes_best(service, accept, expected):
    assert ask(service, "/media/none", accept).header("content-type") == expected


@pytest.mark.parametrize("accept", ["text/html", "application/xml, image/*", "*/*;q=0", "application/json;q=0",
                                    "application/problem+json"])
def test_what_no_client_takes_is_not_made(service, accept):
    problem = assert_problem(ask(service, "/media/rows", accept), 406, "application/x-ndjson")
    assert problem["type"] == "urn:meantime:problem:not-acceptable"


def test_several_lines_are_one_list(service):
    with service.connect() as connection:
        connection.send(b"GET /media/none HTTP/1.1\r\nHost: test\r\nAccept: text/html\r\nAccept: text/csv;q=0.1\r\n"
                        b"X-Other: 1\r\nAccept: image/png\r\n\r\n")
        assert connection.read_response().header("content-type") == CSV


def test_nothing_is_written_for_a_client_that_takes_no_answer(service):
    body = b'{"name":"not acceptable"}'
    headers = {"Content-Type": "application/json"}
    assert_problem(service.request("POST", "/media/written", body, {**headers, "Accept": "text/html"}), 406)
    assert service.get("/items?like=not%20acceptable").json == []


def test_an_answer_without_a_body_needs_no_media_type(service):
    assert service.request("POST", "/media/done", None, {"Accept": "text/html"}).status == 204


def test_head_says_what_get_would(service):
    for accept in ("text/csv", "application/x-ndjson", "text/html"):
        got = ask(service, "/media/rows", accept)
        head = service.request("HEAD", "/media/rows", None, {"Accept": accept})
        assert head.status == got.status and head.body == b""
        for name in ("content-type", "content-length", "meantime-truncated"):
            assert head.header(name) == got.header(name)
        assert head.varies_by("accept")


def test_caches_hear_of_it(service):
    for accept in ("text/csv", "text/html", "*/*"):
        assert ask(service, "/media/rows", accept).varies_by("accept")


@pytest.mark.parametrize("count", [0, 1, 100, 20000])
def test_a_stream_as_csv(service, count):
    response = ask(service, f"/media/stream/{count}", "text/csv")
    assert response.is_chunked == (count >= 100)
    rows = rows_of(response)
    assert rows[0] == ["n", "text", "doc"] and len(rows) == count + 1
    assert all(row == [str(n), 'a\n"b"', '{"x":\n1}'] for n, row in enumerate(rows[1:], 1))


def test_a_stream_as_lines(service):
    response = ask(service, "/media/stream/300", "application/x-ndjson")
    assert [json.loads(line)["n"] for line in response.body.splitlines()] == list(range(1, 301))


def test_a_stream_that_no_client_takes(service):
    assert_problem(ask(service, "/media/stream/3", "text/html"), 406, "text/csv")


def test_a_stream_as_csv_that_fails_is_seen(service):
    assert_problem(ask(service, "/stream-failing/1", "text/csv"), 400, sqlstate="22012")
    with service.connect() as connection:
        connection.send(encode_request("GET", "/stream-failing/200000", None, {"Accept": "text/csv"}))
        assert connection.read_response_head().status == 200
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            for _ in connection.read_chunks():
                pass
