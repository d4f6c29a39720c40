"""Nothing is taken from malloc for a request, beyond what libh2o and libpq take themselves."""

import pathlib
import subprocess

import pytest

from lib.service import ROOT, Service

REQUESTS = 3000


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    library = tmp_path_factory.mktemp("count") / "count_malloc.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "tests/lib/count_malloc.c"], check=True)
    return library


def calls_of_malloc(counter, folder, database, mode, requests):
    """How often the program's own code called malloc, from its start to its end, while it served `requests`."""
    report = folder / f"count-{requests}"
    with Service(database, ROOT / "config/endpoints", mode,
                 environment={"LD_PRELOAD": str(counter), "COUNT_MALLOC": str(report)}) as service:
        client = service.connect()
        for _ in range(requests):
            assert client.request("GET", "/countries/DE").status == 200
        for _ in range(requests // 10):
            assert client.request("GET", "/countries?limit=20").status == 200
            assert client.request("GET", "/countries/XX").status == 404
            assert client.request("POST", "/notes", {"country": "DE", "body": "counted"}).status == 201
        client.close()
    return int(pathlib.Path(report).read_text())


def test_requests_take_nothing_from_malloc(counter, tmp_path, mode, atlas_database, is_slow):
    if is_slow:
        pytest.skip("a sanitizer has a malloc of its own")
    few = calls_of_malloc(counter, tmp_path, atlas_database, mode, 100)
    many = calls_of_malloc(counter, tmp_path, atlas_database, mode, REQUESTS)
    assert few > 0, "the counter counts nothing"
    # a few thousand requests more: at most some handles and connections more
    assert many - few < 100
