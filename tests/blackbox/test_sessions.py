"""What a session is set to: the same for check, start and serving, and never looser than the operator has made it."""

import os
import shutil
import socket
import subprocess
import urllib.parse

import pytest

from lib.old_server import OlderServer
from lib.postgres import Postgres
from lib.service import assert_problem, clean_environment, program, run, wait_until

pytestmark = pytest.mark.direct(because="it is about the sessions of the service's own connections")

GONE_WITHIN_S = 30

SETTINGS = """(SELECT json_object_agg(name, current_setting(name, true)) FROM unnest(ARRAY['statement_timeout',
	'idle_in_transaction_session_timeout', 'client_connection_check_interval', 'lock_timeout', 'DateStyle',
	'IntervalStyle', 'bytea_output', 'extra_float_digits', 'default_transaction' || '_read_only', 'transaction' || '_read_only',
	'client_min_messages', 'tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count',
	'tcp_user_timeout']) AS name) AS settings"""

ENDPOINTS = f"""
-- name: read_settings :one
-- route: GET /settings
SELECT {SETTINGS};

-- name: read_timed_settings :one
-- route: GET /settings/timed
-- timeout: 4s
SELECT {SETTINGS};

-- name: write_settings :one
-- route: POST /settings
SELECT {SETTINGS};

-- name: write_timed_settings :one
-- route: POST /settings/timed
-- timeout: 4s
SELECT {SETTINGS};

-- name: stream_settings :many
-- route: GET /settings/stream
-- stream
SELECT {SETTINGS} FROM generate_series(1, 2);

-- name: put :one
-- route: POST /things
INSERT INTO thing (name) VALUES (:name) RETURNING name;

-- name: wait :one
-- route: GET /wait/{{seconds}}
-- timeout: 20s
SELECT pg_sleep(:seconds::float8)::text AS slept;

-- name: listen :one
-- route: GET /listen
SELECT listen()::text AS done;

-- name: chatter :one
-- route: POST /chatter/{{level}}/{{count}}
-- timeout: 60s
SELECT chatter(:level, :count::integer) AS said;
"""

SCHEMA = """
CREATE TABLE thing (name text PRIMARY KEY);
CREATE FUNCTION listen() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'LISTEN news'; END $$;
CREATE FUNCTION chatter(level text, count integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO thing VALUES (level || clock_timestamp());
	FOR i IN 1 .. count LOOP
		CASE level
			WHEN 'notice' THEN RAISE NOTICE 'number % of those that are not read', i;
			WHEN 'warning' THEN RAISE WARNING 'number % of those that are not read', i;
			ELSE RAISE INFO 'number % of those that are not read', i;
		END CASE;
	END LOOP;
	RETURN count;
END $$;
GRANT ALL ON thing TO PUBLIC;
"""

