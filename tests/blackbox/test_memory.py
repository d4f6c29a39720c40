"""Nothing is taken from malloc for a request, beyond what libh2o and libpq take themselves, and the kernel is told what to
wait for once for each connection."""

import concurrent.futures
import pathlib
import subprocess

import pytest

from lib.service import ROOT, Service, program, wait_until

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


def take(service, path, count):
    """So many clients ask at once, each on a connection of its own, and leave."""
    with concurrent.futures.ThreadPoolExecutor(count) as clients:
        answers = list(clients.map(lambda _: service.get(path), range(count)))
    assert {answer.status for answer in answers} == {200}
    return sum(len(answer.body) for answer in answers)


@pytest.mark.parametrize("burst", ["large results", "a larger one", "many clients"])
def test_memory_is_given_back_after_a_burst(serve, mode, burst, is_slow):
    if is_slow:
        pytest.skip("a sanitizer has a malloc of its own")
    service = serve("--request-timeout-ms", 60000, "--max-result-bytes", 33554432)
    for _ in range(4):
        take(service, "/large/1000", 32)
    before = service.memory_bytes()
    if burst == "large results":
        assert take(service, "/large/4000000", 20) > 80_000_000
    elif burst == "a larger one":
        assert take(service, "/large/15000000", 1) > 15_000_000
    else:
        stay = [service.connect() for _ in range(900)]
        for client in stay:
            assert client.request("GET", "/large/1000").status == 200
        for client in stay:
            client.close()
    kept = service.connect()  # a client that stays and asks for nothing
    assert wait_until(lambda: service.memory_bytes() <= 1.3 * before, 60), (before, service.memory_bytes())
    assert kept.request("GET", "/large/10").status == 200
    kept.close()
