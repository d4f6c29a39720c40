"""A folder of files, and a service that serves it beside two endpoints: the fixtures `site` and `serve_site`."""

import os
import re

import pytest

from lib import http_client
from lib.service import check_sound

PAST = 1_700_000_000
PAST_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
POLICY = "default-src 'self'; frame-ancestors 'none'"
LARGE_BYTES = 300_000
ENDPOINTS = """
-- name: one :one
-- route: GET /api/one
SELECT 1 AS one;

-- name: write :one
-- route: POST /written.txt
SELECT 2 AS two;
"""


def put(folder, name, content, seconds=PAST):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (seconds, seconds))
    return path


def pattern(count):
    return bytes(i * 7 & 255 for i in range(256)) * (count // 256) + bytes(i * 7 & 255 for i in range(count % 256))


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    put(folder, "index.html", "<!doctype html><title>Home</title>")
    put(folder, "app.js", "let one = 1;\n" * 50)
    put(folder, "a b/grüße.txt", "hello")
    put(folder, "sub/index.html", "<p>sub")
    put(folder, "bare/file.bin", b"\0\1\2")
    put(folder, "empty.css", "")
    put(folder, "large.bin", pattern(LARGE_BYTES))
    put(folder, "written.txt", "of the file")
    put(folder, ".env", "secret")
    put(folder, ".git/config", "secret")
    put(folder, ".well-known/security.txt", "Contact: mailto:a@b.example")
    put(tmp_path, "outside.txt", "secret")
    return folder


@pytest.fixture
def serve_site(serve, site, tmp_path):
    endpoints = tmp_path / "endpoints"
    endpoints.mkdir()
    (endpoints / "one.sql").write_text(ENDPOINTS)

    def start(*options):
        return serve("--files", site, "--admin", "127.0.0.1:0", *options, endpoints=endpoints)

    return start


def ask(service, path, method="GET", **headers):
    """A file, or a sound problem."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = http_client.request(service.address, method, path, headers=named)
    if response.status not in (200, 206, 304):
        check_sound(response, method)
        return response
    if response.header("vary") != "accept":  # of an endpoint
        assert response.header("content-security-policy") == POLICY
        assert response.header("x-content-type-options") == "nosniff"
        assert response.header("vary") == "accept-encoding"
        assert response.header("server") is None
        assert not response.is_chunked
        assert re.search(r"file;dur=\d", response.header("server-timing"))
    return response
