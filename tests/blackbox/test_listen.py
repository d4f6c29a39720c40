"""Where it listens: unix sockets, and sockets that the service manager has opened."""

import os
import pathlib
import socket
import stat
import sys
import tempfile

import pytest

from conftest import TEST_ENDPOINTS
from lib import http_client
from lib.service import run

PEER = """
-- name: peer :one
-- route: GET /peer
-- param: peer = address
SELECT :peer::text AS peer;
"""


@pytest.fixture
def folder():
    """A short path: that of a socket has 95 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="mt-") as path:
        yield pathlib.Path(path)


def get(path, what="/numbers/7", headers=()):
    return http_client.request(str(path), "GET", what, None, headers)


@pytest.mark.parametrize("loops", [1, 2])
def test_a_unix_socket(serve, folder, loops):
    path = folder / "meantime.sock"
    service = serve("--loops", loops, listen=f"unix:{path}")
    assert f"meantime: serving unix:{path} (mode" in service.lines[-1]
    assert stat.S_ISSOCK(path.stat().st_mode) and os.listdir(folder) == ["meantime.sock"]
    for _ in range(10):
        assert get(path).json == {"n": 7}
    service.stop()
    again = serve(listen=f"unix:{path}")  # the file is still there
    assert get(path).json == {"n": 7}
    again.stop()


def test_a_client_over_a_unix_socket_is_this_machine(serve, folder, tmp_path):
    (tmp_path / "peer.sql").write_text(PEER)
    serve("--max-address-connections", 1, "--trusted-proxies", "127.0.0.1", endpoints=tmp_path, listen=f"unix:{folder}/s")
    assert get(folder / "s", "/peer").json == {"peer": "127.0.0.1"}
    assert get(folder / "s", "/peer", [("X-Forwarded-For", "192.0.2.7")]).json == {"peer": "192.0.2.7"}
    with http_client.Connection(f"{folder}/s") as first, http_client.Connection(f"{folder}/s") as second:
        assert first.request("GET", "/peer").status == 200
        assert second.is_closed_by_peer(), "there is one connection of its address already"


def test_a_successor_takes_the_path_over(serve, folder):
    """What waits at the old socket is answered, and the path is the successor's."""
    path = str(folder / "s")
    service = serve("--drain-idle-ms", 60000, listen=f"unix:{path}")
    with service.paused():
        waiting = [http_client.Connection(path) for _ in range(5)]
        successor = serve(listen=f"unix:{path}")
        service.terminate()
    assert service.log_contains("SIGTERM: no new connections")  # else a request may be answered before
    for connection in waiting:
        assert connection.request("GET", "/numbers/1").header("connection") == "close"
        connection.close()
    service.stop()
    assert get(path).status == 200
    successor.stop()


def test_the_admin_listener_on_a_unix_socket(serve, folder):
    service = serve("--admin", f"unix:{folder}/admin")
    assert get(folder / "admin", "/livez").status == 200
    assert service.get("/numbers/1").status == 200


@pytest.mark.parametrize("name, words", [
    ("file", "a file of that name is there, and it is no socket"),
    ("no/folder", "No such file or directory"),
    ("", "a path of 1 to 95 bytes is expected"),
    ("x" * 96, "a path of 1 to 95 bytes is expected"),
])
def test_paths_that_cannot_be_listened_on(database, folder, mode, name, words):
    (folder / "file").write_text("kept")
    path = folder / name if name and "x" not in name else name
    done = run("serve", "--mode", mode, "--database", database, "--endpoints", TEST_ENDPOINTS, "--listen", f"unix:{path}")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == f"meantime: cannot listen on unix:{path}: {words}"
    assert (folder / "file").read_text() == "kept" and os.listdir(folder) == ["file"]


# Sockets of the service manager

# As it starts a program: descriptors from 3 on, and their names.
LAUNCHER = """
import fcntl, os, sys
names, *fds = sys.argv[1].split(",")
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in fds]
for i, fd in enumerate(fds):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid() + int(os.environ.get("OTHER", 0))), LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=names)
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def activate(serve):
    def start(*options, names="", sockets=(), **more):
        fds = [sock.fileno() for sock in sockets]
        launcher = (sys.executable, "-c", LAUNCHER, ",".join([names, *map(str, fds)]))
        return serve(*options, wrapper=launcher, pass_fds=fds, **more)
    return start


def listening(family=socket.AF_INET, at=("127.0.0.1", 0)):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind(at)
    sock.listen(64)
    return sock


@pytest.mark.parametrize("loops", [1, 2])
def test_a_socket_of_the_manager_serves_and_outlives_the_process(activate, loops):
    with listening() as sock:
        service = activate("--loops", loops, sockets=[sock])
        assert service.address == sock.getsockname()
        assert "the service manager's sockets are used, and not --listen" in service.log()
        for i in range(1, 10):
            assert service.get(f"/numbers/{i}").json == {"n": i}
        service.stop()
        early = http_client.Connection(sock.getsockname())  # nothing serves, and it waits
        activate("--loops", loops, sockets=[sock])
        assert early.request("GET", "/numbers/5").json == {"n": 5}
        early.close()


def test_sockets_by_name_and_kind(activate, folder):
    with listening() as public, listening(socket.AF_UNIX, f"{folder}/more") as more, listening() as admin:
        service = activate("--loops", 2, "--max-connections", 8, names="http:admin:more", sockets=[public, admin, more])
        assert service.address == public.getsockname() and service.admin_address == admin.getsockname()
        assert http_client.request(admin.getsockname(), "GET", "/livez").status == 200
        assert service.get("/numbers/1").status == get(f"{folder}/more").status == 200


def test_sockets_of_another_process_are_not_taken(activate):
    with listening() as sock:
        service = activate(sockets=[sock], environment={"OTHER": "1"})
        assert service.address != sock.getsockname()


@pytest.mark.parametrize("make, words", [
    (lambda: [listening(), listening()],
     "the service manager has opened 2 sockets; at most one for each loop is expected, and loops is 1"),
    (lambda: [socket.socket()], "file descriptor 3 of the service manager is no stream socket that listens"),
    (lambda: [socket.socket(type=socket.SOCK_DGRAM)],
     "file descriptor 3 of the service manager is no stream socket that listens"),
])
def test_sockets_that_do_not_fit(activate, make, words):
    sockets = make()
    with pytest.raises(AssertionError, match=words):
        activate(sockets=sockets)
    for sock in sockets:
        sock.close()
