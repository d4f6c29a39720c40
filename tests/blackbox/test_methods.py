"""404, 405, HEAD and OPTIONS."""

import pytest

from lib.service import assert_problem


def allowed(response):
    return {each.strip() for each in response.header("allow").split(",")}


def test_unknown_paths(service):
    for path in ("/nowhere", "/", "/item", "/items/1/2", "/Items", "/types%2Fnull"):
        assert_problem(service.get(path), 404)
    assert_problem(service.request("POST", "/nowhere", {"a": 1}), 404)


def test_a_method_that_the_path_does_not_have(service):
    response = service.request("POST", "/types", {})
    assert_problem(response, 405, "/types")
    assert allowed(response) == {"GET", "HEAD", "OPTIONS"}
    response = service.request("POST", "/items/1", {})
    assert_problem(response, 405)
    assert allowed(response) == {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
    response = service.get("/items/calls")
    assert response.status in (400, 405), "calls is no id; the path has only POST beside /items/{id}"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "BREW", "X" * 40])
def test_a_method_that_nobody_has(service, method):
    [response] = service.raw(f"{method} /types HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert response.status in (400, 405), response
    if response.status == 405:
        assert allowed(response) == {"GET", "HEAD", "OPTIONS"}


def test_options(service):
    response = service.request("OPTIONS", "/items/1")
    assert (response.status, response.body) == (204, b"")
    assert allowed(response) == {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert_problem(service.request("OPTIONS", "/nowhere"), 404)


HEAD_PATHS = ["/types", "/series-short/10", "/items/0", "/nowhere", "/echo/int4?value=x", "/none", "/divide?a=1&b=0",
              "/openapi.json"]


@pytest.mark.parametrize("path", HEAD_PATHS)
def test_head_is_get_without_the_body(service, path):
    got = service.get(path)
    with service.connect() as connection:
        head = connection.request("HEAD", path)
        assert head.status == got.status
        volatile = ("server-timing", "date")
        assert [each for each in head.headers if each[0] not in volatile] == [
            each for each in got.headers if each[0] not in volatile]
        # were there a body, it would be read as the next response
        assert connection.request("GET", "/types/void").body == b'{"nothing":null}'


def test_head_of_a_stream(service):
    with service.connect() as connection:
        assert connection.request("HEAD", "/stream/1000").status == 200
        assert connection.request("GET", "/types/void").body == b'{"nothing":null}'


def test_head_of_a_path_without_get(service):
    response = service.request("HEAD", "/items/accepted")
    assert response.status in (400, 405)
    response = service.request("HEAD", "/precedence/a")
    assert response.status == 405 and allowed(response) == {"POST", "OPTIONS"}
