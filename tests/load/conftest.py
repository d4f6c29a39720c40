"""What the tests share: servers that take exactly the time they are told, and a way to run meantime-load against them.

MEANTIME_LOAD names the program, TRUTH_SERVER the server (tests/lib/truth_server.c), MEANTIME_PROGRAM the service,
MEANTIME_SLOW=1 says that they were built with sanitizers. MEANTIME_TAKEN names a folder in which runs that go side by
side take the files.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests/blackbox"))

from lib.share import run_taken  # noqa: E402

LONGEST_S = 120


def program(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        raise pytest.UsageError(f"{variable} must name a program; got {path!r}")
    return path


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    return run_taken(session)


class Truth:
    """A running truth_server; `log` is what it was asked, a line a request."""

    def __init__(self, *options):
        self.log = pathlib.Path(tempfile.mkstemp(prefix="truth-")[1])
        self.process = subprocess.Popen([program("TRUTH_SERVER"), "--log", self.log, *options], stdout=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        assert line.startswith("truth: serving "), line
        self.url = line.split()[-1]

    def asked(self):
        """[(method and target, X-Mark, body, Host, Content-Length)] in their order."""
        return [tuple(line.split("\t")) for line in self.log.read_text().splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
        self.log.unlink()


@pytest.fixture(scope="session")
def overlapped():
    server = Truth()
    yield server.url
    server.stop()


@pytest.fixture
def queueing():
    """One request at a time, over all connections."""
    server = Truth("--one-at-a-time")
    yield server.url
    server.stop()


@pytest.fixture
def truth():
    """A server of one's own, that may be harmed."""
    server = Truth()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def is_slow():
    return os.environ.get("MEANTIME_SLOW", "") not in ("", "0")


class Run:
    """One run of meantime-load, with all it wrote."""

    def __init__(self, status, out, said, folder):
        self.status, self.out, self.said = status, out, said
        report = folder / "report.json"
        self.report = json.loads(report.read_text()) if report.exists() and report.stat().st_size else None
        rows = folder / "rows.ndjson"
        self.rows = [json.loads(line) for line in rows.read_text().splitlines()] if rows.exists() else []

    @property
    def load(self):
        assert len(self.report["loads"]) == 1
        return self.report["loads"][0]

    @property
    def measured(self):
        """The rows of the window."""
        return [row for row in self.rows if not row["is_warmup"]]


@pytest.fixture
def meantime_load(tmp_path):
    def run(*words, expect=0, timeout=LONGEST_S, outputs=True):
        folder = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
        line = [program("MEANTIME_LOAD"), *map(str, words)]
        if outputs:
            line += ["--json", folder / "report.json"]
        if outputs and words[0] not in ("diff", "loop", "queue"):
            line += ["--ndjson", folder / "rows.ndjson"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=timeout)
        if expect is not None:
            assert done.returncode == expect, f"exit status {done.returncode}: {done.stdout}{done.stderr}"
        return Run(done.returncode, done.stdout, done.stderr, folder)

    return run


@pytest.fixture
def start_load(tmp_path):
    """Starts a run; finish(process) waits for it and returns the Run. For signals and dying servers."""
    started = []

    def start(*words):
        folder = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
        line = [program("MEANTIME_LOAD"), *map(str, words), "--json", folder / "report.json", "--ndjson",
                folder / "rows.ndjson"]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)

        def finish(timeout=30):
            out, said = process.communicate(timeout=timeout)
            return Run(process.returncode, out, said, folder)

        return process, finish

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()


def sometimes(attempts):
    """A time is right, unless the machine was busy elsewhere: the check may be repeated, with a fresh measurement."""

    def decorate(test):
        import functools

        @functools.wraps(test)
        def repeat(*args, **kwargs):
            for left in reversed(range(attempts)):
                try:
                    return test(*args, **kwargs)
                except AssertionError:
                    if left == 0:
                        raise

        return repeat

    return decorate
