"""What the tests share: one PostgreSQL for the session, and for each mode one service over each endpoint folder.

MEANTIME_PROGRAM names the program, MEANTIME_MODES the modes ("sync,threads,async"), MEANTIME_SLOW=1 says that it was
built with sanitizers. MEANTIME_POOLER=session or transaction puts PgBouncer in front of every PostgreSQL.
MEANTIME_PART=each leaves out what is no test of one mode, MEANTIME_PART=rest leaves out what is. MEANTIME_TAKEN names a
folder in which runs that go side by side take the files. A test that disturbs its service or its database takes one of
its own.
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from lib import access, live  # noqa: E402
from lib.postgres import Postgres  # noqa: E402
from lib.queues import Queue, is_served, numbers  # noqa: E402
from lib.service import ROOT, Service, run, wait_until  # noqa: E402
from lib.share import keep, run_taken  # noqa: E402
from lib.tokens import SECRET  # noqa: E402
from lib.site import serve_site, site  # noqa: E402, F401

MODES = [mode for mode in os.environ.get("MEANTIME_MODES", "sync,threads,async").split(",") if mode]
TEST_ENDPOINTS = HERE / "endpoints"
ATLAS_ENDPOINTS = ROOT / "config/endpoints"


def pytest_configure():
    unknown = set(MODES) - {"sync", "threads", "async"}
    if unknown or not MODES:
        raise pytest.UsageError(f"MEANTIME_MODES must name some of sync,threads,async; got {unknown or 'nothing'}")


def pytest_runtest_setup(item):
    """The mark `direct`: the test is about a session itself, or about what only PostgreSQL's own end can tell."""
    for mark in item.iter_markers("direct"):
        if os.environ.get("MEANTIME_POOLER") in (mark.args or ("session", "transaction")):
            pytest.skip(mark.kwargs["because"])


def pytest_collection_modifyitems(config, items):
    part = os.environ.get("MEANTIME_PART")
    if part:
        keep(config, items, [item for item in items if ("mode" in item.fixturenames) == (part == "each")])


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    return run_taken(session)


@pytest.fixture(scope="session")
def is_slow():
    return os.environ.get("MEANTIME_SLOW", "") not in ("", "0")


@pytest.fixture(scope="session", params=MODES)
def mode(request):
    return request.param


@pytest.fixture(scope="session")
def postgres():
    cluster = Postgres()
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="session")
def database(postgres):
    """The URL of a database with schema.sql, for the endpoints of this folder."""
    return postgres.create_database("blackbox", HERE / "schema.sql")


@pytest.fixture(scope="session")
def atlas_database(postgres):
    """The URL of a database with the sample service's schema and data."""
    postgres.execute("CREATE DATABASE atlas")
    url = postgres.url("atlas")
    done = subprocess.run([ROOT / "scripts/load", url], env={**os.environ, "DATABASE_URL": url}, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, f"scripts/load: {done.stdout}{done.stderr}"
    return url


@pytest.fixture(scope="session")
def service(mode, database):
    """The endpoints of this folder, one service a mode; every test leaves it as it was."""
    with Service(database, TEST_ENDPOINTS, mode, "--admin", "127.0.0.1:0") as running:
        yield running


@pytest.fixture(scope="session")
def atlas(mode, atlas_database):
    """The sample service."""
    with Service(atlas_database, ATLAS_ENDPOINTS, mode) as running:
        yield running


@pytest.fixture
def serve(mode, database):
    """Starts services of the test's own, with options; they are stopped, and must end well, when it is over."""
    running = []

    def start(*options, endpoints=TEST_ENDPOINTS, url=database, **more):
        running.append(Service(url, endpoints, mode, *options, **more))
        return running[-1]

    yield start
    failures = []
    for each in running:
        try:
            each.stop()
        except Exception as failure:  # the others are to be stopped all the same
            failures.append(f"{type(failure).__name__}: {failure}")
        finally:
            each.kill()
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="session")
def faulty_cluster():
    """A PostgreSQL that tests may stop and kill."""
    cluster = Postgres()
    cluster.create_database("blackbox", HERE / "schema.sql")
    yield cluster
    cluster.destroy()


@pytest.fixture
def faulty_postgres(faulty_cluster):
    """The same, running, whatever the test before did to it."""
    if faulty_cluster.server is None:
        faulty_cluster.start()
    yield faulty_cluster
    if faulty_cluster.server is None:
        faulty_cluster.start()


@pytest.fixture(scope="session")
def stuck_poll(tmp_path_factory):
    """A library to preload: ppoll() does not come back while the file that STUCK_POLL names is there."""
    library = tmp_path_factory.mktemp("poll") / "stuck_poll.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "tests/lib/stuck_poll.c", "-ldl"], check=True)
    return library


# The queues

@pytest.fixture(scope="session")
def queue_database(postgres):
    url = postgres.create_database("queues")
    done = run("migrate", "--database", url)
    assert done.returncode == 0, done.stderr
    return url


@pytest.fixture(scope="session")
def queue_endpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queue")
    (folder / "one.sql").write_text("-- name: one :one\n-- route: GET /one\nSELECT 1 AS one;\n")
    return folder


@pytest.fixture(scope="session")
def queue_service(mode, queue_database, queue_endpoints):
    with Service(queue_database, queue_endpoints, mode, "--queue", "on") as running:
        assert wait_until(lambda: is_served(running)), running.log()
        yield running


@pytest.fixture
def queue(queue_service):
    return Queue(queue_service)


@pytest.fixture
def own_queues(mode, faulty_postgres, queue_endpoints):
    """Starts services over a database of the test's own, which may break."""
    name = f"own_{next(numbers)}"
    url = faulty_postgres.create_database(name)
    assert run("migrate", "--database", url).returncode == 0

    def start(*options, is_first=True):
        running.append(Service(url, queue_endpoints, mode, "--queue", "on", *options))
        assert not is_first or wait_until(lambda: is_served(running[-1])), running[-1].log()
        return running[-1]

    running = []
    start.database = name
    yield start
    for service in running:
        try:
            if service.process.poll() is None:  # else the test has killed it
                service.stop()
        finally:
            service.kill()


@pytest.fixture(scope="session")
def access_url(postgres):
    postgres.execute(access.SCHEMA)
    postgres.execute("CREATE DATABASE access")
    postgres.execute(access.TABLES, "access")
    yield postgres.url("access").replace("//postgres@", "//access_login@")


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "secret").write_text(SECRET)
    (folder / "endpoints").mkdir()
    (folder / "endpoints/access.sql").write_text(access.ENDPOINTS)
    key = run("key", "billing", "--role", "access_reader")
    (folder / "api-keys").write_text(key.stdout)
    return {"folder": folder, "secret": folder / "secret", "api_keys": folder / "api-keys",
            "endpoints": folder / "endpoints", "api_key": key.stderr.strip()}


@pytest.fixture
def served(serve, access_url, keys):
    def start(*options, **more):
        return serve("--jwt-keys", keys["secret"], "--api-keys", keys["api_keys"], "--admin", "127.0.0.1:0", *options,
                     endpoints=more.pop("endpoints", keys["endpoints"]), url=access_url, **more)

    return start


@pytest.fixture
def door(served):
    return served()


@pytest.fixture(scope="session")
def live_url(postgres):
    postgres.execute("CREATE DATABASE live")
    postgres.execute(live.SCHEMA, "live")
    return postgres.url("live")


@pytest.fixture
def notify(postgres):
    def send(payload, channel="entries", database="live"):
        quoted = payload.replace("'", "''")
        postgres.execute(f"SELECT pg_notify('{channel}', '{quoted}')", database)

    return send
