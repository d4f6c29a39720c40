"""PgBouncer in front of a cluster of the tests: unix socket, no TCP port, every database and every role of the cluster."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

START_TIMEOUT_S = 60


def program():
    path = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    assert path, "there is no pgbouncer: apt-get install pgbouncer"
    return path


class PgBouncer:
    def __init__(self, cluster, pool_mode, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="meantime-pool-", dir="/tmp"))
        # PgBouncer refuses to run as root
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        (self.folder / "users").write_text('"postgres" ""\n')
        all_settings = {
            "pool_mode": pool_mode,
            "listen_addr": "",
            "listen_port": "6432",
            "unix_socket_dir": str(self.folder),
            "auth_type": "trust",
            "auth_file": str(self.folder / "users"),
            "auth_user": "postgres",
            "auth_query": "SELECT usename, passwd FROM pg_shadow WHERE usename = $1",
            "max_client_conn": "1000",
            "default_pool_size": "100",
            # a test may stop its PostgreSQL: the next client is to find it again at once
            "server_login_retry": "0.2",
            # and a client does not wait for it: what cannot be reached is a 503
            "query_wait_timeout": "2",
            **settings,
        }
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={cluster.folder} port={cluster.settings['port']} auth_user=postgres\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in all_settings.items()))
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self.folder.chmod(0o755)
        self.socket = self.folder / f".s.PGSQL.{all_settings['listen_port']}"
        self.start()

    def start(self):
        owner = {}
        if os.geteuid() == 0:
            owner = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid}
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([program(), str(self.folder / "pgbouncer.ini")], stdout=log, stderr=log,
                                            cwd="/tmp", **owner)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            assert self.process.poll() is None and time.monotonic() < deadline, f"PgBouncer does not start: {self.log()}"
            time.sleep(0.02)

    def _is_ready(self):
        """The file is there a moment before PgBouncer listens."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def restart(self):
        """As a crash does it."""
        self.process.kill()
        self.process.wait(START_TIMEOUT_S)
        self.socket.unlink(missing_ok=True)
        self.start()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def url(self, url):
        """The same database, by way of the pooler."""
        parts = urllib.parse.urlsplit(url)
        query = urllib.parse.parse_qs(parts.query)
        query.update(host=[str(self.folder)], port=[self.socket.name.rsplit(".", 1)[1]])
        return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query, doseq=True)))

    def destroy(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(START_TIMEOUT_S)
        shutil.rmtree(self.folder, ignore_errors=True)
