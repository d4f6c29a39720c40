"""The image of the service: small, with nothing in it that it does not need, and good under the hardest settings."""

import json
import re
import tarfile
import time

import pytest

from conftest import PROJECT, ROOT, docker, wait_until

SIZE_MAX = 120e6
HARDENED = ["--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"]


@pytest.fixture(scope="module")
def image(images):
    return json.loads(docker("image", "inspect", "meantime").stdout)[0]


@pytest.fixture(scope="module")
def files(images, tmp_path_factory):
    """{path: member} of all that is in it."""
    tar = tmp_path_factory.mktemp("image") / "image.tar"
    container = docker("create", "meantime").stdout.strip()
    try:
        docker("export", "-o", tar, container)
    finally:
        docker("rm", container)
    with tarfile.open(tar) as archive:
        return {member.name: member for member in archive.getmembers()}


def test_its_size_is_what_the_page_says(image):
    said = re.search(r"image is (\d+) MB", (ROOT / "docs/operations.md").read_text())
    assert image["Size"] <= SIZE_MAX
    assert abs(image["Size"] / 1e6 - int(said[1])) < 3, image["Size"]


def test_how_it_is_started_and_stopped(image):
    settings = image["Config"]
    assert settings["User"] == "10001:10001"
    assert settings["Entrypoint"] == ["/usr/bin/meantime"] and settings["Cmd"] == ["serve"], "a shell is between"
    assert settings["StopSignal"] == "SIGTERM"
    assert settings["Healthcheck"]["Test"] == ["CMD", "/usr/bin/meantime", "health"]
    assert not [each for each in settings["Env"] if "PASSWORD" in each or "DATABASE_URL" in each]


def test_there_is_nothing_else_in_it(files):
    programs = {name for name in files if "/bin/" in name or "/sbin/" in name}
    assert programs == {"usr/bin/meantime", "usr/bin/meantime-load"}
    assert not [name for name in files if re.search(r"\b(gcc|cc1|apt|dpkg|bash|busybox)\b|\.[acho]$|include/", name)]


def test_nothing_in_it_is_its_users_or_gives_rights(files):
    assert {member.uid for member in files.values()} == {0}
    writable = [name for name, member in files.items() if member.mode & 0o002 and not member.issym()]
    assert [name for name in writable if not name.startswith(("tmp", "dev"))] == []
    assert [name for name, member in files.items() if member.isfile() and member.mode & 0o6000] == []


def test_it_says_what_it_was_made_of(images, tmp_path):
    container = docker("create", "meantime").stdout.strip()
    try:
        docker("cp", f"{container}:/usr/share/meantime/packages", tmp_path)
    finally:
        docker("rm", container)
    said = (tmp_path / "packages").read_text()
    for package in ("libc6", "libh2o0.13", "libpq5", "libuv1", "libjansson4", "libssl3"):
        assert re.search(rf"^{re.escape(package)}(:\w+)?\t\d", said, re.M), said


@pytest.mark.parametrize("program", ["meantime", "meantime-load"])
def test_both_programs_run_hardened(images, program):
    done = docker("run", *HARDENED, "--entrypoint", f"/usr/bin/{program}", "meantime", "version")
    assert done.stdout.startswith(f"{program} 0.")


def test_the_user_can_write_nowhere(images):
    """No shell to try it with: the load generator wants to write its report."""
    for folder in ("/", "/meantime", "/usr/share/meantime", "/etc"):
        done = docker("run", "--rm", "--entrypoint", "/usr/bin/meantime-load", "meantime", "run", "-d", "0.1",
                      "--json", f"{folder}/report.json", "http://127.0.0.1:1/", check=False)
        assert done.returncode == 2 and "Permission denied" in done.stderr, done


def test_no_database_is_said(images):
    done = docker("run", *HARDENED, "-e", "MEANTIME_DATABASE_WAIT_MS=0", "meantime", check=False)
    assert done.returncode == 1
    assert "cannot connect to the database" in done.stderr, done


def test_it_hears_sigterm_while_it_waits_for_its_database(images):
    name = f"{PROJECT}-waiting"
    docker("run", "-d", "--name", name, *HARDENED[1:], "meantime")
    try:
        assert wait_until(lambda: "waiting for the database" in docker("logs", name).stdout), docker("logs", name)
        began = time.monotonic()
        docker("stop", "-t", "20", name)
        assert time.monotonic() - began < 15, "was killed in the end"
        assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout.strip() == "0"
    finally:
        docker("rm", "-f", name)
