"""The admin port: /livez, /readyz, /metrics."""

import contextlib
import re
import select
import time

import pytest

from lib import http_client
from lib.http_client import encode_request
from lib.service import run, wait_until

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
    answer = admin(service, "/livez")
    assert answer.status == 200 and answer.header("x-content-type-options") == "nosniff"
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


def test_ready_again_after_a_large_result(serve, faulty_postgres, tmp_path):
    (tmp_path / "large.sql").write_text("-- name: large :one\n-- route: POST /large\n"
                                        "SELECT repeat('x', 4000000) AS large\n")
    (tmp_path / "one.sql").write_text("-- name: one :one\n-- route: GET /one\nSELECT 1 AS one\n")
    service = serve("--admin", "127.0.0.1:0", "--threads", 2, endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    for _ in range(8):
        answer = service.request("POST", "/large")
        assert answer.status in (200, 201) and len(answer.body) > 4_000_000
    faulty_postgres.stop()

    def is_known_to_be_down():
        service.get("/one")
        service.request("POST", "/large")
        return admin(service, "/readyz").status == 503

    assert wait_until(is_known_to_be_down, 20)
    faulty_postgres.start()
    assert wait_until(lambda: admin(service, "/readyz").status == 200, 20), "a probe makes it ready, without requests"


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


@contextlib.contextmanager
def every_loop_busy(service, loops=1):
    """In sync mode none of the loops turns until these are answered: the kernel spreads connections over the loops."""
    connections = [service.connect() for _ in range(8 * loops)]
    for connection in connections:
        connection.send(encode_request("GET", f"/slow/{4000 // len(connections)}"))
    time.sleep(0.2)
    yield connections
    for connection in connections:
        assert connection.read_response().status == 200
        connection.close()


def is_answered(connection):
    return bool(select.select([connection.socket], [], [], 0)[0])


@pytest.mark.parametrize("loops", [1, 2])
def test_the_admin_port_answers_while_the_loops_wait(serve, loops):
    service = serve("--admin", "127.0.0.1:0", "--loops", loops, "--request-timeout-ms", 60000)
    assert wait_until(lambda: admin(service, "/readyz").status == 200)
    with every_loop_busy(service, loops) as connections:
        for _ in range(3):
            assert admin(service, "/livez").status == 200
            assert admin(service, "/readyz").status == 200
            assert metrics(service)["meantime_requests_in_flight"] >= loops
        assert not all(is_answered(connection) for connection in connections), "came when the loops were free again"


def test_health_does_not_wait_for_the_loops_either(serve):
    """It gives up after a second."""
    service = serve("--admin", "127.0.0.1:0", "--request-timeout-ms", 60000)
    assert wait_until(lambda: admin(service, "/readyz").status == 200)
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/4000"))
        time.sleep(0.2)
        done = run("health", "--admin", "%s:%d" % service.admin_address)
        assert done.returncode == 0, done.stderr
        assert not is_answered(connection)
        assert connection.read_response().status == 200


def test_the_drain_is_seen_to_its_end(serve):
    service = serve("--admin", "127.0.0.1:0", "--request-timeout-ms", 60000)
    assert wait_until(lambda: admin(service, "/readyz").status == 200)
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/3000"))
        time.sleep(0.2)
        service.terminate()
        assert wait_until(lambda: admin(service, "/readyz").status == 503)
        assert admin(service, "/livez").status == 200
        assert not is_answered(connection)
        assert connection.read_response().status == 200
    assert service.wait_for_exit() == 0


def test_clients_of_the_admin_port_do_not_hold_up_the_end(serve):
    service = serve("--admin", "127.0.0.1:0", "--read-timeout-ms", 60000)
    idle, asking = (http_client.Connection(service.admin_address) for _ in range(2))
    assert idle.request("GET", "/livez").status == 200
    asking.send(b"GET /metrics HTTP/1.1\r\nHo")
    assert admin(service, "/livez").status == 200  # both have been read
    service.terminate()
    assert service.wait_for_exit(20) == 0
    idle.close()
    asking.close()


def test_a_full_admin_port_gets_free_again(serve):
    service = serve("--admin", "127.0.0.1:0", "--read-timeout-ms", 1000)
    guests = [http_client.Connection(service.admin_address) for _ in range(80)]
    assert admin(service, "/livez").status == 200  # when the first of them have been idle for too long
    assert service.get("/numbers/1").json == {"n": 1}
    for guest in guests:
        guest.close()


def test_a_loop_that_never_comes_back_is_not_alive(serve, mode, stuck_poll, tmp_path, is_slow):
    if mode != "sync":
        pytest.skip("the fault stands in the waiting of sync mode's loop")
    if is_slow:
        pytest.skip("a sanitizer has to be loaded first")
    stuck = tmp_path / "stuck"
    service = serve("--admin", "127.0.0.1:0", "--request-timeout-ms", 100,
                    environment={"LD_PRELOAD": str(stuck_poll), "STUCK_POLL": str(stuck)})
    assert service.get("/numbers/1").json == {"n": 1}
    stuck.touch()
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/50"))
        assert wait_until(lambda: admin(service, "/livez").status == 503, 60)
        assert service.log_contains("1 of 1 loops stand still")
        stuck.unlink()
        assert wait_until(lambda: admin(service, "/livez").status == 200, 60)
        assert service.log_contains("0 of 1 loops stand still")
        connection.read_response()


def test_a_loop_that_waits_within_its_deadline_is_alive(serve, mode, is_slow):
    """For longer than a loop may stand still where requests have five seconds."""
    if mode != "sync" or is_slow:
        pytest.skip("18 seconds, for the one mode whose loop waits")
    service = serve("--admin", "127.0.0.1:0", "--request-timeout-ms", 5000)
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow-allowed/18000"))
        while not is_answered(connection):
            assert admin(service, "/livez").status == 200
            time.sleep(0.2)
        assert connection.read_response().status == 200


def test_metrics_tell_how_long_turns_are(serve, mode):
    """In sync mode the loop itself waits for PostgreSQL, and its turn is as long; in the other modes it goes on."""
    service = serve("--admin", "127.0.0.1:0")

    def turns():
        """How many turns of the loop were longer than 134 ms, of how many, and how long all of them were."""
        text = admin(service, "/metrics").body.decode()

        def value(what):
            return float(re.search(rf"^meantime_loop_turn_seconds_{re.escape(what)} (\S+)$", text, re.M)[1])

        count = value('count{loop="0"}')
        assert value('bucket{loop="0",le="+Inf"}') == count
        return count - value('bucket{loop="0",le="0.134218"}'), count, value('sum{loop="0"}')

    before_s = turns()[2]
    took_s = time.monotonic()
    for _ in range(5):
        assert service.get("/slow/200").status == 200
    took_s = time.monotonic() - took_s
    # the last turn is over when the next one begins
    if mode == "sync":
        assert wait_until(lambda: turns()[0] >= 5)
        assert turns()[2] >= 5 * 0.2
    else:
        assert wait_until(lambda: turns()[1] >= 5)
        assert turns()[2] - before_s < took_s
