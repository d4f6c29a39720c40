"""The Debian package, in a container with nothing but systemd: installed, started, used, removed."""

import json
import os
import re
import subprocess

import pytest

from conftest import PROJECT, docker, run, wait_until

PACKAGE = os.environ["DEB_PACKAGE"]
SYSTEM = f"{PROJECT}-system"
DOCKERFILE = """FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends systemd systemd-sysv dbus curl man-db
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/init"]
"""


class System:
    """A machine of one's own, as far as systemd can tell."""

    def __call__(self, command, check=True):
        return docker("exec", SYSTEM, "sh", "-c", command, check=check)

    def said(self, command):
        return self(command, check=False).stdout.strip()


@pytest.fixture(scope="module")
def system(project):
    run("docker", "build", "-t", SYSTEM, "-", input=DOCKERFILE)
    docker("run", "-d", "--name", SYSTEM, "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined",
           "--security-opt", "apparmor=unconfined", "--network", project.network("database"), "--tmpfs", "/run", "--tmpfs",
           "/run/lock", "-v", "/sys/fs/cgroup/systemd:/sys/fs/cgroup/systemd", "-e", "container=docker", SYSTEM)
    try:
        docker("network", "connect", project.network("front"), SYSTEM)  # for the packages it depends on
        system = System()
        assert wait_until(lambda: system.said("systemctl is-system-running") in ("running", "degraded")), \
            "systemd does not run"
        docker("cp", PACKAGE, f"{SYSTEM}:/root/meantime.deb")
        system("apt-get install -y --no-install-recommends /root/meantime.deb")
        yield system
    finally:
        docker("rm", "-f", SYSTEM, check=False)
        docker("rmi", SYSTEM, check=False)


@pytest.fixture(scope="module")
def started(project, system):
    password = docker("exec", project.container("postgres"), "cat", "/run/secrets/meantime/password").stdout
    system(f"echo DATABASE_URL=postgresql://meantime:{password}@postgres/atlas >> /etc/meantime/environment")
    system("systemctl start meantime")
    assert wait_until(lambda: system("curl -fs localhost:8080/database", check=False).returncode == 0), \
        system.said("journalctl -u meantime --no-pager")
    return system


def test_what_it_says_of_itself():
    fields = run("dpkg-deb", "-f", PACKAGE).stdout
    assert re.search(r"^Depends: .*libh2o0.13.*libpq5", fields, re.M), fields
    assert re.search(r"^Package: meantime$", fields, re.M) and re.search(r"^Version: 0\.", fields, re.M)


def test_it_is_not_started_before_it_knows_a_database(system):
    assert system.said("systemctl is-active meantime") == "inactive"
    assert system.said("systemctl is-enabled meantime") == "disabled"
    assert "0." in system.said("meantime version") and "0." in system.said("meantime-load version")


def test_who_may_read_the_password(system):
    assert system.said("stat -c '%a %U' /etc/meantime/environment") == "600 root"
    conffiles = system.said("dpkg-query -W -f '${Conffiles}' meantime")
    assert len(re.findall(r"/etc/meantime/", conffiles)) == 3


@pytest.mark.parametrize("page, words", [
    ("1 meantime", ["--database-wait-ms", "health", "EXIT STATUS", "SYNOPSIS"]),
    ("1 meantime-load", ["THE COMMAND COMPARE", "--database-delay", "--slo"]),
    ("5 meantime-endpoints", [":many", "-- route: GET /countries/{code}"]),
    ("5 meantime-report", ["is_sound", "throughput_per_s"]),
])
def test_man_pages(system, page, words):
    """Taken out of the package: slim images leave man pages uninstalled (dpkg's path-exclude)."""
    section, name = page.split()
    unpacked = subprocess.run(f"dpkg-deb --fsys-tarfile {PACKAGE} | tar -xO ./usr/share/man/man{section}/{name}.{section}.gz"
                              " | zcat", shell=True, capture_output=True, timeout=60).stdout
    shown = docker("exec", "-i", "-e", "MANWIDTH=120", SYSTEM, "man", "-l", "-", input=unpacked.decode()).stdout
    for word in words:
        assert word in shown, shown[:3000]


def test_it_serves(started):
    answer = json.loads(started("curl -fs localhost:8080/database").stdout)
    assert answer["name"] == "atlas"
    assert wait_until(lambda: started("meantime health --admin 127.0.0.1:8081", check=False).returncode == 0)


def test_it_is_locked_in(started):
    pid = started.said("systemctl show -p MainPID --value meantime")
    status = started.said(f"cat /proc/{pid}/status")
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^Seccomp:\s+2$", status, re.M)
    assert re.search(r"^CapBnd:\s+0+$", status, re.M) and not re.search(r"^Uid:\s+0\b", status, re.M)
    level = re.search(r"exposure level for meantime.service: ([0-9.]+)",
                      started.said("systemd-analyze security meantime --no-pager"))
    assert float(level[1]) < 2, level
    assert started("systemd-analyze verify meantime.service").stderr == ""


