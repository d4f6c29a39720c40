"""What the service manager is told (sd_notify): ready when it serves, stopping when it ends."""

import pathlib
import secrets
import signal
import socket
import tempfile

import pytest


@pytest.fixture(params=["path", "abstract"])
def manager(request):
    """The manager's socket, and what $NOTIFY_SOCKET says of it."""
    with tempfile.TemporaryDirectory(prefix="meantime-notify-") as folder:
        name = str(pathlib.Path(folder) / "socket")
        if request.param == "abstract":
            name = f"@meantime-{secrets.token_hex(8)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind(name.replace("@", "\0"))
            listening.settimeout(30)
            yield listening, name


def told(listening):
    return dict(line.split("=") for line in listening.recv(4096).decode().splitlines())


def test_the_manager_is_told(serve, manager):
    listening, name = manager
    service = serve(environment={"NOTIFY_SOCKET": name})
    assert told(listening)["READY"] == "1"
    assert service.get("/numbers/1").json == {"n": 1}
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(4096)
    listening.settimeout(30)
    service.terminate()
    assert told(listening)["STOPPING"] == "1"
    assert service.wait_for_exit() == 0


@pytest.mark.parametrize("is_broken", [False, True], ids=["good", "refused"])
def test_the_manager_is_told_of_a_reload(serve, manager, tmp_path, is_broken):
    listening, name = manager
    (tmp_path / "a.sql").write_text("-- name: one :one\n-- route: GET /one\nSELECT 1 AS one;\n")
    service = serve(endpoints=tmp_path, environment={"NOTIFY_SOCKET": name})
    assert told(listening)["READY"] == "1"
    if is_broken:
        (tmp_path / "a.sql").write_text("-- name: one :one\nSELECT 1 AS one;\n")
    service.process.send_signal(signal.SIGHUP)
    begins, ends = told(listening), told(listening)
    assert begins["RELOADING"] == "1" and ends["READY"] == "1"
    assert int(begins["MONOTONIC_USEC"]) > 0
    assert service.log_contains("the reload is refused" if is_broken else "reloaded: 1 endpoint"), service.log()


@pytest.mark.parametrize("name", ["", "/nowhere/socket", "@nobody-listens-here", "relative", "/" + "x" * 200, "@"])
def test_a_manager_that_is_not_there_stops_nothing(serve, name):
    service = serve(environment={"NOTIFY_SOCKET": name})
    assert service.get("/numbers/1").json == {"n": 1}