SET = {"DateStyle": "ISO, DMY", "IntervalStyle": "iso_8601", "bytea_output": "hex", "extra_float_digits": "1",
       "statement_timeout": "25s", "idle_in_transaction_session_timeout": "31s", "client_min_messages": "error",
       "client_connection_check_interval": "2s", "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5",
       "tcp_keepalives_count": "3", "tcp_user_timeout": "15000", "lock_timeout": "0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    """A PostgreSQL that is reached by TCP."""
    cluster = Postgres(listen_addresses="127.0.0.1", port=str(free_port()))
    cluster.execute("CREATE DATABASE sessions")
    cluster.execute(SCHEMA + "ALTER DATABASE sessions SET DateStyle = 'German, DMY';", "sessions")
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sessions")
    (folder / "sessions.sql").write_text(ENDPOINTS)
    return folder


def url(cluster, role="postgres", **options):
    query = "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in options.items())
    return f"postgresql://{role}@127.0.0.1:{cluster.settings['port']}/sessions?{query}"


@pytest.fixture
def start(serve, cluster, endpoints):
    def start(*options, role="postgres", **in_url):
        return serve("--request-timeout-ms", 5000, *options, endpoints=endpoints, url=url(cluster, role, **in_url))

    return start


@pytest.fixture
def role(cluster):
    """Makes a role with settings of its own."""
    made = []

    def make(**settings):
        made.append(f"role_{len(made)}_{os.getpid()}")
        cluster.execute(f"CREATE ROLE {made[-1]} LOGIN;" + "".join(
            f"ALTER ROLE {made[-1]} SET {name} = '{value}';" for name, value in settings.items()), "sessions")
        return made[-1]

    yield make
    for each in made:
        cluster.execute(f"DROP ROLE {each}", "sessions")


def settings_of(service):
    """Of each kind of session, with and without a time of the statement's own."""
    found = {}
    for method, path in (("GET", "/settings"), ("GET", "/settings/timed"), ("POST", "/settings"),
                         ("POST", "/settings/timed"), ("GET", "/settings/stream")):
        response = service.request(method, path)
        assert response.status == 200, (path, response)
        rows = response.json if isinstance(response.json, list) else [response.json]
        for row in rows:
            found.setdefault(f"{method} {path}", row["settings"])
            assert row["settings"] == found[f"{method} {path}"]
    return found


def in_ms(shown):
    for unit, factor in (("ms", 1), ("min", 60000), ("s", 1000), ("h", 3600000)):
        if shown.endswith(unit):
            return int(shown[:-len(unit)]) * factor
    return int(shown)


def assert_set(settings, name, value, where):
    if name == "statement_timeout":  # what is left of the deadline
        assert 0 < in_ms(settings[name]) <= in_ms(value), where
    else:
        assert settings[name] == value, (where, name)


def test_every_session_is_set_alike(start):
    for where, settings in settings_of(start()).items():
        is_read = where.startswith("GET")
        assert settings["default_transaction_read_only"] == ("on" if is_read else "off"), where
        assert settings["transaction_read_only"] == ("on" if is_read else "off"), where
        for name, value in SET.items():
            if name == "statement_timeout" and "timed" in where:
                assert 0 < in_ms(settings[name]) <= 4000, where
            else:
                assert_set(settings, name, value, where)


STRICT = {"statement_timeout": "1500ms", "idle_in_transaction_session_timeout": "1min", "lock_timeout": "700ms",
          "client_connection_check_interval": "500ms", "tcp_keepalives_idle": "2", "tcp_keepalives_interval": "1",
          "tcp_keepalives_count": "2", "tcp_user_timeout": "3000"}


@pytest.mark.parametrize("where", ["role", "database", "url"])
def test_what_the_operator_restricts_is_never_loosened(start, role, cluster, where):
    """What is stricter counts, of the service's settings and the operator's, one by one."""
    try:
        if where == "role":
            service = start(role=role(**STRICT))
        elif where == "database":
            cluster.execute("".join(f"ALTER DATABASE sessions SET {name} = '{value}';" for name, value in STRICT.items()))
            service = start()
        else:
            service = start(options=" ".join(f"-c {name}={value}" for name, value in STRICT.items()))
        expected = {**SET, **STRICT, "idle_in_transaction_session_timeout": "31s"}
        for kind, settings in settings_of(service).items():
            for name, value in expected.items():
                if name == "statement_timeout" and "timed" in kind:
                    assert in_ms(settings[name]) <= 1500, kind
                else:
                    assert settings[name] == value, (kind, name)
        assert_problem(service.get("/wait/3"), 504, "statement_timeout")
        assert service.log_contains("canceling statement due to statement timeout"), service.log()
    finally:
        cluster.execute("".join(f"ALTER DATABASE sessions RESET {name};" for name in STRICT))


def test_what_is_looser_than_ours_is_tightened(start, role):
    loose = role(statement_timeout="1h", idle_in_transaction_session_timeout="2h", client_connection_check_interval="1min",
                 tcp_keepalives_idle="600", tcp_keepalives_interval="60", tcp_keepalives_count="9",
                 tcp_user_timeout="90000", client_min_messages="debug1")
    for kind, settings in settings_of(start(role=loose)).items():
        for name, value in SET.items():
            if name != "statement_timeout" or "timed" not in kind:
                assert_set(settings, name, value, kind)


@pytest.mark.parametrize("where", ["role", "url"])
def test_a_role_that_may_only_read_only_reads(start, role, cluster, where):
    if where == "role":
        service = start(role=role(default_transaction_read_only="on"))
    else:
        service = start(options="-c default_transaction_read_only=on")
    assert service.get("/settings").status == 200
    for name in ("one", "two"):
        assert_problem(service.request("POST", "/things", {"name": name}), 405, "read-only", sqlstate="25006")
    assert cluster.value("SELECT count(*) FROM thing WHERE name IN ('one', 'two')", "sessions") == "0"


# Servers that lack some of the settings


@pytest.fixture(params=[("client_connection_check_interval",),
                        ("client_connection_check_interval", "tcp_user_timeout", "tcp_keepalives_idle",
                         "tcp_keepalives_interval", "tcp_keepalives_count")], ids=["13", "no TCP settings"])
def older(request, cluster):
    server = OlderServer(int(cluster.settings["port"]), *request.param)
    yield server
    server.close()


def test_a_server_without_optional_settings_serves(serve, older, endpoints):
    there = f"postgresql://postgres@127.0.0.1:{older.address[1]}/sessions"
    done = run("check", "--database", there, "--endpoints", endpoints)
    assert done.returncode == 0, done.stderr
    assert older.unknown > 0, "check does not set its session up"
    service = serve(endpoints=endpoints, url=there)
    for method, path in (("GET", "/settings"), ("POST", "/settings"), ("GET", "/settings/stream")):
        response = service.request(method, path)
        assert response.status == 200, response
    assert service.get("/settings").json["settings"]["IntervalStyle"] == "iso_8601"


def test_check_says_what_serving_would_meet(cluster, endpoints):
    """A session that cannot be set up stops check and start, where every request would be a 503."""
    cluster.execute("CREATE SCHEMA IF NOT EXISTS broken; CREATE OR REPLACE FUNCTION broken.set_config(text, text, bool)"
                    " RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;"
                    " GRANT USAGE ON SCHEMA broken TO PUBLIC", "sessions")
    there = url(cluster, options="-c search_path=broken,pg_catalog,public")
    done = run("check", "--database", there, "--endpoints", endpoints)
    assert done.returncode == 1 and "not here" in done.stderr, done.stderr


# Notices and notifications


@pytest.mark.parametrize("level", ["notice", "warning", "info"])
def test_notices_are_no_result(start, cluster, level):
    """Many times max_result_bytes of them; INFO travels whatever a session is set to."""
    service = start("--max-result-bytes", "100000")
    response = service.request("POST", f"/chatter/{level}/60000", timeout_s=120)
    assert response.status == 200 and response.json == {"said": 60000}, response
    assert "cut off" not in service.log()


def test_notifications_are_dropped(start, cluster, is_slow):
    service = start()
    assert service.get("/listen").status == 200
    cluster.execute("SELECT pg_notify('news', 'first')", "sessions")
    assert wait_until(lambda: service.get("/settings").status == 200 and "LISTEN" in service.log()), service.log()
    before = service.memory_bytes()
    for _ in range(10):
        cluster.execute("SELECT pg_notify('news', repeat('x', 7000) || n) FROM generate_series(1, 600) n", "sessions")
        assert service.get("/settings").status == 200
    # AddressSanitizer keeps what was freed for a while
    assert is_slow or service.memory_bytes() - before < 16 << 20, "42 MB of notifications are kept"
    assert service.log().count("LISTEN") == 1


# A partition


@pytest.fixture
def split():
    """A network namespace and the way there: enter(), cut()."""
    name = f"mt{os.getpid()}"
    third = os.getpid() % 250

    def ip(*words, check=True):
        return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30, check=check)

    if os.geteuid() != 0 or shutil.which("ip") is None or ip("netns", "add", name, check=False).returncode != 0:
        pytest.skip("no network namespace can be made here")

    class Split:
        here, there = f"10.213.{third}.1", f"10.213.{third}.2"
        prefix = ["ip", "netns", "exec", name]

        @staticmethod
        def cut():
            ip("-n", name, "link", "set", "far", "down")

    try:
        if ip("link", "add", name, "type", "veth", "peer", "name", "far", "netns", name, check=False).returncode != 0:
            pytest.skip("no veth pair can be made here")
        ip("addr", "add", f"{Split.here}/30", "dev", name)
        ip("link", "set", name, "up")
        for words in (["addr", "add", f"{Split.there}/30", "dev", "far"], ["link", "set", "far", "up"],
                      ["link", "set", "lo", "up"]):
            ip("-n", name, *words)
        yield Split
    finally:
        ip("link", "del", name, check=False)
        ip("netns", "del", name, check=False)


