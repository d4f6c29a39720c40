"""What a stranger tries at the limits, the proxies and the origins."""
import signal

import pytest

from lib.service import wait_until
from lib.tokens import SECRET, bearer, token

ENDPOINTS = """
-- name: service :one
-- route: GET /service
-- public
-- rate: 1/hour
SELECT 1 AS one;

-- name: where_from :one
-- route: GET /address
-- public
-- param: a = address
SELECT :a::text AS a;

-- name: by_key :one
-- route: GET /by-key
-- rate: 1/hour by key
SELECT 1 AS one;
"""

@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rates.sql").write_text(ENDPOINTS)
    (tmp_path / "secret").write_text(SECRET)
    return tmp_path

@pytest.fixture
def started(serve, folder):
    return lambda *o: serve("--jwt-keys", folder / "secret", *o, endpoints=folder)

def test_quota_named_service(started):
    s = started("--rate", "100/second")
    assert s.get("/service").status == 200
    assert s.get("/address").status == 200

@pytest.mark.parametrize("fields", [
    [("X-Forwarded-For", '", 9.9.9.9')],
    [("Forwarded", 'for=", for=9.9.9.9')],
    [("Forwarded", 'for=", for="[2001:db8::9]"')],
])
def test_spoof(started, fields):
    s = started("--trusted-proxies", "127.0.0.0/8")
    assert s.get("/address", fields).json["a"] in ("9.9.9.9", "2001:db8::9")


def test_fields_that_disagree(started):
    s = started("--trusted-proxies", "127.0.0.0/8")
    both = lambda a, b: s.get("/address", [("Forwarded", f"for={a}"), ("X-Forwarded-For", b)]).json["a"]
    assert both("6.6.6.6", "9.9.9.9") == "127.0.0.1"
    assert both("9.9.9.9", "9.9.9.9") == "9.9.9.9"


def test_one_network_of_ipv6(started):
    s = started("--trusted-proxies", "127.0.0.0/8")
    ask = lambda a: s.get("/service", [("X-Forwarded-For", a)]).status
    assert [ask(a) for a in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")] == [200, 429, 200]

def test_star_without_origin(started):
    s = started("--cors-origins", "*")
    assert s.get("/address").header("access-control-allow-origin") == "*"

def test_rate_raised_by_reload(started, folder):
    s = started()
    assert [s.get("/service").status for _ in range(2)] == [200, 429]
    (folder / "rates.sql").write_text(ENDPOINTS.replace("rate: 1/hour\n", "rate: 1000/second\n"))
    s.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: s.get("/service").status == 200, 20)
