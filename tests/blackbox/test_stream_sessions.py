"""Sessions of streams: kept for the next stream, with nothing of the one before in them."""

import signal
import threading

import pytest

from lib.service import assert_problem, wait_until
from test_connection_limit import limited  # noqa: F401

pytestmark = pytest.mark.direct(because="it is about the sessions of the service's own connections")

SCHEMA = """
CREATE TABLE watched (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO watched VALUES (1, 'one'), (2, 'two');
CREATE FUNCTION leave(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CASE what
		WHEN 'search_path' THEN PERFORM set_config('search_path', 'nowhere', false);
		WHEN 'work_mem' THEN PERFORM set_config('work_mem', '77MB', false);
		WHEN 'zone' THEN PERFORM set_config('TimeZone', 'Asia/Tokyo', false);
		WHEN 'local' THEN PERFORM set_config('work_mem', '77MB', true);
		WHEN 'role' THEN EXECUTE 'SET ROLE pg_monitor';
		WHEN 'session_role' THEN EXECUTE 'SET SESSION AUTHORIZATION pg_monitor';
		WHEN 'lock' THEN PERFORM pg_advisory_lock(4711);
		WHEN 'shared_lock' THEN PERFORM pg_advisory_lock_shared(4711);
		WHEN 'listen' THEN EXECUTE 'LISTEN streams';
		WHEN 'prepare' THEN EXECUTE 'PREPARE mine AS SELECT 1';
		WHEN 'replace' THEN
			EXECUTE 'DEALLOCATE "watch"';
			EXECUTE 'PREPARE "watch" AS SELECT 1';
		WHEN 'deallocate' THEN EXECUTE 'DEALLOCATE ALL';
		WHEN 'cursor' THEN EXECUTE 'DECLARE mine CURSOR WITH HOLD FOR SELECT 1';
		ELSE NULL;
	END CASE;
	RETURN what;
END $$;
"""

STATE = """(SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN ('search_path', 'work_mem', 'TimeZone',
	'default_transaction' || '_read_only', 'idle_in_transaction_session_timeout'))::text || current_user || session_user
	|| (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
	|| (SELECT count(*) FROM pg_prepared_statements WHERE from_sql)
	|| (SELECT count(*) FROM pg_cursors WHERE name = 'mine') || (SELECT count(*) FROM pg_listening_channels())"""

ENDPOINTS = f"""
-- name: watch :many
-- route: GET /watch/{{n}}
-- stream
-- timeout: 20s
SELECT pg_backend_pid() AS pid, {{STATE}} AS state FROM generate_series(1, :n::int) n;

-- name: slept :many
-- route: GET /slept/{{ms}}
-- stream
SELECT pg_backend_pid() AS pid FROM pg_sleep(:ms::float8 / 1000);

-- name: leave :many
-- route: GET /leave/{{what}}
-- stream
SELECT leave(:what) AS what, pg_backend_pid() AS pid;

-- name: watched :many
-- route: GET /watched/{{id}}
-- stream
SELECT watched.*, pg_backend_pid() AS pid FROM watched WHERE id = :id;

-- name: divide :many
-- route: GET /divide/{{by}}
-- stream
SELECT 1 / :by::int AS n;

-- name: number :one
-- route: GET /number/{{n}}
SELECT :n::int AS n;
""".replace("{STATE}", STATE)


@pytest.fixture(scope="session")
def kept_url(postgres):
    url = postgres.url("kept")
    postgres.execute("CREATE DATABASE kept")
    postgres.execute(SCHEMA, "kept")
    return url


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "endpoints"
    path.mkdir()
    (path / "kept.sql").write_text(ENDPOINTS)
    return path


@pytest.fixture
def start(serve, kept_url, folder):
    return lambda *options, **more: serve(*options, **{"endpoints": folder, "url": kept_url, **more})


def pid_of(service, path="/watch/1"):
    response = service.get(path)
    assert response.status == 200, (response.body, service.log())
    return response.json[0]["pid"]


def sessions(postgres, service, pid):
    return int(postgres.value(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{service.application}' "
                              f"AND pid = {pid}"))


def test_one_after_another_they_have_one_session(start):
    service = start()
    pids = {pid_of(service, path) for _ in range(20) for path in ("/watch/1", "/watch/150", "/slept/0")}
    assert len(pids) == 1


@pytest.mark.parametrize("clients", [2, 4])
def test_never_more_sessions_than_streams_at_once(start, clients):
    service = start("--max-streams", 10)
    pids = set()

    def ask():
        with service.connect() as connection:
            for number in range(12):
                response = connection.request("GET", f"/slept/{number % 3}")
                assert response.status == 200, response
                pids.add(response.json[0]["pid"])

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(pids) <= clients


def test_an_idle_one_is_closed(start, postgres):
    service = start()
    pid = pid_of(service)
    assert sessions(postgres, service, pid) == 1
    assert wait_until(lambda: sessions(postgres, service, pid) == 0, 60)
    assert pid_of(service) != pid


