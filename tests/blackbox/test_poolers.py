"""Behind PgBouncer: nothing of the service's is left in a session that may be another client's."""

import subprocess
import threading
import urllib.parse

import pytest

from conftest import HERE, TEST_ENDPOINTS
from lib import http_client
from lib.pooler import PgBouncer
from lib.postgres import SEPARATOR, Postgres, binaries
from lib.service import run, wait_until

pytestmark = pytest.mark.direct(because="it brings poolers of its own")

# what another program's session looks like: each setting that the service sets, and its user
LOOK = """SELECT name || '=' || current_setting(name) FROM unnest(ARRAY['default_transaction_read_only',
	'transaction_read_only', 'statement_timeout', 'idle_in_transaction_session_timeout', 'DateStyle', 'IntervalStyle',
	'bytea_output', 'extra_float_digits', 'client_min_messages', 'client_encoding', 'search_path', 'role', 'TimeZone',
	'client_connection_check_interval', 'lock_timeout', 'plan_cache_mode', 'application_name', 'tcp_user_timeout']) AS name
	UNION ALL SELECT 'changed=' || name FROM pg_settings WHERE setting IS DISTINCT FROM reset_val AND context <> 'internal'
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
    assert run("check", "--database", url, "--endpoints", TEST_ENDPOINTS, "--db-pooler", "session").returncode == 0
    service = serve("--db-pooler", "session", url=url)
    ask_everything(service)
    assert other.look() == before
    service.stop()
    assert other.look() == before


@pytest.mark.parametrize("size", [1, 30])
def test_a_session_pooler_has_to_be_named(pool, cluster, size):
    """What is sent ahead by a connection that is cut off there would be answered to another client."""
    url = pool("session", size=size).url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    for command in ("check", "serve"):
        done = run(command, "--database", url, "--endpoints", TEST_ENDPOINTS, "--db-pooler", "none")
        assert done.returncode == 1 and "serve with --db-pooler session, or connect past the pooler" in done.stderr, done
        assert other.look() == before


@pytest.mark.parametrize("pool_mode", ["session", "transaction"])
def test_a_pooler_that_comes_while_it_runs(pool, cluster, serve, tmp_path, pool_mode):
    """The address leads to a pooler from one moment to the next: no connection is made there."""
    port = cluster.settings["port"]
    (tmp_path / "here").symlink_to(cluster.folder)
    url = cluster.url("blackbox").replace(urllib.parse.quote(str(cluster.folder), safe=""),
                                          urllib.parse.quote(str(tmp_path / "here"), safe=""))
    assert str(cluster.folder) not in urllib.parse.unquote(url)
    service = serve(url=url)
    assert service.get("/numbers/1").status == 200
    pooler = pool(pool_mode, listen_port=port)
    (tmp_path / "next").symlink_to(pooler.folder)
    (tmp_path / "next").rename(tmp_path / "here")
    cluster.terminate_clients("blackbox")
    assert wait_until(lambda: service.get("/numbers/1").status == 503)
    assert service.log_contains("a pooler stands in front of PostgreSQL now; restart with --db-pooler")
    (tmp_path / "next").symlink_to(cluster.folder)
    (tmp_path / "next").rename(tmp_path / "here")
    assert wait_until(lambda: service.get("/numbers/1").status == 200)


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


KEEP = """-- name: put :one
-- route: POST /kept
-- status: 201
INSERT INTO kept VALUES (:n) RETURNING *;

-- name: put_slowly :one
-- route: POST /slowly
INSERT INTO kept SELECT :n FROM pg_sleep(0.3) RETURNING *;

-- name: kept :one
-- route: GET /kept/{n}
SELECT :n::integer AS n;