def test_a_crash_is_followed_by_a_start(started):
    started("systemctl kill -s KILL meantime")
    assert wait_until(lambda: started("curl -fs localhost:8080/database", check=False).returncode == 0)
    assert started.said("systemctl show -p NRestarts --value meantime") == "1"


BROKEN = "/etc/meantime/endpoints/broken.sql"


@pytest.fixture
def broken(started):
    started(f"echo '-- name: broken' > {BROKEN}")
    yield started
    started(f"rm -f {BROKEN}; systemctl reset-failed meantime; systemctl start meantime")


def state(system, *names):
    return [system.said(f"systemctl show -p {name} --value meantime") for name in names]


def is_answering(system):
    return system("curl -fs localhost:8080/database", check=False).returncode == 0


def test_started_means_serving(started):
    started("systemctl restart meantime")
    assert is_answering(started), "systemctl returned before it served"


def test_a_reload_takes_new_endpoints(started):
    started("printf -- '-- name: one :one\\n-- route: GET /one\\nSELECT 1 AS one;\\n' > /etc/meantime/endpoints/one.sql")
    pid = state(started, "MainPID")
    started("systemctl reload meantime")
    assert wait_until(lambda: started.said("curl -fs localhost:8080/one") == '{"one":1}')
    started("rm /etc/meantime/endpoints/one.sql; systemctl reload meantime")
    assert wait_until(lambda: started("curl -fs localhost:8080/one", check=False).returncode != 0)
    assert state(started, "MainPID") == pid


def test_a_reload_of_what_is_broken_fails_and_the_service_goes_on(broken):
    pid = state(broken, "MainPID")
    assert broken("systemctl reload meantime", check=False).returncode != 0
    assert is_answering(broken) and state(broken, "MainPID", "ActiveState") == [*pid, "active"]
    assert f"{BROKEN}:1: " in broken.said("journalctl -u meantime --no-pager")


def test_an_update_with_what_is_broken_leaves_the_old_program_at_work(broken):
    pid = state(broken, "MainPID")
    done = broken("apt-get install -y --reinstall /root/meantime.deb")
    assert "the old program serves on" in done.stderr + done.stdout, done
    assert is_answering(broken) and state(broken, "MainPID", "ActiveState") == [*pid, "active"]


def test_an_update_restarts_it(started):
    pid = state(started, "MainPID")
    started("apt-get install -y --reinstall /root/meantime.deb")
    assert is_answering(started) and state(started, "MainPID") != pid


def test_a_start_that_fails_is_told_and_not_tried_again(broken):
    """Neither by its check nor by itself: the second has a port that is in use."""
    assert broken("systemctl restart meantime", check=False).returncode != 0
    assert not wait_until(lambda: state(broken, "NRestarts") != ["0"], 5)
    assert state(broken, "ActiveState", "Result") == ["failed", "exit-code"]
    broken(f"rm {BROKEN}; sed -i 's/:8080/:8081/' /etc/meantime/meantime.json")
    try:
        assert broken("systemctl restart meantime", check=False).returncode != 0
        assert not wait_until(lambda: state(broken, "NRestarts") != ["0"], 5)
        assert state(broken, "ActiveState", "ExecMainStatus") == ["failed", "1"]
    finally:
        broken("sed -i '/listen/s/:8081/:8080/' /etc/meantime/meantime.json")


def test_lintian_finds_nothing():
    done = run("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", PACKAGE, check=False)
    assert done.returncode == 0 and done.stdout == "", done.stdout + done.stderr


def test_removed_and_purged(started):
    """Last of this file: it goes with a request in flight, and leaves nothing."""
    started("sed -i 's|/etc/meantime/endpoints|/usr/share/meantime/endpoints|' /etc/meantime/meantime.json")
    started("systemctl restart meantime")
    assert wait_until(lambda: started("curl -fs localhost:8080/countries/DE", check=False).returncode == 0)
    waiting = subprocess.Popen(["docker", "exec", SYSTEM, "curl", "-s", "-w", "%{http_code}", "localhost:8080/wait/2000"],
                               stdout=subprocess.PIPE, text=True)
    started("sleep 0.5; apt-get remove -y meantime")
    assert waiting.communicate(timeout=30)[0].endswith("200")
    assert started.said("systemctl is-active meantime") in ("inactive", "failed", "unknown")
    assert "Deactivated successfully" in started.said("journalctl -u meantime --no-pager")
    assert started("test -f /etc/meantime/meantime.json").returncode == 0, "settings go before they are told to"
    started("apt-get purge -y meantime")
    left = started.said("find / -xdev -path /proc -prune -o -name '*meantime*' -print | grep -v -e '^/root/' -e '^/var/log/' "
                        "-e '^/var/cache/man/'")
    assert left == "", left
