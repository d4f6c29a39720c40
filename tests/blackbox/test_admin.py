"""The admin port: /livez, /readyz, /metrics."""

import re

import pytest

from lib import http_client
from lib.service import wait_until

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*\})? (\S+)$')


def admin(service, path, method="GET"):
    return http_client.request(service.admin_address, method, path)


def metrics(service):
    response = admin(service, "/metrics")
    assert response.status == 200
    assert response.header("content-type").startswith("text/plain")
    samples = {}
    for line in response.body.decode().splitlines():
        if line and not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match, f"not in Prometheus' text format: {line!r}"
            samples[match[1] + (match[2] or "")] = float(match[3])
    return samples


def test_livez_and_readyz(service):
    assert admin(service, "/livez").status == 200
    assert wait_until(lambda: admin(service, "/readyz").status == 200, 10)


def test_every_metric_says_its_type(service):
    text = admin(service, "/metrics").body.decode()
    typed = dict(re.findall(r"^# TYPE (\S+) (counter|gauge|histogram|summary)$", text, re.M))
    helped = set(re.findall(r"^# HELP (\S+) \S", text, re.M))
    assert typed and set(typed) == helped
    for sample in metrics(service):
        name = sample.split("{")[0]
        assert name in typed or re.sub(r"_(bucket|sum|count)$", "", name) in typed, name


def test_requests_are_counted(service):
    def rise(act):
        before = metrics(service)
        act()
        after = metrics(service)
        return {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}

    def ten_good():
        for _ in range(10):
            assert service.get("/types/void").status == 200

    grown = rise(ten_good)
    assert any("type_void" in name and value == 10 for name, value in grown.items()), grown

    def seven_bad():
        for _ in range(7):
            assert service.get("/divide?a=1&b=0").status == 400

    grown = rise(seven_bad)
    assert any("divide" in name and "4" in name and value == 7 for name, value in grown.items()), grown


def test_the_admin_port_serves_nothing_else(service):
    assert admin(service, "/types").status == 404
    assert admin(service, "/livez", "POST").status == 405
    assert service.get("/metrics").status == 404
    assert service.get("/readyz").status == 404


def test_without_the_option_there_is_no_admin_port(serve):
    service = serve()
    assert service.get("/types/void").status == 200
    assert not any(line and "admin" in line for line in service.lines)


def test_readyz_follows_the_database(serve, faulty_postgres):
    service = serve("--admin", "127.0.0.1:0", url=faulty_postgres.url("blackbox"))
    assert wait_until(lambda: admin(service, "/readyz").status == 200, 10), "no request is needed to become ready"
    faulty_postgres.stop()

    def is_known_to_be_down():
        service.get("/numbers/1")
        return admin(service, "/readyz").status == 503

    assert wait_until(is_known_to_be_down, 20)
    assert admin(service, "/livez").status == 200
    faulty_postgres.start()

    def is_known_to_be_up():
        service.get("/numbers/1")
        return admin(service, "/readyz").status == 200

    assert wait_until(is_known_to_be_up, 20)


@pytest.mark.parametrize("data", [b"GET /livez HTTP/1.1\r\n\r\n",
                                  b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                                  b"Content-Length: 2\r\n\r\nxx"])
def test_the_framing_guard_stands_here_too(service, data):
    responses = http_client.exchange_raw(service.admin_address, data)
    assert [each.status for each in responses] == [400]


def test_a_full_house_can_still_be_asked(serve):
    service = serve("--max-connections", 2, "--admin", "127.0.0.1:0")
    guests = [service.connect() for _ in range(2)]
    for guest in guests:
        assert guest.request("GET", "/numbers/1").status == 200
    assert admin(service, "/livez").status == 200