def test_one_that_was_ended_costs_no_request(start, postgres):
    service = start()
    for _ in range(5):
        pid = pid_of(service)
        postgres.execute(f"SELECT pg_terminate_backend({pid})")
        assert pid_of(service) != pid
    # it may end while it is taken
    for _ in range(20):
        pid = pid_of(service)
        ending = threading.Thread(target=postgres.execute, args=(f"SELECT pg_terminate_backend({pid})",))
        ending.start()
        while ending.is_alive():
            assert service.get("/watched/1").status == 200, service.log()
        ending.join()


def test_a_departed_client_s_session_is_kept_or_closed(start, postgres):
    service = start("--max-streams", 1)
    for _ in range(4):
        with service.connect(receive_buffer_bytes=4096) as reader:
            reader.send(b"GET /watch/200000 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert reader.read_response_head().status == 200
            reader.reset()
        assert wait_until(lambda: service.get("/watch/1").status == 200, 30)
    assert wait_until(lambda: postgres.at_work(service) == 0, 30)


@pytest.mark.parametrize("what", ["nothing", "search_path", "work_mem", "zone", "local", "role", "session_role", "lock",
                                  "shared_lock", "listen", "prepare", "replace", "deallocate"])
def test_nothing_of_one_stream_is_seen_by_the_next(start, postgres, what):
    service = start()
    before = service.get("/watch/1").json[0]["state"]
    for _ in range(2):
        left = service.get(f"/leave/{what}")
        assert left.status == 200 and left.json[0]["what"] == what, (left.body, service.log())
        for count in (1, 300):
            response = service.get(f"/watch/{count}")
            assert response.status == 200, (response.body, service.log())
            assert {row["state"] for row in response.json} == {before}
    assert wait_until(lambda: postgres.value("SELECT pg_try_advisory_lock(4711)", "kept") == "t")
    if what not in ("prepare", "replace", "deallocate"):
        assert pid_of(service, "/leave/nothing") == left.json[0]["pid"], "it was not kept"


def test_a_lock_is_given_up_with_the_stream(start, postgres):
    """A reader's transaction holds up a migration only while it reads."""
    service = start()
    assert service.get("/watched/1").status == 200
    postgres.execute("BEGIN; SET LOCAL lock_timeout = '20s'; LOCK TABLE watched; COMMIT", "kept")


def test_what_fails_is_closed(start):
    service = start()
    pid = pid_of(service)
    assert_problem(service.get("/divide/0"), 400, sqlstate="22012")
    assert service.get("/divide/1").json == [{"n": 1}]
    assert pid_of(service) != pid


def test_a_reload(start, folder):
    service = start("--admin", "127.0.0.1:0")
    assert service.get("/watched/1").status == 200
    (folder / "kept.sql").write_text(ENDPOINTS.replace("1 / :by", "8 / :by"))
    for number in range(2):
        service.process.send_signal(signal.SIGHUP)
        assert wait_until(lambda: service.log().count("reloaded: ") > number), service.log()
        assert service.get("/divide/2").json == [{"n": 4}]
        assert service.get("/watched/1").json[0]["name"] == "one"
    assert len({pid_of(service) for _ in range(5)}) == 1


def test_a_migration(start, postgres):
    """Columns and parameters are those of now, also in a session that knew those of before."""
    service = start()

    def ask(id):
        return service.get(f"/watched/{id}")

    def columns(response):
        assert response.status == 200, (response.body, service.log())
        return [name for name in response.json[0] if name != "pid"]

    try:
        assert columns(ask(1)) == ["id", "name"]
        assert_problem(ask("x"), 400, "id")
        postgres.execute("ALTER TABLE watched ADD COLUMN added int DEFAULT 7", "kept")
        assert columns(ask(1)) == ["id", "name", "added"]
        postgres.execute("ALTER TABLE watched ALTER COLUMN id TYPE text", "kept")
        # what was checked for another type is not sent
        assert ask(1).status in (200, 503)
        assert columns(ask(1)) == ["id", "name", "added"]
        assert ask(1).json[0]["id"] == "1"
        assert ask("x").json == []
        postgres.execute("ALTER TABLE watched RENAME TO away", "kept")
        assert_problem(ask(1), 500)
        postgres.execute("ALTER TABLE away RENAME TO watched", "kept")
        assert columns(ask(1)) == ["id", "name", "added"]
    finally:
        postgres.execute("ALTER TABLE watched DROP COLUMN IF EXISTS added, ALTER COLUMN id TYPE int USING id::int", "kept")


def test_an_idle_one_makes_room(limited, serve, postgres):  # noqa: F811
    """The role may have three connections: two for requests, and one that was a stream's when the reload needs one."""
    service = serve("--admin", "127.0.0.1:0", "--threads", 1, "--db-connections", 2, url=limited(3))
    for number in range(3):
        assert service.request("POST", "/items", {"name": f"room-{service.mode}-{number}"}).status == 201
        assert service.get(f"/numbers/{number}1").status == 200
        assert service.get("/stream/5").status == 200, service.log()
        service.process.send_signal(signal.SIGHUP)
        assert wait_until(lambda: service.log().count("reloaded: ") > number), service.log()
    assert "refused" not in service.log(), service.log()


def test_the_drain_does_not_wait_for_them(start):
    service = start()
    pid_of(service)
    service.stop()
