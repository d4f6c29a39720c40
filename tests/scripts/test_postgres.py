"""scripts/postgres where PostgreSQL is missing, and where another user's cluster or folder is met."""

import os
import pathlib
import subprocess

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


def can_hide():
    """In a mount namespace of its own."""
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, timeout=30).returncode == 0


def run_without(checkout, folder, *command):
    hide = f"mount -t tmpfs none {folder} && exec \"$@\""
    return checkout.run("unshare", "-m", "sh", "-c", hide, "sh", *command, is_root=True)


@needs_root
@pytest.mark.skipif(not can_hide(), reason="no mount namespace")
@pytest.mark.parametrize("folder, missing", [
    ("/usr/lib/postgresql", "there is no initdb, which is part of PostgreSQL"),
    ("/usr/share/iso-codes", "there is no /usr/share/iso-codes/json"),
])
def test_what_is_not_installed_is_said_before_anything_is_made(checkout, folder, missing):
    done = run_without(checkout, folder, "scripts/postgres", "--folder", checkout.folder / "cluster", "start")
    assert done.returncode == 1 and done.stdout == "", done
    assert missing in done.stderr and "apt-get install postgresql-15" in done.stderr, done.stderr
    assert not (checkout.folder / "cluster").exists()


@needs_root
def test_a_folder_that_is_closed(checkout):
    closed = checkout.folder / "closed"
    closed.mkdir(mode=0o700)
    done = checkout.run("scripts/postgres", "--folder", closed, "start")
    assert done.returncode == 1, done
    assert f"{closed} belongs to root and is closed to nobody" in done.stderr and "POSTGRES_DIR" in done.stderr, done.stderr
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1, done


@needs_root
def test_root_runs_what_a_user_has_made_as_that_user(checkout):
    command = ["scripts/postgres", "--folder", checkout.folder / "cluster"]
    done = checkout.run(*command, "start")
    assert done.returncode == 0, done
    try:
        done = checkout.run(*command, "status", is_root=True)
        assert done.returncode == 0 and "running: process " in done.stdout, done
        done = checkout.run(*command, "psql", "-XAtc", "SELECT count(*) > 200 FROM country", is_root=True)
        assert done.stdout == "t\n", done
        assert checkout.run(*command, "stop", is_root=True).returncode == 0
        done = checkout.run(*command, "start", is_root=True)
        assert done.returncode == 0 and "making" not in done.stdout, done
        pid = int((checkout.folder / "cluster/data/postmaster.pid").read_text().split()[0])
        assert pathlib.Path(f"/proc/{pid}").owner() == "nobody"
    finally:
        checkout.run(*command, "stop", is_root=True)


@needs_root
def test_what_another_user_has_left_is_said_once(checkout):
    log = checkout.folder / ".local/log"
    log.mkdir(parents=True)
    log.chmod(0o777)
    log.parent.chmod(0o777)
    (log / "apt.log").write_text("")
    (log / "apt.log").chmod(0o644)
    done = checkout.run("scripts/test", "layers")
    assert done.returncode == 1 and done.stdout == "", done
    assert f"nobody cannot write to {log}/apt.log, which belongs to root" in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