-- name: rows :many
-- route: GET /rows
-- stream
SELECT generate_series(1, 200000) AS n;
"""


@pytest.fixture
def keep(cluster, serve, tmp_path):
    """Starts a service over a table `kept`."""
    def start(url, *options):
        cluster.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept (n integer)", "blackbox")
        (tmp_path / "kept.sql").write_text(KEEP)
        return serve("--db-pooler", "transaction", *options, endpoints=tmp_path, url=url)
    return start


class Writers:
    """Each writes its own numbers, one by one, until it is told to stop."""

    def __init__(self, service, count=3, path="/kept"):
        self.service, self.path, self.is_over = service, path, threading.Event()
        self.written = []  # (number, answer)
        self.threads = [threading.Thread(target=self._write, args=(number * 1000000,)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def _write(self, n):
        while not self.is_over.is_set():
            n += 1
            try:
                answer = self.service.request("POST", self.path, {"n": n})
            except (OSError, http_client.ConnectionEnded):
                answer = None
            self.written.append((n, answer))

    def has(self, count, status=201):
        return sum(1 for _, each in self.written if each is not None and each.status == status) >= count

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
        return dict(self.written)


def assert_as_answered(cluster, answers):
    """What was answered well is there once, and what is said not to be there is not."""
    rows = cluster.value("SELECT coalesce(string_agg(n::text, ' '), '') FROM kept", "blackbox").split()
    for n, answer in answers.items():
        if answer is None or "not known" in answer.body.decode():
            assert rows.count(str(n)) <= 1, answer
        else:
            assert rows.count(str(n)) == (1 if answer.status in (200, 201) else 0), (n, answer)


def assert_nobody_is_in_a_transaction(cluster):
    assert wait_until(lambda: cluster.value("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'") == "0")


@pytest.mark.parametrize("size", [1, 3])
def test_it_is_killed_in_the_middle_of_writes(pool, cluster, keep, size):
    """With a stream open: whatever it was at, no session keeps anything of it, and no transaction is left open."""
    url = pool("transaction", size=size).url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    for _ in range(4):
        service = keep(url)
        writers = Writers(service)
        assert wait_until(lambda: writers.has(10))
        if size > 1:
            reader = service.connect()
            reader.send(b"GET /rows HTTP/1.1\r\nHost: a\r\n\r\n")
        service.kill()
        service._stderr.close()
        answers = writers.end()
        assert_nobody_is_in_a_transaction(cluster)
        assert wait_until(lambda: all(seen == before for seen in other.look_at_all(size))), other.look_at_all(size)
        assert_as_answered(cluster, {n: answer for n, answer in answers.items() if answer is not None})


def test_deadlines_in_the_middle(pool, cluster, keep):
    """A lock is waited for where the statement is described, and where it runs."""
    url = pool("transaction", size=2).url(cluster.url("blackbox"))
    other = OtherClient(url)
    before = other.look()
    service = keep(url, "--request-timeout-ms", 500)
    assert wait_until(lambda: service.request("POST", "/kept", {"n": 1}).status == 201)
    for lock in ("ACCESS EXCLUSIVE", "SHARE"):
        with cluster.hold(f"LOCK kept IN {lock} MODE", "blackbox"):
            for _ in range(3):
                assert service.request("POST", "/kept", {"n": 2}).status in (503, 504)
        assert wait_until(lambda: service.request("POST", "/kept", {"n": 3}).status == 201)
        assert_nobody_is_in_a_transaction(cluster)
        for seen in other.look_at_all(2):
            assert seen == before
    assert cluster.value("SELECT count(*) FROM kept WHERE n = 2", "blackbox") == "0"


def test_sessions_that_the_pooler_replaces(pool, cluster, keep):
    """Each lives for a second: no request notices."""
    service = keep(pool("transaction", server_lifetime="1", server_idle_timeout="1").url(cluster.url("blackbox")))
    writers = Writers(service)
    first = cluster.value("SELECT max(backend_start) FROM pg_stat_activity")
    assert wait_until(lambda: writers.has(50) and cluster.value(
        f"SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = 'blackbox' AND backend_start > '{first}'") == "t")
    answers = writers.end()
    assert {answer.status for answer in answers.values()} == {201}
    assert_as_answered(cluster, answers)


def test_the_pooler_is_restarted(pool, cluster, keep):
    pooler = pool("transaction")
    service = keep(pooler.url(cluster.url("blackbox")), "--connect-timeout-ms", 1000)
    writers = Writers(service)
    for _ in range(4):
        done = sum(1 for _, answer in writers.written if answer.status == 201)
        assert wait_until(lambda: writers.has(done + 20))
        pooler.restart()
    answers = writers.end()
    assert {answer.status for answer in answers.values()} <= {201, 503}
    assert_as_answered(cluster, answers)


def test_the_pooler_lets_nobody_wait(pool, cluster, keep):
    """One session, and requests that wait for it are refused by the pooler: nothing of them is written."""
    service = keep(pool("transaction", size=1, query_wait_timeout="1").url(cluster.url("blackbox")))
    writers = Writers(service, count=8, path="/slowly")
    assert wait_until(lambda: writers.has(8, 200))
    answers = writers.end()
    assert {answer.status for answer in answers.values()} <= {200, 503}
    assert_as_answered(cluster, answers)
    assert wait_until(lambda: service.request("POST", "/kept", {"n": 1}).status == 201)


@pytest.mark.parametrize("most", [3, 5])
def test_the_pooler_takes_no_more_clients(pool, cluster, keep, most):
    service = keep(pool("transaction", max_client_conn=str(most)).url(cluster.url("blackbox")), "--threads", 2)
    writers = Writers(service, count=8)
    assert wait_until(lambda: writers.has(100))
    for n in range(20):
        assert service.get(f"/kept/{n}").status == 200
    answers = writers.end()
    assert_as_answered(cluster, answers)
    assert {answer.status for answer in answers.values()} == {201}


def test_two_databases_of_one_pooler(pool, cluster, keep, serve, tmp_path):
    """A statement without a name of the one is not the other's."""
    cluster.execute("DROP DATABASE IF EXISTS second")
    cluster.execute("CREATE DATABASE second TEMPLATE template0")
    cluster.execute("CREATE TABLE kept (n integer, of_second text DEFAULT 'yes')", "second")
    pooler = pool("transaction", size=1)
    first = keep(pooler.url(cluster.url("blackbox")))
    second = serve("--db-pooler", "transaction", endpoints=tmp_path, url=pooler.url(cluster.url("second")))
    for n in range(5):
        assert first.request("POST", "/kept", {"n": n}).json == {"n": n}
        assert second.request("POST", "/kept", {"n": n}).json == {"n": n, "of_second": "yes"}
