"""The log as a file: it is opened again at SIGHUP, and one that cannot be written stops the start."""

import pytest

from conftest import TEST_ENDPOINTS
from lib.editions import Folder, hang_up
from lib.service import run, wait_until


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "endpoints"
    path.mkdir()
    return Folder(path)


@pytest.fixture
def start(serve, folder):
    def start(*options, **more):
        return serve("--admin", "127.0.0.1:0", *options, endpoints=folder.path, **more)

    return start


def test_a_log_file_that_was_moved_is_opened_again(start, folder, tmp_path):
    log, moved = tmp_path / "meantime.log", tmp_path / "meantime.log.1"
    service = start("--log-output", log)
    assert wait_until(lambda: "log_output is" in log.read_text())
    log.rename(moved)
    hang_up(service)
    assert wait_until(lambda: log.exists() and "reloaded: " in log.read_text())
    assert "reloaded: " not in moved.read_text() and service.log() == ""
    assert log.stat().st_mode & 0o777 == 0o640
    folder.file.write_text("nothing")
    hang_up(service)
    assert wait_until(lambda: "the reload is refused" in log.read_text())
    service.stop()
    assert "server: ended" in log.read_text()


def test_a_log_file_that_cannot_be_opened_again_is_written_on(start, folder, tmp_path):
    logs, moved = tmp_path / "logs", tmp_path / "moved"
    logs.mkdir()
    service = start("--log-output", logs / "meantime.log")
    logs.rename(moved)
    hang_up(service)
    assert wait_until(lambda: "reloaded: " in (moved / "meantime.log").read_text())
    assert "cannot be opened again, and the file from before is written on: No such file" in \
        (moved / "meantime.log").read_text()


@pytest.mark.parametrize("output, words", [
    ("/nowhere/at/all", "No such file or directory"),
    ("/tmp/", "Is a directory"),
    ("stdrr", 'log_output must be stderr, stdout or a path with a "/" in it, not "stdrr"'),
])
def test_a_log_that_cannot_be_written_stops_the_start(database, output, words):
    done = run("serve", "--database", database, "--endpoints", TEST_ENDPOINTS, "--log-output", output,
               "--listen", "127.0.0.1:0")
    assert done.returncode == 1 and words in done.stderr and "--log-output" in done.stderr, done.stderr
