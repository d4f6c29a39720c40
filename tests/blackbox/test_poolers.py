"""Behind PgBouncer: nothing of the service's is left in a session that may be another client's."""

import subprocess
import threading

import pytest

from conftest import HERE, TEST_ENDPOINTS
from lib.pooler import PgBouncer
from lib.postgres import SEPARATOR, Postgres, binaries
from lib.service import run, wait_until

pytestmark = pytest.mark.direct(because="it brings poolers of its own")

# what another program's session looks like: each setting that the service sets, and who it is
LOOK = """SELECT name || '=' || current_setting(name) FROM unnest(ARRAY['default_transaction_read_only',
	'transaction_read_only', 'statement_timeout', 'idle_in_transaction_session_timeout', 'DateStyle', 'IntervalStyle',
	'bytea_output', 'extra_float_digits', 'client_min_messages', 'client_encoding', 'search_path', 'role', 'TimeZone',
	'client_connection_check_interval', 'lock_timeout', 'plan_cache_mode', 'application_name', 'tcp_user_timeout']) AS name
	UNION ALL SELECT 'user=' || current_user UNION ALL SELECT 'statement=' || name FROM pg_prepared_statements
	UNION ALL SELECT 'cursor=' || name FROM pg_cursors WHERE name <> '' UNION ALL SELECT 'channel=' || c FROM pg_listening_channels() c
	UNION ALL SELECT 'lock=' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1"""


@pytest.fixture(scope="module")
def cluster():
    cluster = Postgres()
    cluster.create_database("blackbox", HERE / "schema.sql")
    yield cluster
    cluster.destroy()


@pytest.fixture
def pool(cluster):
    """Makes a pooler in front of the cluster, with few sessions: each client meets what another has left."""
    made = []

    def make(pool_mode, size=3, **settings):
        made.append(PgBouncer(cluster, pool_mode, default_pool_size=str(size), **settings))
        return made[-1]

    yield make
    for each in made:
        each.destroy()


class OtherClient:
    """Another program of the same pool."""

    def __init__(self, url):
        self.url = url

    def look(self):
        done = subprocess.run([binaries() / "psql", "-XqAt", "-F", SEPARATOR, "-c", LOOK, self.url], capture_output=True,
                              text=True, timeout=60, cwd="/tmp", env={"PGAPPNAME": "other", "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def look_at_all(self, count=3):
        """At as many sessions of the pool as there are: each is held while the next is taken."""
        script = "BEGIN;\n" + LOOK + ";\n\\echo seen\n"
        clients, seen = [], []
        for _ in range(count):
            client = subprocess.Popen([binaries() / "psql", "-XqAt", self.url], stdin=subprocess.PIPE, text=True,
                                      stdout=subprocess.PIPE, cwd="/tmp", env={"PGAPPNAME": "other", "LC_ALL": "C.UTF-8"})
            clients.append(client)
            client.stdin.write(script)
            client.stdin.flush()
            seen.append(list(iter(lambda: client.stdout.readline().rstrip("\n"), "seen")))
        for client in clients:
            client.communicate("COMMIT;\n", timeout=60)
        return seen


def ask_everything(service):
    """Reads, writes, errors, a stream, statements with a time of their own, one that is refused."""
    for method, path, body, status in (
            ("GET", "/numbers/1", None, 200), ("POST", "/echo", {"int4": 1}, 200), ("GET", "/slow/20", None, 200),
            ("GET", "/fail/22012", None, 400), ("POST", "/fail/P0001", {}, 400), ("GET", "/stream/5000", None, 200),
            ("GET", "/slow-limited/1", None, 200), ("GET", "/numbers/abc", None, 400)):
        response = service.request(method, path, body)
        assert response.status == status, (path, response)


def test_another_client_s_session_is_its_own(pool, cluster, serve):
    """Before, during and after the service's life, and when it is killed in the middle of a stream and a write."""
    pooler = pool("transaction")
    url = pooler.url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    assert "default_transaction_read_only=off" in before and "DateStyle=German, DMY" in before, before
    service = serve("--db-pooler", "transaction", url=url)
    for _ in range(5):
        ask_everything(service)
        assert other.look() == before
    for seen in other.look_at_all():
        assert [line for line in seen] == before
    with service.connect() as reader:
        reader.send(b"GET /stream/1000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        asked = threading.Thread(target=lambda: pytest.raises(Exception, service.get, "/slow/3000"))
        asked.start()
        assert wait_until(lambda: cluster.value(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' "
            "AND pid <> pg_backend_pid()") != "0")
        service.kill()
        asked.join(60)
    service._stderr.close()
    assert wait_until(lambda: all(seen == before for seen in other.look_at_all())), other.look_at_all()


def test_checking_leaves_nothing(pool, cluster):
    pooler = pool("transaction", size=1)
    url = pooler.url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    for kind in ("transaction", "none", "session"):
        for command in ("check", "routes", "openapi"):
            done = run(command, "--database", url, "--endpoints", TEST_ENDPOINTS, "--db-pooler", kind)
            assert done.returncode == (0 if kind == "transaction" else 1), done
            assert other.look() == before, (kind, command)


@pytest.mark.parametrize("pool_mode", ["transaction", "statement"])
@pytest.mark.parametrize("kind", ["none", "session"])
@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("round_robin", ["0", "1"])
def test_a_pooler_that_shares_sessions_is_refused(pool, cluster, pool_mode, kind, size, round_robin):
    pooler = pool(pool_mode, size=size, server_round_robin=round_robin)
    url = pooler.url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    if size > 1:
        other.look_at_all(size) if pool_mode == "transaction" else None  # so many sessions are open, and idle
    for command in ("check", "serve"):
        done = run(command, "--database", url, "--endpoints", TEST_ENDPOINTS, "--db-pooler", kind)
        assert done.returncode == 1 and "--db-pooler transaction" in done.stderr, done.stderr
        assert other.look() == before


def test_a_pooler_that_gives_a_session_to_each_client_is_none(pool, cluster, serve):
    url = pool("session", size=30).url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    for kind in ("none", "session"):
        assert run("check", "--database", url, "--endpoints", TEST_ENDPOINTS, "--db-pooler", kind).returncode == 0
        service = serve("--db-pooler", kind, url=url)
        ask_everything(service)
        assert other.look() == before
        assert ("--db-pooler session is meant" in service.log()) == (kind == "none")
        service.stop()
        assert other.look() == before


def test_without_a_pooler_each_kind_serves(cluster, serve):
    for kind in ("none", "session", "transaction"):
        service = serve("--db-pooler", kind, url=cluster.url("blackbox"))
        ask_everything(service)
        service.stop()


def test_a_stricter_limit_counts_behind_a_pooler(pool, cluster, serve):
    cluster.execute("DROP ROLE IF EXISTS hasty; CREATE ROLE hasty LOGIN SUPERUSER; ALTER ROLE hasty SET statement_timeout = '3s'")
    url = pool("transaction").url(cluster.url("blackbox")).replace("postgres@", "hasty@")
    service = serve("--db-pooler", "transaction", url=url)
    assert service.get("/slow/20").status == 200
    response = service.get("/slow/30000")
    assert response.status == 504, response
    assert response.json.get("sqlstate") in (None, "57014"), response