def ask_in_namespace(split, address, path):
    """A request whose client does not wait for it."""
    return subprocess.Popen([*split.prefix, "curl", "-s", "-o", "/dev/null", "-m", "60", f"http://{address}{path}"])


def test_a_partition_leaves_no_session_behind(split, mode, endpoints):
    """Idle ones, one in the middle of a statement, one of an open stream."""
    cluster = Postgres(listen_addresses=split.here, port="5432")
    process = None
    asked = []
    try:
        with open(cluster.folder / "data/pg_hba.conf", "a") as rules:
            rules.write(f"host all all {split.there}/32 trust\n")
        cluster.execute("SELECT pg_reload_conf(); CREATE DATABASE sessions")
        cluster.execute(SCHEMA, "sessions")
        process = subprocess.Popen(
            [*split.prefix, program(), "serve", "--mode", mode, "--listen", "127.0.0.1:0", "--endpoints", str(endpoints),
             "--database", f"postgresql://postgres@{split.here}/sessions"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=clean_environment())
        address = process.stdout.readline().split("http://")[1].split()[0]
        for path in ("/settings", "/settings/stream"):
            subprocess.run([*split.prefix, "curl", "-sf", "-o", "/dev/null", f"http://{address}{path}"], check=True,
                           timeout=60)
        asked.append(ask_in_namespace(split, address, "/wait/19"))
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'sessions'"
        assert wait_until(lambda: int(cluster.value(count + " AND state = 'active' AND query LIKE '%pg_sleep%'")) == 1)
        assert int(cluster.value(count)) >= 1
        split.cut()
        process.kill()
        process.wait(30)
        assert wait_until(lambda: cluster.value(count) == "0", GONE_WITHIN_S * 2), "orphans are left"
    finally:
        for each in [*asked, *([process] if process else [])]:
            each.kill()
            each.wait(30)
        cluster.destroy()
