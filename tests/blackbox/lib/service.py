"""The program itself: `meantime serve` as a process of the tests' own, and the other commands as plain calls."""

import contextlib
import itertools
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

from lib import http_client
from lib.postgres import behind_pooler

ROOT = pathlib.Path(__file__).resolve().parents[3]
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
# A busy machine is no fault: what a test does not wait for on purpose has more time than by default.
PATIENCE = ("--request-timeout-ms", "25000", "--connect-timeout-ms", "20000", "--read-timeout-ms", "30000",
            "--drain-timeout-ms", "40000", "--drain-idle-ms", "0")
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|runtime error:"
                              r"|Assertion .* failed")


def program():
    path = pathlib.Path(os.environ.get("MEANTIME_PROGRAM", ROOT / "build/release/meantime"))
    assert path.exists(), f"{path} is not there: build it, or name another by MEANTIME_PROGRAM"
    return str(path.resolve())


def clean_environment(**extra):
    """Nothing of the caller's may decide a test: neither its database nor its MEANTIME_ settings."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("MEANTIME_", "PG")) and name != "DATABASE_URL"}
    kept.setdefault("LSAN_OPTIONS", f"suppressions={ROOT}/tests/blackbox/lsan.supp:print_suppressions=0")
    kept["TSAN_OPTIONS"] = f"{kept.get('TSAN_OPTIONS', '')}:suppressions={ROOT}/tests/blackbox/tsan.supp"
    return {**kept, **extra}


def pooler_options(options):
    """What the kind of pooler that MEANTIME_POOLER names asks for, unless the test has a word on it."""
    kind = os.environ.get("MEANTIME_POOLER")
    return ["--db-pooler", kind] if kind and "--db-pooler" not in options else []


def direct_options(arguments):
    """A transaction pooler cannot listen: events come from PostgreSQL itself."""
    if os.environ.get("MEANTIME_POOLER") != "transaction" or "--database" not in arguments:
        return []
    return ["--events-database", arguments[arguments.index("--database") + 1]]


def by_way_of_pooler(arguments):
    """The same command line, with the database behind the pooler that is asked for."""
    there = [behind_pooler(each) if str(each).startswith("postgresql://") else each for each in arguments]
    if there == list(arguments):
        return there
    return there + pooler_options(there) + direct_options(list(arguments))


def run(*arguments, environment=None, timeout_s=START_TIMEOUT_S, cwd=ROOT):
    """Runs a command of the program that ends by itself."""
    arguments = by_way_of_pooler(arguments)
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s,
                          env=clean_environment(**(environment or {})), cwd=cwd)
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr
    assert done.returncode >= 0, f"died of signal {-done.returncode}: {done.stderr}"
    return done


numbers = itertools.count(1)


class Service:
    """A running service. Its stop() is a test of its own: exit status 0, and no sanitizer has said anything."""

    def __init__(self, database, endpoints, mode, *options, listen="127.0.0.1:0", environment=None, wrapper=(), pass_fds=()):
        self.mode = mode
        self.is_terminated = False
        self.application = f"service-{os.getpid()}-{next(numbers)}"  # the name of its sessions
        self._stderr = tempfile.NamedTemporaryFile(prefix="meantime-stderr-", mode="w+", errors="replace")
        self.lines = []  # of stdout
        self._line_came = threading.Condition()
        self.process = subprocess.Popen(
            [*wrapper, program(), "serve", "--mode", mode, "--listen", listen, "--endpoints", str(endpoints), *PATIENCE,
             *map(str, by_way_of_pooler(["--database", database, *options]))],
            stdout=subprocess.PIPE, stderr=self._stderr, text=True, cwd=ROOT,
            pass_fds=pass_fds, env=clean_environment(**{"PGAPPNAME": self.application, **(environment or {})}))
        self._reader = threading.Thread(target=self._read_lines, daemon=True)
        self._reader.start()
        try:
            self.address = self._await_address("serving")  # None: it is no address of IPv4
        except BaseException:
            self.kill()
            raise

    def _read_lines(self):
        for line in self.process.stdout:
            with self._line_came:
                self.lines.append(line.rstrip("\n"))
                self._line_came.notify_all()
        with self._line_came:
            self.lines.append(None)
            self._line_came.notify_all()

    def _await_address(self, what):
        pattern = re.compile(rf"meantime: {what} (?:http://([0-9.]+):(\d+)|unix:)")

        def found():
            return any(line is None or pattern.match(line) for line in self.lines)

        with self._line_came:
            assert self._line_came.wait_for(found, START_TIMEOUT_S), f"no line 'meantime: {what} ...': {self.log()}"
            for line in self.lines:
                match = line is not None and pattern.match(line)
                if match:
                    return (match[1], int(match[2])) if match[1] else None
        raise AssertionError(f"ended without the line 'meantime: {what} ...':\n{self.log()}")

    @property
    def admin_address(self):
        return self._await_address("admin")

    def log(self):
        self._stderr.flush()
        return pathlib.Path(self._stderr.name).read_text(errors="replace")

    def log_contains(self, words, timeout_s=10):
        return wait_until(lambda: words in self.log(), timeout_s)

    # Requests

    def connect(self, **options):
        return http_client.Connection(self.address, **options)

    def request(self, method, path, body=None, headers=(), **options):
        response = http_client.request(self.address, method, path, body, headers, **options)
        check_sound(response, method)
        return response

    def get(self, path, headers=(), **options):
        return self.request("GET", path, None, headers, **options)

    def get_in_time(self, path):
        """The first answer that the deadline let come: a short one passes now and then on a busy machine."""
        answer = None

        def is_in_time():
            nonlocal answer
            answer = self.get(path)
            return answer.status not in (503, 504)

        assert wait_until(is_in_time, 60), answer
        return answer

    def raw(self, data, method="GET"):
        return http_client.exchange_raw(self.address, data, method)

    def metric(self, name):
        """What the admin port says of meantime_NAME, its labels included."""
        text = http_client.request(self.admin_address, "GET", "/metrics").body.decode()
        return float(re.search(rf"^meantime_{re.escape(name)} (\S+)$", text, re.M)[1])

    # The process

    def memory_bytes(self):
        """What is resident."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def paused(self):
        """While it stands still requests arrive; it finds all of them in one turn of its loop."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    # The end

    def terminate(self):
        """Once: a second SIGTERM would end the service at once."""
        if not self.is_terminated and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.is_terminated = True

    def wait_for_exit(self, timeout_s=STOP_TIMEOUT_S):
        self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return self.process.returncode

    def stop(self):
        if self._stderr.closed:
            return  # stopped, and looked at, before
        self.terminate()
        try:
            status = self.wait_for_exit()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {STOP_TIMEOUT_S} s of SIGTERM:\n{self.log()[-3000:]}") from None
        log = self.log()
        self._stderr.close()
        assert not SANITIZER_REPORT.search(log), log[-20000:]
        assert status == 0, f"exit status {status}:\n{log[-3000:]}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()


def wait_until(is_so, timeout_s=30):
    """True as soon as it is so; False when it is not within the time."""
    began = time.monotonic()
    while (passed_s := time.monotonic() - began) < timeout_s:
        if is_so():
            return True
        time.sleep(max(0.02, passed_s / 10))  # asking may start a psql, which takes what others wait for
    return is_so()


def check_sound(response, method="GET"):
    """What holds for every response of the service, whatever was asked."""
    assert response.version == "HTTP/1.1"
    assert response.header("server") is None, "tells the world which server it is"
    assert response.header("x-content-type-options") == "nosniff"
    assert response.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'"
    if response.status in (204, 304):
        assert response.header("content-length") is None and response.header("content-type") is None
    elif not response.is_chunked:
        assert response.header("content-length") is not None, f"no Content-Length: {response}"
        if method != "HEAD":
            assert int(response.header("content-length")) == len(response.body)
    if response.status >= 400 and method != "HEAD":
        check_problem(response)
    if response.status in (503,):
        assert re.fullmatch(r"[1-9][0-9]*", response.header("retry-after") or ""), "503 without Retry-After"


def check_problem(response):
    """RFC 9457: what every error's body looks like."""
    assert response.header("content-type") == "application/problem+json", response
    problem = response.json
    assert set(problem) >= {"type", "title", "status", "detail"}, problem
    assert set(problem) <= {"type", "title", "status", "detail", "hint", "sqlstate"}, problem
    assert problem["status"] == response.status, problem
    assert all(isinstance(problem[name], str) and problem[name] for name in ("type", "title", "detail")), problem
    return problem


def assert_problem(response, status, *words, sqlstate=None):
    """The status, a sound problem, and a detail that names all of `words`."""
    assert response.status == status, response
    problem = check_problem(response)
    for word in words:
        assert word in problem["detail"], f"{word!r} is not named in {problem['detail']!r}"
    if sqlstate is not None:
        assert problem.get("sqlstate") == sqlstate, problem
    return problem
