"""What is sent of a file while clients are slow, files are changed, and descriptors are few."""

import contextlib
import os
import pathlib
import resource
import signal

import pytest

from lib.http_client import ConnectionEnded, encode_request
from lib.service import assert_problem, check_sound, wait_until
from lib.site import LARGE_BYTES, ask, pattern, put

HUGE_BYTES = 10_000_000_000


def begin(service, path, **headers):
    """A client that has asked, and reads nothing yet, of a connection that holds little."""
    connection = service.connect(receive_buffer_bytes=4096)
    connection.send(encode_request("GET", path, headers=headers))
    return connection


def count_open(service, path):
    """How many descriptors of the service are this file. One that is closed meanwhile is none."""
    count = 0
    for each in pathlib.Path(f"/proc/{service.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(each) == str(path)
    return count


def test_ten_gigabytes_to_slow_readers_cost_a_buffer_each(serve_site, site, is_slow):
    with open(site / "huge.bin", "wb") as huge:
        huge.truncate(HUGE_BYTES)
        huge.seek(HUGE_BYTES - 4)
        huge.write(b"tail")
    service = serve_site()
    assert ask(service, "/huge.bin", Range="bytes=-6").body == b"\0\0tail"
    assert ask(service, "/huge.bin", "HEAD").header("content-length") == str(HUGE_BYTES)
    before = service.memory_bytes()
    readers = [begin(service, "/huge.bin") for _ in range(32)]
    try:
        for reader in readers:
            assert reader.read_response_head().header("content-length") == str(HUGE_BYTES)
        for reader in readers * 3:
            reader.read_bytes(100_000)
            reader.buffer = b""
        # others are served meanwhile
        assert service.get("/api/one").status == 200
        assert ask(service, "/app.js").status == 200
        if not is_slow:
            assert service.memory_bytes() - before < 32 * 160 * 1024 + 4 * 1024 * 1024
        assert count_open(service, site / "huge.bin") == 32
    finally:
        for reader in readers:
            reader.reset()
    assert wait_until(lambda: count_open(service, site / "huge.bin") == 0)


def test_one_that_is_changed_meanwhile_is_cut_off(serve_site, site):
    put(site, "long.bin", bytes(20_000_000))
    service = serve_site()
    with begin(service, "/long.bin") as reader:
        assert reader.read_response_head().header("content-length") == "20000000"
        os.truncate(site / "long.bin", 1000)
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            reader.read_bytes(20_000_000)
    assert service.log_contains("/long.bin is cut off: the file was changed while it was sent")
    assert len(ask(service, "/long.bin").body) == 1000


def test_one_that_grows_meanwhile_is_cut_off(serve_site, site):
    put(site, "long.bin", bytes(20_000_000))
    service = serve_site()
    with begin(service, "/long.bin") as reader:
        assert reader.read_response_head().header("content-length") == "20000000"
        with open(site / "long.bin", "ab") as more:
            more.write(b"more")
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            reader.read_bytes(20_000_000)
    assert service.log_contains("/long.bin is cut off: the file was changed while it was sent")


def test_a_reload_meanwhile_changes_no_download(serve_site, site, tmp_path):
    put(site, "long.bin", pattern(5_000_000))
    service = serve_site()
    with begin(service, "/long.bin") as reader:
        reader.read_response_head()
        service.process.send_signal(signal.SIGHUP)
        assert service.log_contains("reloaded: ")
        site.rename(tmp_path / "moved")
        assert reader.read_bytes(5_000_000) == pattern(5_000_000)


def test_huge_sets_of_ranges_ask_for_the_whole(serve_site):
    service = serve_site()
    for line in ("bytes=" + ",".join("0-" for _ in range(1300)), "bytes=" + ",".join(f"{at}-{at}" for at in range(700)),
                 "bytes=" + "9" * 4000 + "-"):
        response = ask(service, "/large.bin", Range=line)
        if "," not in line:
            assert_problem(response, 416)
        else:
            assert (response.status, response.body) == (200, pattern(LARGE_BYTES))


def test_one_that_is_replaced_meanwhile_is_sent_to_its_end(serve_site, site):
    put(site, "long.bin", pattern(5_000_000))
    service = serve_site()
    with begin(service, "/long.bin") as reader:
        reader.read_response_head()
        put(site, "new.bin", b"new").rename(site / "long.bin")
        assert reader.read_bytes(5_000_000) == pattern(5_000_000)
        # the connection goes on
        assert reader.request("GET", "/long.bin").body == b"new"


def test_too_many_open_files(serve_site, site):
    put(site, "long.bin", bytes(20_000_000))
    service = serve_site("--max-files", "1")
    with begin(service, "/long.bin") as reader:
        reader.read_response_head()
        response = ask(service, "/app.js")
        assert_problem(response, 503, "too many files are open")
        assert int(response.header("retry-after")) >= 1
        assert service.get("/api/one").status == 200
    assert wait_until(lambda: ask(service, "/app.js").status == 200)


def test_descriptors_exhausted(serve_site, site):
    service = serve_site()
    with service.connect() as client:
        assert client.request("GET", "/app.js").status == 200
        limits = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            response = client.request("GET", "/app.js")
            check_sound(response)
            assert_problem(response, 503, "too many files are open; try again")
            assert_problem(client.request("GET", "/none"), 503)
        finally:
            resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, limits)
        assert client.request("GET", "/app.js").body == (site / "app.js").read_bytes()


def test_max_files_of_one_is_enough_for_a_folder(serve_site):
    service = serve_site("--max-files", "1")
    assert ask(service, "/sub").status == 308
    assert ask(service, "/sub/").body == b"<p>sub"
