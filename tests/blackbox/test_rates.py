"""How often, and how many at once, an endpoint may be called."""

import re
import signal
import threading

import pytest

from lib.service import assert_problem, run, wait_until
from lib.tokens import SECRET, bearer, token

ENDPOINTS = """
-- name: often :one
-- route: GET /often
-- public
SELECT 1 AS one;

-- name: seldom :one
-- route: GET /seldom
-- public
-- rate: 3/hour
SELECT 1 AS one;

-- name: by_key :one
-- route: GET /by-key
-- public
-- rate: 2/hour by key
SELECT 1 AS one;

-- name: by_claim :one
-- route: GET /by-claim
-- rate: 2/hour by claim tenant
SELECT 1 AS one;

-- name: service :one
-- route: GET /service
-- public
-- rate: 1/hour
SELECT 1 AS one;

-- name: where_from :one
-- route: GET /address
-- public
-- param: address = address
SELECT :address::text AS address;

-- name: few :one
-- route: GET /few
-- public
-- max-inflight: 2
SELECT 1 AS one FROM pg_sleep(0.5);

-- name: guarded :one
-- route: GET /guarded
-- roles: postgres
-- max-inflight: 2
SELECT 1 AS one;

-- name: guarded_by_rate :one
-- route: GET /guarded-by-rate
-- public
-- rate: 1/hour
-- max-inflight: 2
SELECT 1 AS one;
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rates.sql").write_text(ENDPOINTS)
    (tmp_path / "secret").write_text(SECRET)
    return tmp_path


@pytest.fixture
def started(serve, folder):
    def start(*options):
        return serve("--jwt-keys", folder / "secret", *options, endpoints=folder)

    return start


def identity(**claims):
    return bearer(token(role="postgres", **claims))


def assert_limited(answer, detail):
    assert answer.status == 429 and answer.json["type"] == "urn:meantime:problem:rate-limited"
    assert re.fullmatch(detail, answer.json["detail"]), answer.json
    assert int(answer.header("retry-after")) >= 1


def test_a_rate_by_address(started):
    service = started()
    for left in (2, 1, 0):
        answer = service.get("/seldom")
        assert answer.status == 200
        assert answer.header("ratelimit-policy") == '"seldom";q=3;w=3600'
        assert re.fullmatch(rf'"seldom";r={left};t=\d+', answer.header("ratelimit"))
    refused = service.get("/seldom")
    assert_limited(refused, r"more than 3 requests an hour from one address; try again in \d+ s")
    assert refused.header("ratelimit").startswith('"seldom";r=0;')
    # another address, and another endpoint
    with service.connect(source="127.0.0.9") as connection:
        assert connection.request("GET", "/seldom").status == 200
    answer = service.get("/often")
    assert answer.status == 200 and answer.header("ratelimit") is None


def test_a_rate_by_key(started):
    service = started()
    for name in ("zoe", "max"):
        assert [service.get("/by-key", identity(sub=name)).status for _ in range(3)] == [200, 200, 429]
    assert_limited(service.get("/by-key", identity(sub="zoe")), r"more than 2 requests an hour from one identity; .*")
    # without an identity the address counts
    assert [service.get("/by-key").status for _ in range(3)] == [200, 200, 429]


def test_a_rate_by_claim(started):
    service = started()
    assert [service.get("/by-claim", identity(tenant="a", sub=str(i))).status for i in range(3)] == [200, 200, 429]
    assert service.get("/by-claim", identity(tenant="b")).status == 200
    assert [service.get("/by-claim", identity(sub=str(i))).status for i in range(3)] == [200, 200, 429]
    # what may not call it at all is not counted, and a refused token is no request of an identity
    for _ in range(5):
        assert service.get("/by-claim").status == 401


def test_a_rate_for_all(started):
    service = started("--rate", "3/hour")
    assert [service.get("/often").status for _ in range(2)] == [200, 200]
    assert service.get("/few").header("ratelimit").startswith('"all-endpoints";r=0;')
    assert_limited(service.get("/often"), r"more than 3 requests an hour from one address; .*")
    assert service.get("/seldom").status == 200, "it has a rate of its own"
    assert service.get("/openapi.json").status == 200


def test_the_client_behind_a_proxy_that_is_trusted(started):
    service = started("--trusted-proxies", "127.0.0.0/8")

    def ask(address, source="127.0.0.1"):
        with service.connect(source=source) as connection:
            return connection.request("GET", "/seldom", None, [("X-Forwarded-For", address)]).status

    assert [ask("9.9.9.9") for _ in range(4)] == [200, 200, 200, 429]
    # what the client itself has sent comes before what the proxy adds
    assert ask("1.1.1.1, 9.9.9.9") == 429
    assert ask("8.8.8.8", "127.0.0.2") == 200


def test_a_proxy_that_is_not_trusted_tells_nothing(started):
    service = started("--trusted-proxies", "10.0.0.0/8")
    assert [service.get("/seldom", [("X-Forwarded-For", f"9.9.9.{i}")]).status for i in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("name, value, address", [
    ("X-Forwarded-For", '", 9.9.9.9', "9.9.9.9"),
    ("Forwarded", 'for=", for=9.9.9.9', "9.9.9.9"),
    ("Forwarded", 'for=", for="[2001:db8::9]"', "2001:db8::9"),
])
def test_a_quotation_mark_of_the_client_hides_nothing(started, name, value, address):
    service = started("--trusted-proxies", "127.0.0.0/8")
    assert service.get("/address", [(name, value)]).json["address"] == address


def test_fields_that_disagree(started):
    """A proxy writes one of them, and hands on what its client has put into the other."""
    service = started("--trusted-proxies", "127.0.0.0/8")

    def ask(forwarded, x_forwarded_for, path="/address"):
        return service.get(path, [("Forwarded", forwarded), ("X-Forwarded-For", x_forwarded_for)])

    assert ask("for=9.9.9.9", "9.9.9.9").json["address"] == "9.9.9.9"
    # the client cannot choose to be the proxy, nor have a quota of its own for it
    for forwarded in ("for=6.6.6.6", "", "x", "for=127.0.0.1"):
        for path in ("/address", "/seldom"):
            assert_problem(ask(forwarded, "9.9.9.9", path), 400, "Forwarded and X-Forwarded-For name different clients")
    assert ask("for=6.6.6.6", "9.9.9.9", "/openapi.json").status == 200, "no endpoint that needs an address"


def test_one_network_of_ipv6_is_one_client(started):
    service = started("--trusted-proxies", "127.0.0.0/8")
    statuses = [service.get("/service", [("X-Forwarded-For", address)]).status
                for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")]
    assert statuses == [200, 429, 200]


def test_an_endpoint_s_name_takes_no_other_s_quota(started):
    service = started("--rate", "100/second")
    assert service.get("/service").status == 200
    assert service.get("/often").status == 200


def test_a_rate_that_a_reload_raises(started, folder):
    service = started()
    assert [service.get("/service").status for _ in range(2)] == [200, 429]
    (folder / "rates.sql").write_text(ENDPOINTS.replace("rate: 1/hour\n", "rate: 1000/second\n"))
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: service.get("/service").status == 200, 20)


def test_so_many_at_once(started):
    service = started("--threads", 8)
    if service.mode == "sync":
        pytest.skip("in sync mode one request is under way at a time")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(service.get("/few"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status for answer in answers)
    assert statuses.count(200) >= 2 and statuses.count(503) >= 1 and set(statuses) == {200, 503}
    refused = next(answer for answer in answers if answer.status == 503)
    assert refused.json["detail"] == "2 requests to few are under way, which is all that it takes at once"
    assert service.get("/few").status == 200, "the places are given back"


def flood(service, path, source):
    """Requests on two connections whose answers are not read, until none of them takes any more."""
    connections = [service.connect(source=source, receive_buffer_bytes=4096) for _ in range(2)]
    requests = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 100
    for connection in connections:
        connection.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                connection.send(requests)
    return connections


def test_what_is_refused_takes_no_place(started):
    """However slowly its client reads: the places are for requests that may be answered."""
    service = started()
    connections = flood(service, "/guarded", "127.0.0.2")
    for _ in range(3):
        assert service.get("/guarded", identity(sub="zoe")).status == 200
    connections += flood(service, "/guarded-by-rate", "127.0.0.3")
    assert service.get("/guarded-by-rate").status == 200
    for connection in connections:
        connection.reset()


def test_a_client_that_leaves_gives_its_place_back(started):
    service = started("--threads", 8)
    if service.mode == "sync":
        pytest.skip("in sync mode one request is under way at a time")
    for _ in range(4):
        connections = [service.connect() for _ in range(2)]
        for connection in connections:
            connection.send(b"GET /few HTTP/1.1\r\nHost: a\r\n\r\n")
            connection.reset()
    assert wait_until(lambda: service.get("/few").status == 200, 20)


@pytest.mark.parametrize("options, words", [
    (["--rate", "many"], 'rate: "many" is no rate; expected N/second, N/minute or N/hour'),
    (["--rate", "5/second by claim a..b"], "is no rate"),
    (["--trusted-proxies", "10.0.0.0/33"], 'trusted_proxies: "10.0.0.0/33" is no network; expected an address'),
    (["--trusted-proxies", "10.1.2.3/8"], 'trusted_proxies: "10.1.2.3/8" is no network; expected an address'),
])
def test_rates_that_are_none(database, folder, options, words):
    done = run("check", "--database", database, "--endpoints", folder, "--jwt-keys", folder / "secret", *options)
    assert done.returncode == 1 and words in done.stderr, done.stderr


def test_a_rate_by_key_needs_keys(database, folder):
    (folder / "rates.sql").write_text("-- name: a :one\n-- route: GET /a\nSELECT 1 AS a;\n")
    done = run("check", "--database", database, "--endpoints", folder, "--rate", "5/second by key")
    assert done.returncode == 1 and "with keys configured" in done.stderr
