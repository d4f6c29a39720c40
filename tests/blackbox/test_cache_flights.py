"""Kept answers: one query for requests that are alike, and what is forgotten when."""

import re
import signal
import time

import pytest

from lib.cache import (ENDPOINTS, LOCKED, at_once, await_listener, cache_url, counted, folder, fresh_tag,  # noqa: F401
                       responses_of, start, status_of)
from lib.service import assert_problem, wait_until


# One query for requests that are alike


MANY = 500


def test_requests_that_are_alike_are_one_query(start, postgres, counted, mode):
    service, tag = start("--max-connections", "1000", "--queue-limit", "1000"), fresh_tag()
    with postgres.hold(LOCKED, "cached"):
        connections = at_once(service, MANY, f"/things?tag={tag}")
        assert wait_until(lambda: postgres.at_work(service, "counted") == 1)
    responses = responses_of(connections)
    assert {response.status for response in responses} == {200}
    assert len({response.body for response in responses}) == 1
    assert counted(tag) == 1
    assert sum("stored" in status_of(response) for response in responses) == 1
    if mode == "async":
        assert sum(status_of(response) == "meantime; fwd=miss; collapsed" for response in responses) > 0
        assert wait_until(lambda: service.metric('cache_requests_total{result="collapsed"}') > 0)
    assert wait_until(lambda: service.metric('cache_requests_total{result="miss"}') == 1)


def test_a_leader_that_leaves_strands_no_request(start, postgres, counted):
    service, tag = start(), fresh_tag()
    with postgres.hold(LOCKED, "cached"):
        [leader] = at_once(service, 1, f"/things?tag={tag}")
        assert wait_until(lambda: postgres.at_work(service, "counted") == 1)
        followers = at_once(service, 5, f"/things?tag={tag}")
        leader.reset()
    assert [response.status for response in responses_of(followers)] == [200] * 5
    assert 1 <= counted(tag) <= 2


def test_a_leader_that_fails_is_followed_by_the_next(start, postgres, counted, mode):
    if mode == "sync":
        pytest.skip("one loop asks at a time")
    service, tag = start(), fresh_tag()
    with postgres.hold(LOCKED, "cached"):
        [leader] = at_once(service, 1, f"/things?tag={tag}")
        assert wait_until(lambda: postgres.at_work(service, "counted") == 1)
        followers = at_once(service, 3, f"/things?tag={tag}")
        assert wait_until(lambda: is_in_flight(service, 4))
        postgres.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%counted%' AND "
                         f"application_name = '{service.application}' AND state <> 'idle'")
        assert_problem(leader.read_response(), 503)
        leader.close()
        assert wait_until(lambda: counted(tag) == 2)
    assert [response.status for response in responses_of(followers)] == [200] * 3
    assert counted(tag) == 2


def test_a_stale_answer_is_given_while_another_request_asks(start, postgres, counted, mode):
    if mode == "sync":
        pytest.skip("one loop asks at a time")
    service, tag = start(), fresh_tag()
    first = service.get(f"/stale?tag={tag}")
    with postgres.hold(LOCKED, "cached"):
        [asking] = at_once(service, 1, f"/stale?tag={tag}")
        assert wait_until(lambda: postgres.at_work(service, "counted") == 1)
        stale = service.get(f"/stale?tag={tag}")
        assert stale.body == first.body
        assert re.fullmatch(r"meantime; hit; ttl=-\d+", status_of(stale))
    assert "fwd=stale; stored" in status_of(asking.read_response())
    asking.close()


def is_in_flight(service, count):
    """One more is the question itself, where the loop that is asked counts it."""
    return service.metric("requests_in_flight") >= count


def test_each_request_has_its_own_deadline(start, postgres, counted, mode):
    if mode == "sync":
        pytest.skip("one loop asks at a time")
    service, tag = start("--request-timeout-ms", "1500"), fresh_tag()
    with postgres.hold(LOCKED, "cached"):
        connections = at_once(service, 3, f"/things?tag={tag}")
        responses = responses_of(connections)
        # one that leads in the place of another may hear that its time is too short for another try
        assert {504} <= {response.status for response in responses} <= {503, 504}
        for response in responses:
            assert_problem(response, response.status)
    assert service.get(f"/things?tag={tag}").status == 200


# NOTIFY


