"""A database under a name: of several hosts, and names that are not answered."""

import socket
import subprocess

import pytest

from conftest import HERE
from lib.postgres import Postgres
from lib.service import ROOT, wait_until


@pytest.fixture(scope="module")
def named_cluster():
    """A PostgreSQL on the network: what is there under a name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    cluster = Postgres(listen_addresses="127.0.0.1", port=str(port))
    cluster.create_database("blackbox", HERE / "schema.sql")
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="module")
def slow_names(tmp_path_factory):
    library = tmp_path_factory.mktemp("names") / "slow_names.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "tests/lib/slow_names.c", "-ldl"], check=True)
    return library


def test_a_database_under_a_name(serve, named_cluster):
    service = serve(url=f"postgresql://postgres@localhost:{named_cluster.settings['port']}/blackbox")
    assert service.get("/numbers/1").json == {"n": 1}
    named_cluster.terminate_clients("blackbox")
    assert wait_until(lambda: service.get("/numbers/1").status == 200)
    assert len(service.get("/stream/5000").json) == 5000


@pytest.mark.parametrize("first", [True, False])
def test_one_of_several_names_is_gone(serve, named_cluster, first):
    port = named_cluster.settings["port"]
    hosts = [f"localhost:{port}", "gone.invalid:1"]
    service = serve(url=f"postgresql://postgres@{','.join(hosts[::-1] if first else hosts)}/blackbox")
    assert service.get("/numbers/1").json == {"n": 1}
    assert service.request("POST", "/echo", {"int4": 1}).status == 200


def end_all_sessions(cluster):
    """Those, too, whose names were found already and that are about to connect."""
    in_a_row = 0

    def are_gone():
        nonlocal in_a_row
        in_a_row = in_a_row + 1 if cluster.terminate_clients("blackbox") == 0 else 0
        return in_a_row == 5

    assert wait_until(are_gone)


def test_names_that_are_not_answered(serve, named_cluster, slow_names, tmp_path, is_slow):
    """A lookup takes a minute: neither a request nor the end waits for it."""
    if is_slow:
        pytest.skip("a sanitizer wants to be the first that is loaded")
    hangs = tmp_path / "hangs"
    service = serve("--request-timeout-ms", 1000, "--drain-timeout-ms", 1000,
                    url=f"postgresql://postgres@slow-database:{named_cluster.settings['port']}/blackbox",
                    environment={"LD_PRELOAD": str(slow_names), "SLOW_NAMES": str(hangs)})
    for _ in range(2):
        assert wait_until(lambda: service.get("/numbers/1").status == 200)
        hangs.touch()
        end_all_sessions(named_cluster)
        for _ in range(3):
            assert service.get("/numbers/1", timeout_s=20).status in (503, 504)
        hangs.unlink()
    assert wait_until(lambda: service.get("/numbers/1").status == 200)
    hangs.touch()
    end_all_sessions(named_cluster)
    assert service.get("/numbers/1", timeout_s=20).status in (503, 504)
    service.terminate()
    assert service.wait_for_exit(20) == 0
