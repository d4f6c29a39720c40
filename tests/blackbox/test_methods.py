"""404, 405, HEAD and OPTIONS."""

import re
import time

import pytest

from lib.service import assert_problem, wait_until


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
    response = service.request("PUT", "/products/1", {})
    assert_problem(response, 405, "/products/1")
    assert allowed(response) == {"GET", "HEAD", "DELETE", "OPTIONS"}


def test_a_literal_path_hides_a_parameter_only_for_the_methods_it_has(service):
    assert service.get("/products/new").json == {"what": "the form"}
    assert service.request("DELETE", "/products/new").json == {"deleted": "new"}
    assert service.request("DELETE", "/products/n%65w").json == {"deleted": "new"}
    assert service.request("POST", "/products/open", {}).json == {"what": "opened"}
    assert service.get("/products/open").json == {"id": "open"}
    assert service.request("HEAD", "/products/open").status == 200
    # the value is checked as any other: "calls" is no number
    assert_problem(service.get("/items/calls"), 400, "id", "calls")


def test_allow_names_the_methods_of_every_path_that_matches(service):
    everything = {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}
    response = service.request("PATCH", "/products/open", {})
    assert_problem(response, 405, "/products/open")
    assert allowed(response) == everything
    assert allowed(service.request("OPTIONS", "/products/open")) == everything
    assert allowed(service.request("PATCH", "/products/new", {})) == everything - {"POST"}
    # a GET that PostgreSQL refuses to run as a reader: what is left is what the other path has
    response = service.get("/products/written")
    assert_problem(response, 405, sqlstate="25006")
    assert allowed(response) == {"DELETE", "OPTIONS"}


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
    response = service.request("HEAD", "/precedence/a")
    assert response.status == 405 and allowed(response) == {"POST", "OPTIONS"}


def test_refused_methods_are_logged(serve):
    service = serve()
    service.request("POST", "/types?secret=1", {})
    assert service.log_contains("info    http: 405: POST /types: the path takes GET, HEAD, OPTIONS")
    service.raw(b"BREW" + b"X" * 36 + b" /items/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert service.log_contains("405: BREW" + "X" * 16 + " /items/1: the path takes GET, HEAD, PUT, PATCH, DELETE, OPTIONS")
    service.get("/products/written")
    assert service.log_contains("product_written fails: cannot execute INSERT in a read-only transaction")
    service.request("DELETE", "/path/" + "x" * 1000)
    assert service.log_contains("405: DELETE /path/" + "x" * 194 + "...: the path takes")
    service.request("OPTIONS", "/types")
    service.get("/nowhere")
    assert "405: GET" not in service.log()
    assert "secret" not in service.log() and "OPTIONS /types" not in service.log() and "/nowhere" not in service.log()


def test_a_flood_of_refused_methods_does_not_fill_the_log(serve):
    """Each is a line of its own, or counted in another."""
    service, sent = serve(), 300
    with service.connect() as connection:
        for _ in range(sent):
            assert connection.request("PATCH", "/types", {}).status == 405

    def counted():
        nonlocal sent
        time.sleep(0.3)
        assert service.request("PATCH", "/types", {}).status == 405
        sent += 1
        log = service.log()
        lines = log.count("405: PATCH /types")
        assert lines < sent
        return lines + sum(map(int, re.findall(r"405: (\d+) more, one by one not logged", log))) == sent

    assert wait_until(counted, 30)