def test_a_notification_forgets_the_answers_of_its_endpoint(start, postgres, counted):
    service, tag = start(), fresh_tag()
    for path in ("/things/1", "/things", "/large"):
        service.get(f"{path}?tag={tag}")
    postgres.execute("NOTIFY meantime_cache, 'thing'", "cached")
    assert wait_until(lambda: "miss" in status_of(service.get(f"/things/1?tag={tag}")))
    assert "hit" in status_of(service.get(f"/things?tag={tag}"))
    postgres.execute("NOTIFY meantime_cache", "cached")
    assert wait_until(lambda: "miss" in status_of(service.get(f"/things?tag={tag}")))
    assert "miss" in status_of(service.get(f"/large?tag={tag}"))
    assert wait_until(lambda: service.metric("cache_notifications_total") >= 2)


def test_a_write_is_seen_when_its_trigger_notifies(start):
    service, tag = start(), fresh_tag()
    service.get(f"/things/2?tag={tag}")
    assert service.request("PUT", "/things/2", {"words": tag}).status == 204
    assert wait_until(lambda: service.get(f"/things/2?tag={tag}").json["words"] == tag)


def test_an_answer_from_before_a_notification_is_not_kept(start, postgres, counted, mode):
    """Its snapshot is older than the write, and it comes when the notification has come."""
    service, tag = start(), fresh_tag()
    with postgres.hold(LOCKED, "cached"):
        [early] = at_once(service, 1, f"/things/1?tag={tag}")
        assert wait_until(lambda: postgres.at_work(service, "counted") == 1)
        before = notifications(service) if mode != "sync" else 0
        postgres.execute("UPDATE thing SET words = 'newer' WHERE id = 1", "cached")
        if mode != "sync":
            assert wait_until(lambda: notifications(service) > before)
        else:
            time.sleep(0.5)
    response = early.read_response()
    early.close()
    assert response.json["words"] != "newer" and status_of(response) == "meantime; fwd=miss"
    assert service.get(f"/things/1?tag={tag}").json["words"] == "newer"
    postgres.execute("UPDATE thing SET words = 'one' WHERE id = 1", "cached")


def notifications(service):
    return service.metric("cache_notifications_total")


def terminate_listener(postgres, service):
    return int(postgres.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
                              f"'{service.application}' AND query LIKE 'LISTEN%'"))


@pytest.mark.direct("transaction", because="the pooler gives its sessions other names")
def test_what_was_kept_is_forgotten_when_the_listener_is_back(start, postgres, counted):
    service, tag = start(), fresh_tag()
    service.get(f"/things?tag={tag}")
    assert terminate_listener(postgres, service) == 1
    assert wait_until(lambda: "miss" in status_of(service.get(f"/things?tag={tag}")))
    assert wait_until(lambda: service.metric("cache_listening") == 1)
    assert service.log_contains("the connection that listens is lost")


def test_a_reload_forgets_all(start, counted):
    service, tag = start(), fresh_tag()
    service.get(f"/things?tag={tag}")
    service.process.send_signal(signal.SIGHUP)
    assert service.log_contains("reloaded: ")
    assert "miss" in status_of(service.get(f"/things?tag={tag}"))
    assert wait_until(lambda: service.metric("cache_answers") == 1)


def test_the_first_endpoint_that_keeps_answers_may_come_with_a_reload(serve, folder, cache_url, counted):
    (folder / "cached.sql").write_text("-- name: plain :one\n-- route: GET /plain\nSELECT 1 AS n;\n")
    service, tag = serve("--admin", "127.0.0.1:0", endpoints=folder, url=cache_url), fresh_tag()
    assert status_of(service.get("/plain")) is None
    (folder / "cached.sql").write_text(ENDPOINTS)
    service.process.send_signal(signal.SIGHUP)
    assert service.log_contains("reloaded: ")
    await_listener(service)
    service.get(f"/things?tag={tag}")
    assert "hit" in status_of(service.get(f"/things?tag={tag}"))


# Without PostgreSQL


def test_a_stale_answer_is_given_when_postgresql_is_gone(serve, faulty_postgres, folder):
    faulty_postgres.execute("DROP DATABASE IF EXISTS kept")
    faulty_postgres.execute("CREATE DATABASE kept")
    (folder / "cached.sql").write_text("-- name: kept :one\n-- route: GET /kept\n-- cache: 1ms stale 3600s\n"
                                       "-- param: n = 1\nSELECT 1 AS one, :n::int AS n;\n")
    service = serve("--admin", "127.0.0.1:0", "--connect-timeout-ms", "1000", endpoints=folder, url=faulty_postgres.url("kept"))
    await_listener(service)
    first = service.get("/kept")
    faulty_postgres.stop()
    assert wait_until(lambda: service.get("/kept?n=2").status == 503)
    stale = service.get("/kept")
    assert (stale.status, stale.body) == (200, first.body)
    assert re.fullmatch(r"meantime; hit; ttl=-\d+", status_of(stale))
