"""A real PostgreSQL of the tests' own: temporary folder, unix socket, no TCP port."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

from lib.pooler import PgBouncer

START_TIMEOUT_S = 60
SEPARATOR = "\x1f"


def binaries():
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    assert folders, "no PostgreSQL server under /usr/lib/postgresql: install postgresql-15"
    return folders[-1]


def behind_pooler(url):
    """The URL by way of a pooler of the kind MEANTIME_POOLER, where one is asked for and the cluster is a test's own."""
    kind = os.environ.get("MEANTIME_POOLER")
    folder = re.search(r"[?&]host=([^&]*)", str(url))
    cluster = Postgres.running.get(urllib.parse.unquote(folder[1]) if folder else "")
    if not kind or cluster is None:
        return url
    if cluster.pooler is None:
        cluster.pooler = PgBouncer(cluster, kind)
    cluster.await_pooler(url)
    return cluster.pooler.url(url)


class Postgres:
    running = {}  # by folder

    def __init__(self, primary=None, **settings):
        """`primary`: it is a standby of that one, which has sent all that it has."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="meantime-pg-", dir="/tmp"))
        self.pooler = None
        self.running[str(self.folder)] = self
        # PostgreSQL refuses to run as root, so the cluster is another user's then.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "fsync": "off",  # the machine is not going to fail during a test
            "log_min_messages": "warning",
            **settings,
        }
        self.server = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self.folder.chmod(0o755)
        if primary is None:
            self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync")
        else:
            self._run("pg_basebackup", "-D", self.folder / "data", "-R", "-c", "fast", "--no-sync", "-d",
                      f"{primary.url()}&application_name={self.folder.name}")
        self.start()

    @classmethod
    def standby_of(cls, primary, **settings):
        return cls(primary, hot_standby="on", **settings)

    def make_synchronous(self, standby):
        """From now on a commit is acknowledged when the standby has it, too."""
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '\"{standby.folder.name}\"'")
        self.value("SELECT pg_reload_conf()")
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.value("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1":
            assert time.monotonic() < deadline, f"no standby is synchronous: {standby.log()}"
            time.sleep(0.05)

    def _as_owner(self):
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid} if os.geteuid() == 0 else {}

    def _run(self, name, *arguments):
        done = subprocess.run([binaries() / name, *map(str, arguments)], capture_output=True, text=True,
                              timeout=START_TIMEOUT_S, cwd="/tmp", **self._as_owner())
        assert done.returncode == 0, f"{name} failed: {done.stdout}{done.stderr}"

    def start(self):
        command = [str(binaries() / "postgres"), "-D", str(self.folder / "data")]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            with open(self.folder / "log", "ab") as log:
                self.server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/tmp", **self._as_owner())
            while self.server.poll() is None and time.monotonic() < deadline:
                if self._is_ready():
                    return
                time.sleep(0.02)
            # after kill -9 the old backends may need a moment to go and to leave their shared memory
            assert time.monotonic() < deadline, f"PostgreSQL does not start: {self.log()}"
            self.server.wait(START_TIMEOUT_S)
            time.sleep(0.1)

    def _is_ready(self):
        return subprocess.run([binaries() / "pg_isready", "-q", "-h", self.folder, "-p", self.settings["port"], "-U", "postgres"],
                              timeout=START_TIMEOUT_S).returncode == 0

    def await_pooler(self, url):
        """Once it has met a server that was away, PgBouncer refuses every client until it has found it again."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._can_connect(url) and not self._can_connect(self.pooler.url(url)) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _can_connect(self, url):
        return subprocess.run([binaries() / "psql", "-Xqc", "SELECT", url], timeout=START_TIMEOUT_S, capture_output=True,
                              cwd="/tmp").returncode == 0

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def url(self, database="postgres"):
        folder = urllib.parse.quote(str(self.folder), safe='')
        return f"postgresql://postgres@/{database}?host={folder}&port={self.settings['port']}"

    def execute(self, sql, database="postgres"):
        """Runs SQL by psql; returns the rows as lists of texts."""
        done = subprocess.run(
            [binaries() / "psql", "-XqAt", "-F", SEPARATOR, "-v", "ON_ERROR_STOP=1", "-f", "-", self.url(database)],
            input=sql, capture_output=True, text=True, timeout=START_TIMEOUT_S, cwd="/tmp")
        assert done.returncode == 0, f"psql failed: {done.stderr}"
        return [line.split(SEPARATOR) for line in done.stdout.splitlines()]

    def value(self, sql, database="postgres"):
        return self.execute(sql, database)[0][0]

    @contextlib.contextmanager
    def hold(self, sql, database="postgres"):
        """A transaction of its own in which the SQL was run, until the end of the with block."""
        with subprocess.Popen([binaries() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.url(database)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/tmp") as session:
            session.stdin.write(f"BEGIN;\n{sql};\n\\echo holds\n")
            session.stdin.flush()
            assert session.stdout.readline() == "holds\n"
            try:
                yield
            finally:
                session.stdin.close()

    def create_database(self, name, *files):
        """A new database with the SQL files loaded, in this order."""
        self.execute(f'CREATE DATABASE "{name}"')
        for file in files:
            # from the file's own folder: a schema file may name data relative to it
            done = subprocess.run([binaries() / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", file, self.url(name)],
                                  capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, f"{file}: {done.stderr}"
        return self.url(name)

    def at_work(self, service, words=""):
        """How many sessions of the service, and of no other, run a statement with the words, or are inside a transaction."""
        return int(self.value("SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' "
                              f"AND application_name = '{service.application}' AND query LIKE '%{words}%'"))

    def terminate_clients(self, database):
        """Ends every other session of the database; returns how many there were."""
        return int(self.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                              f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"))

    def stop(self, how=signal.SIGINT):
        """SIGINT: sessions are ended, orderly. SIGKILL: as a crash."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(how)
            self.server.wait(START_TIMEOUT_S)
        self.server = None

    def kill(self):
        """As if the machine had lost power: the backends go with the postmaster."""
        pid = self.server.pid
        backends = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.stop(signal.SIGKILL)
        for backend in backends:
            try:
                os.kill(int(backend), signal.SIGKILL)
            except ProcessLookupError:
                pass  # it saw its postmaster die

    def restart(self):
        self.stop()
        self.start()

    def destroy(self):
        del self.running[str(self.folder)]
        if self.pooler is not None:
            self.pooler.destroy()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
