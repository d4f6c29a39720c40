"""A role that may have few connections: every mode works with those that it can get."""

import subprocess

import pytest

from conftest import TEST_ENDPOINTS
from lib.service import run, wait_until
from test_limits import at_once

LIMITS = [1, 2, 3, 5, 6, 10]


@pytest.fixture
def limited(postgres, database, mode):
    """A role of the test's own, and a way to bound its connections; returns the URL for it."""
    role = f"few_{mode}"

    def drop():
        if postgres.value(f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'") == "1":
            postgres.execute(f"DROP OWNED BY {role}", "blackbox")
            postgres.execute(f"DROP ROLE {role}")

    def bound(limit):
        drop()
        postgres.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT {limit}")
        postgres.execute(f"GRANT pg_read_all_data, pg_write_all_data TO {role}")
        postgres.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}", "blackbox")
        return url_of(database, role)

    yield bound
    wait_until(lambda: postgres.value(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}'") == "0", 30)
    drop()


def url_of(database, role):
    return database.replace("postgres@", f"{role}@")


def write(number, mode):
    return ("POST", "/items", {"name": f"few-{mode}-{number}"})


@pytest.mark.parametrize("limit", LIMITS)
def test_no_request_fails_without_load(limited, serve, mode, limit):
    service = serve("--admin", "127.0.0.1:0", url=limited(limit))
    for number in range(12):
        read = service.get(f"/numbers/{number}1")
        assert read.status == 200, (number, read.body, service.log())
        written = service.request(*write(f"{limit}-{number}", mode))
        assert written.status == 201, (number, written.body, service.log())
    for number in range(12):  # and the other way round, without turns
        assert service.get("/slow/1").status == 200
    for number in range(12):
        assert service.request(*write(f"{limit}-again-{number}", mode)).status == 201


@pytest.mark.parametrize("limit", LIMITS)
def test_at_the_same_time_they_share_what_there_is(limited, serve, mode, limit):
    service = serve(url=limited(limit))
    assert service.get("/numbers/1").status == 200
    assert service.request(*write(f"{limit}-first", mode)).status == 201
    for round_number in range(3):
        requests = []
        for number in range(8):
            requests += [("GET", "/slow/20"), write(f"{limit}-{round_number}-together-{number}", mode)]
        statuses = [answer.status for answer in at_once(service, requests)]
        assert set(statuses) == {200, 201}, (round_number, statuses, service.log())


def test_a_get_on_a_connection_that_may_write_writes_nothing(limited, serve, postgres):
    """With one connection for both kinds the transaction is what keeps a GET from writing."""
    service = serve(url=limited(1))
    assert service.request("POST", "/items", {"name": f"one-{service.mode}"}).status == 201
    for _ in range(3):
        assert service.get("/numbers/7").json == {"n": 7}
        refused = service.get("/products/written")
        assert refused.status == 405, refused.body


def test_it_is_said_at_the_start(limited, serve, mode):
    few = serve(url=limited(1))
    assert few.log_contains("1 may be had"), few.log()
    assert few.log_contains("wanted")
    plenty = serve()
    assert plenty.log_contains("may be had"), plenty.log()


def test_check_counts_all_services(limited, mode):
    """What each of them may open, and what PostgreSQL grants to all."""
    options = ("--database", limited(7), "--endpoints", TEST_ENDPOINTS, "--mode", mode, "--threads", 1, "--db-connections", 2,
               "--max-streams", 1)
    for services, words in ((2, "up to 6 connections to PostgreSQL are wanted by 2 services of 3, and 7 may be had\n"),
                            (3, "up to 9 connections to PostgreSQL are wanted by 3 services of 3, and 7 may be had: they "
                                "have to do\n"),
                            (8, "7 may be had: less than one for each of 8 loops\n")):
        done = run("check", "--services", services, *options)
        assert done.returncode == 0 and words in done.stderr, done.stderr


def test_connections_that_others_have_taken(limited, serve, postgres, mode):
    """max_connections, or the role's limit, is reached by others first; then they go."""
    url = limited(3)
    service = serve(url=url)
    assert service.get("/numbers/1").status == 200
    others = [subprocess.Popen(["psql", "-Xq", url, "-c", "SELECT pg_sleep(600)"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL) for _ in range(3)]
    try:
        for number in range(5):
            assert service.get(f"/numbers/{number}1").status == 200
            assert service.request(*write(f"others-{number}", mode)).status == 201
    finally:
        for other in others:
            other.kill()
            other.wait()

    def is_served():
        # a backend that sleeps does not see that its client has gone
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'few_{mode}' "
                         "AND application_name = 'psql'")
        return service.request(*write("after", mode)).status in (201, 409)

    assert wait_until(is_served, 30)


def test_the_start_needs_one_connection(limited):
    """PostgreSQL ends a session a moment after its connection: what is still going away is waited for."""
    url = limited(1)
    for _ in range(10):
        done = run("check", "--database", url, "--endpoints", TEST_ENDPOINTS)
        assert done.returncode == 0, done.stderr
