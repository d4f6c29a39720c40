"""What of a row is no part of the body: its media type, its headers and its status."""

import urllib.parse

import pytest

from lib.service import assert_problem, run


def headers(service, **values):
    return service.get("/answers/headers?" + urllib.parse.urlencode(values))


def test_a_column_as_it_is(service):
    for size in (0, 1, 100000):
        response = service.get(f"/answers/image/{size}")
        assert response.status == 200 and response.header("content-type") == "image/png"
        assert response.body == b"\x89PNG\r\n\x1a\n\0\xff" * size
    page = service.get("/answers/page")
    assert page.header("content-type") == "text/html; charset=utf-8"
    assert page.body.decode() == '<h1>"größer"</h1>\n'
    assert service.get("/answers/empty").body == b"" and service.get("/answers/empty").status == 200


def test_head_of_a_column(service):
    response = service.request("HEAD", "/answers/image/3")
    assert (response.status, response.header("content-length"), response.body) == (200, "30", b"")


def test_no_row_and_null_are_not_found(service):
    assert_problem(service.get("/answers/image/1000000"), 404)
    assert_problem(service.get("/answers/image/9"), 404)


def test_its_type_must_be_accepted(service):
    assert service.get("/answers/page", {"Accept": "text/*;q=0.1"}).status == 200
    for accept in ("application/json", "text/csv", "text/html;q=0, */*"):
        assert_problem(service.get("/answers/page", {"Accept": accept}), 406, "text/html")
    # what a column will say is not known before
    assert service.get("/answers/typed?type=a/b", {"Accept": "image/png"}).status == 200


@pytest.mark.parametrize("value", ["text/csv", "text/plain; charset=utf-8", "application/vnd.x+json"])
def test_a_type_from_a_column(service, value):
    response = service.get(f"/answers/typed?type={urllib.parse.quote(value)}")
    assert response.header("content-type") == value and response.body == b"a,b"
    assert response.header("content-disposition") is None


@pytest.mark.parametrize("value", ["", "text", "text/", "/x", "text/x y", "text/html\r\nx: y", "text/ü", "text/x, a/b"])
def test_what_is_no_type_is_not_sent(service, value):
    response = service.get(f"/answers/typed?disposition=inline&type={urllib.parse.quote(value)}")
    assert_problem(response, 500, "media type")
    assert response.header("content-disposition") is None and response.header("x") is None
    assert service.log_contains("answer_typed cannot send its answer: the column media type is no media type", 10)


def test_headers_are_taken_out_of_the_body(service):
    response = headers(service, text="grün", cache="max-age=3")
    assert response.status == 200 and response.json == {"one": 1, "two": 2}
    assert response.header("x-text").encode("latin-1").decode() == "grün"
    assert response.header("cache-control") == "max-age=3"
    assert response.header("last-modified") == "2026-11-22T10:00:00+00:00"
    assert headers(service, text="x").header("cache-control") is None
    lines = service.get("/answers/headers?text=x", {"Accept": "text/csv"})
    assert lines.body == b"one,two\r\n1,2\r\n" and lines.header("x-text") == "x"
    assert service.get("/answers/headers?text=x", {"Accept": "application/x-ndjson"}).body == b'{"one":1,"two":2}\n'


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x=1", "a\nb", "a\rb", "\x01", "\x7f", "x" * 4097])
def test_no_value_splits_a_response(service, value):
    response = headers(service, cache="no-store", text=value)
    assert_problem(response, 500)
    for name in ("set-cookie", "x-text", "cache-control"):
        assert response.header(name) is None
    assert service.log_contains("answer_headers cannot send its answer: the column text", 10)


@pytest.mark.parametrize("value", [" a ", "", "\ta\tb", "x" * 4096])
def test_values_that_can_be_sent(service, value):
    assert headers(service, text=value).header("x-text") == value.strip(" \t")


@pytest.mark.parametrize("status", [200, 202, 226, 299, 300, 303, 308])
def test_a_status_from_a_column(service, status):
    response = headers(service, text="x", status=status)
    assert response.status == status and response.json == {"one": 1, "two": 2}
    assert response.header("content-type") == "application/json"


@pytest.mark.parametrize("status", [204, 205])
def test_a_status_without_a_body(service, status):
    response = headers(service, text="x", status=status)
    assert response.status == status and response.body == b"" and response.header("content-type") is None
    assert response.header("x-text") == "x"


@pytest.mark.parametrize("status", [-200, 0, 99, 100, 101, 199, 206, 304, 305, 306, 309, 400, 404, 500, 599, 1000])
def test_what_is_no_status_is_not_sent(service, status):
    assert_problem(headers(service, text="x", status=status), 500, "status")
    assert service.log_contains("the column status is no status", 10)


def test_a_write_says_that_it_was_written(service):
    good = service.request("POST", "/answers/items", {"name": "answered", "suffix": "/1"})
    assert good.status == 201 and good.header("location") == "answered/1" and good.json == {"name": "answered"}
    bad = service.request("POST", "/answers/items", {"name": "answered too", "suffix": "\n"})
    assert_problem(bad, 500, "it was written, but")
    assert bad.header("location") is None
    left = service.get("/items?like=answered%25").json
    assert len(left) == 2
    for item in left:
        service.request("DELETE", f"/items/{item['id']}")


def test_a_redirection_without_a_body(service):
    response = service.request("POST", "/answers/elsewhere")
    assert (response.status, response.reason, response.header("location")) == (303, "See Other", "/items")
    assert response.body == b"" and response.header("content-type") is None


@pytest.mark.parametrize("notes, said", [
    ("-- header: location = column here", "3: `-- header:` names the column here; the SQL returns a, b"),
    ("-- status: column here", "3: `-- status:` names the column here; the SQL returns a, b"),
    ("-- content-type: column here", "3: `-- content-type:` names the column here; the SQL returns a, b"),
    ("-- status: column b", "3: the column b of `-- status:` must be an integer; it is text"),
    ("-- content-type: image/png", "3: `-- content-type:` is for one column besides those of status and headers; "
                                   "the SQL returns a, b")])
def test_check_finds_columns_that_are_not_there(database, tmp_path, notes, said):
    (tmp_path / "wrong.sql").write_text(f"-- name: wrong :one\n-- route: GET /wrong\n{notes}\nSELECT 1 AS a, 'x' AS b;\n")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 1 and f"wrong.sql:{said}" in done.stdout + done.stderr
