"""Nothing is taken from malloc for a request, beyond what libh2o and libpq take themselves, and the kernel is told what to
wait for once for each connection."""

import pathlib
import subprocess

import pytest

from lib.service import ROOT, Service, program

REQUESTS = 3000


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    library = tmp_path_factory.mktemp("count") / "count_calls.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "tests/lib/count_calls.c"], check=True)
    return library


def count_calls(counter, folder, database, mode, requests):
    """While it served `requests`, from its start to its end: how often the program's own code called malloc, and how often
    epoll_ctl was called."""
    report = folder / f"count-{requests}"
    with Service(database, ROOT / "config/endpoints", mode,
                 environment={"LD_PRELOAD": str(counter), "COUNT_CALLS": str(report)}) as service:
        client = service.connect()
        for _ in range(requests):
            assert client.request("GET", "/countries/DE").status == 200
        for _ in range(requests // 10):
            assert client.request("GET", "/countries?limit=20").status == 200
            assert client.request("GET", "/countries/XX").status == 404
            assert client.request("POST", "/notes", {"country": "DE", "body": "counted"}).status == 201
        client.close()
    return [int(number) for number in pathlib.Path(report).read_text().split()]


def test_requests_take_nothing_from_malloc_and_tell_epoll_nothing(counter, tmp_path, mode, atlas_database, is_slow):
    if is_slow:
        pytest.skip("a sanitizer has a malloc of its own")
    few = count_calls(counter, tmp_path, atlas_database, mode, 100)
    many = count_calls(counter, tmp_path, atlas_database, mode, REQUESTS)
    assert min(few) > 0, "the counter counts nothing"
    # a few thousand requests more: at most some handles and connections more
    assert many[0] - few[0] < 100
    assert many[1] - few[1] < 100


def test_functions_stand_in_front_of_the_libraries():
    """The dynamic linker finds those first that the program exports."""
    said = subprocess.run(["nm", "-D", "--defined-only", program()], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1] for line in said.splitlines()}
    assert {"__sprintf_chk", "phr_parse_request", "phr_decode_chunked", "accept4", "socket", "recv"} <= exported
