"""The primary changes: a standby is promoted, and the service writes there."""

import contextlib
import itertools
import signal
import socket
import threading
import time

import pytest

from conftest import HERE
from lib.http_client import ConnectionEnded
from lib.postgres import Postgres
from lib.service import assert_problem, wait_until

pytestmark = pytest.mark.direct(because="which server answers is PostgreSQL's own to say")

RESUMED_S = 5  # after the promotion

ENDPOINTS = """-- name: keep :one
-- route: POST /kept/{number}
INSERT INTO kept VALUES (:number) RETURNING number;

-- name: kept :one
-- route: GET /kept
SELECT count(*) AS kept FROM kept;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    (folder / "kept.sql").write_text(ENDPOINTS)
    return folder


@pytest.fixture
def pair():
    """A primary, and a standby that has taken all of it."""
    with contextlib.ExitStack() as ends:
        primary = Postgres()
        ends.callback(primary.destroy)
        primary.create_database("blackbox", HERE / "schema.sql")
        primary.execute("CREATE TABLE kept (number int8 PRIMARY KEY)", "blackbox")
        standby = Postgres.standby_of(primary)
        ends.callback(standby.destroy)
        assert wait_until(lambda: standby.value("SELECT count(*) FROM pg_class WHERE relname = 'kept'", "blackbox") == "1")
        yield primary, standby


def either(servers, attributes="read-write"):
    """The URL of whichever takes writes."""
    folders = ",".join(str(server.folder) for server in servers)
    ports = ",".join(server.settings["port"] for server in servers)
    return f"postgresql:///blackbox?user=postgres&host={folders}&port={ports}&target_session_attrs={attributes}"


class Writer:
    """Writes one number after another, and remembers which were acknowledged."""

    def __init__(self, service):
        self.service = service
        self.kept, self.refused = [], []
        self.is_over = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        for number in itertools.count(1):
            if self.is_over:
                return
            try:
                response = self.service.request("POST", f"/kept/{number}")
            except ConnectionEnded:
                response = None
            (self.kept if response is not None and response.status == 200 else self.refused).append((number, response))
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join(60)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["shut down", "killed"])
def test_a_standby_is_promoted(serve, pair, folder, how, is_slow):
    """What was acknowledged is there, though the primary is gone for good: a commit waits for the standby here."""
    primary, standby = pair
    primary.make_synchronous(standby)
    service = serve(endpoints=folder, url=either(pair))
    with Writer(service) as writer:
        assert wait_until(lambda: len(writer.kept) > 50)
        if how == signal.SIGKILL:
            primary.kill()
        else:
            primary.stop(how)
        assert wait_until(lambda: len(writer.refused) > 0), "no write was refused without a primary"
        kept = len(writer.kept)
        standby.value("SELECT pg_promote()")
        assert wait_until(lambda: len(writer.kept) > kept, 60 if is_slow else RESUMED_S), service.log()
        assert wait_until(lambda: len(writer.kept) > kept + 50), service.log()
    for _, response in writer.refused:
        assert response is not None
        assert response.status == 503, response
    numbers = {row[0] for row in standby.execute("SELECT number FROM kept", "blackbox")}
    missing = [number for number, _ in writer.kept if str(number) not in numbers]
    assert missing == []
    assert service.get("/kept").json["kept"] == len(numbers)


def test_a_session_on_a_standby_is_left(serve, pair, folder, tmp_path):
    """A name that means another server now, as behind a proxy: the session there says nothing of a write."""
    primary, standby = pair
    here = tmp_path / "here"
    here.symlink_to(standby.folder)
    url = f"postgresql:///blackbox?user=postgres&host={here}&port={standby.settings['port']}"
    service = serve("--threads", "1", endpoints=folder, url=url)
    assert service.get("/kept").json == {"kept": 0}
    assert_problem(service.request("POST", "/kept/1"), 503, "takes no writes at the moment; nothing was written")
    time.sleep(1.2)  # older than what is kept
    here.unlink()
    here.symlink_to(primary.folder)
    assert service.request("POST", "/kept/1").status == 200
    assert service.log_contains("the server takes no writes any more")
    assert primary.value("SELECT count(*) FROM kept", "blackbox") == "1"


def test_a_database_that_is_made_read_only_is_left(serve, pair, folder):
    """The next write goes to the other, which was promoted; the first is not asked again."""
    primary, standby = pair
    service = serve(endpoints=folder, url=either(pair))
    assert service.request("POST", "/kept/1").status == 200
    assert wait_until(lambda: standby.value("SELECT count(*) FROM kept", "blackbox") == "1")
    primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    primary.value("SELECT pg_reload_conf()")
    standby.value("SELECT pg_promote()")
    assert wait_until(lambda: primary.value("SHOW default_transaction_read_only") == "on")
    for number in range(2, 20):
        assert service.request("POST", f"/kept/{number}").status == 200
    assert standby.value("SELECT count(*) FROM kept", "blackbox") == "19"


def test_without_a_primary_reads_of_any_go_on(serve, pair, folder):
    primary, standby = pair
    service = serve(endpoints=folder, url=either(pair, "any"))
    assert service.request("POST", "/kept/1").status == 200
    assert wait_until(lambda: standby.value("SELECT count(*) FROM kept", "blackbox") == "1")
    primary.kill()
    assert wait_until(lambda: service.get("/kept").status == 200)
    assert service.get("/kept").json == {"kept": 1}
    assert wait_until(lambda: service.request("POST", "/kept/2").status == 503)
    standby.value("SELECT pg_promote()")
    assert wait_until(lambda: service.request("POST", "/kept/3").status == 200)


@pytest.fixture
def silent():
    """A host that takes a connection, and says nothing; as one that has lost its power, or its network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_host_that_is_silent_is_not_the_first_again(serve, pair, folder, silent):
    primary, _ = pair
    url = (f"postgresql:///blackbox?user=postgres&host=127.0.0.1,{primary.folder}"
           f"&port={silent},{primary.settings['port']}&target_session_attrs=read-write")
    service = serve("--connect-timeout-ms", "500", "--database-wait-ms", "30000", endpoints=folder, url=url)
    for number in range(1, 10):
        assert service.request("POST", f"/kept/{number}").status == 200
    assert service.get("/kept").json == {"kept": 9}
