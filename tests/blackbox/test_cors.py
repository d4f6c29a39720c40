"""Pages of other origins: which of them a browser lets call the service."""

import pytest

from lib import http_client
from lib.service import run
from lib.tokens import SECRET

ENDPOINTS = """
-- name: own :one
-- route: GET /own
-- public
-- header: x-total = column total
-- header: cache-control = column cache
SELECT 1 AS n, 17 AS total, 'no-store' AS cache;

-- name: read :one
-- route: GET /read
-- public
-- param: tenant = header X-Tenant
-- param: trace = header X-Trace
SELECT :tenant::text AS tenant, :trace::text AS trace;

-- name: write :one
-- route: POST /read
SELECT 1 AS one;
"""
PAGE, OTHER = "https://app.example", "https://evil.example"
FIELDS = ("access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers",
          "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age")


@pytest.fixture
def started(serve, tmp_path):
    (tmp_path / "cors.sql").write_text(ENDPOINTS)
    secret = tmp_path / "secret"
    secret.write_text(SECRET)

    def start(*options):
        return serve("--jwt-keys", secret, "--admin", "127.0.0.1:0", *options, endpoints=tmp_path)

    return start


def fields(response):
    return {name: response.header(name) for name in FIELDS if response.header(name) is not None}


def preflight(service, origin, path="/read", method="GET"):
    return service.request("OPTIONS", path, None, [("Origin", origin), ("Access-Control-Request-Method", method)])


def test_an_origin_that_is_named(started):
    service = started("--cors-origins", f"https://first.example, {PAGE}")
    answer = service.get("/read", [("Origin", PAGE)])
    assert answer.status == 200 and answer.varies_by("origin")
    assert fields(answer) == {
        "access-control-allow-origin": PAGE, "access-control-allow-credentials": "true",
        "access-control-expose-headers": "etag, meantime-missing, meantime-truncated, ratelimit, ratelimit-policy, retry-after, server-timing, www-authenticate"}
    # what goes wrong is read by the page, too
    for path, method, status in (("/nowhere", "GET", 404), ("/read", "POST", 401), ("/read", "PUT", 405)):
        refused = service.request(method, path, None, [("Origin", PAGE)])
        assert refused.status == status and refused.header("access-control-allow-origin") == PAGE


def test_headers_from_columns_are_exposed(started):
    """A page reads what its endpoint says; what browsers show by themselves needs no word."""
    service = started("--cors-origins", PAGE)
    exposed = service.get("/own", [("Origin", PAGE)]).header("access-control-expose-headers")
    assert exposed.endswith(", www-authenticate, x-total") and "cache-control" not in exposed


def test_a_preflight(started):
    service = started("--cors-origins", PAGE)
    answer = preflight(service, PAGE)
    assert answer.status == 204 and answer.varies_by("origin")
    assert answer.header("access-control-allow-origin") == PAGE
    assert answer.header("access-control-allow-methods") == "GET, HEAD, POST, OPTIONS"
    assert answer.header("access-control-allow-headers") == "authorization, content-type, x-api-key, x-tenant, x-trace"
    assert answer.header("access-control-max-age") == "600"
    write = preflight(service, PAGE, method="POST")
    assert write.header("access-control-allow-headers") == "authorization, content-type, x-api-key"
    assert preflight(service, PAGE, "/nowhere").status == 404
    # an OPTIONS that asks for no method is none
    assert "access-control-allow-methods" not in fields(service.request("OPTIONS", "/read", None, [("Origin", PAGE)]))


@pytest.mark.parametrize("origin", [OTHER, "null", PAGE + ".evil.example", PAGE + ":8443", "HTTPS://app.example", "http://app.example"])
def test_other_origins_get_nothing(started, origin):
    service = started("--cors-origins", PAGE)
    for answer in (service.get("/read", [("Origin", origin)]), preflight(service, origin), service.get("/read")):
        assert answer.status in (200, 204)
        assert fields(answer) == {} and answer.varies_by("origin")


def test_any_origin(started):
    service = started("--cors-origins", "*")
    answer = service.get("/read", [("Origin", OTHER)])
    assert answer.header("access-control-allow-origin") == "*" and not answer.varies_by("origin")
    assert answer.header("access-control-allow-credentials") is None
    assert service.get("/read").header("access-control-allow-origin") == "*", "a cache may keep it for another origin"
    assert preflight(service, OTHER).header("access-control-allow-methods") == "GET, HEAD, POST, OPTIONS"


def test_what_is_refused_by_its_head_is_read_by_the_page(started):
    service = started("--cors-origins", PAGE)
    with service.connect() as connection:
        connection.send(b"POST /read HTTP/1.1\r\nHost: a\r\nX-A: b\r\nOrigin: https://app.example\r\nContent-Length: 10\r\n\r\n")
        answer = connection.read_response("POST")
    assert answer.status == 401 and answer.header("access-control-allow-origin") == PAGE


def test_without_the_option_nothing_is_said(started):
    service = started()
    for answer in (service.get("/read", [("Origin", PAGE)]), preflight(service, PAGE)):
        assert fields(answer) == {} and not answer.varies_by("origin")


def test_the_admin_listener_says_nothing(started):
    service = started("--cors-origins", PAGE)
    answer = http_client.request(service.admin_address, "GET", "/livez", None, [("Origin", PAGE)])
    assert fields(answer) == {} and not answer.varies_by("origin")


@pytest.mark.parametrize("value, words", [
    ("app.example", '"app.example" is no origin; expected * or some such as https://app.example'),
    ("https://app.example/", "without a path"),
    ("https://App.example", "in lower case"),
    ("https://", "is no origin"),
    ("*, https://a.example", '"*" is no origin'),
    (",".join(f"https://a{number}.example" for number in range(65)), "there are more than 64 origins"),
])
def test_origins_that_are_none(database, started, tmp_path, value, words):
    done = run("check", "--database", database, "--endpoints", tmp_path, "--cors-origins", value)
    assert done.returncode == 1 and "cors_origins: " in done.stderr and words in done.stderr, done.stderr
