"""queue: each item is processed once, by the synchronous program and by producers and a consumer; and services that are
not as they should be."""

import http.server
import itertools
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from lib.postgres import Postgres
from lib.service import Service, run, wait_until
from test_format import ITEMS, documented

QUICK = ["--items", 5, "--make", "2ms", "--process", "1ms"]


@pytest.fixture(scope="module")
def queue_database():
    assert os.access(os.environ["MEANTIME_PROGRAM"], os.X_OK)
    cluster = Postgres()
    url = cluster.create_database("queue")
    assert run("migrate", "--database", url).returncode == 0
    yield url
    cluster.destroy()


@pytest.fixture(scope="module", params=["async", "threads", "sync"])
def service(request, queue_database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("endpoints")
    (folder / "one.sql").write_text("-- name: one :one\n-- route: GET /one\nSELECT 1 AS one;\n")
    with Service(queue_database, folder, request.param, "--queue", "on") as running:
        assert wait_until(lambda: running.get("/queues/any").status == 404), running.log()
        yield running


def url_of(service):
    return f"http://{service.address[0]}:{service.address[1]}"


def words(run):
    return " ".join(run.out.split())


def test_every_item_is_processed_once(meantime_load, service, tmp_path):
    page = tmp_path / "page.html"
    done = meantime_load("queue", *QUICK, "--html", page, url_of(service), expect=None)
    assert done.status in (0, 3), done.out + done.said  # 3: the machine was busy, and its sleeps were late
    alone, joined = done.report["items"]
    assert set(alone) == set(joined) == documented(ITEMS.split("\n", 1)[1])
    assert (alone["name"], alone["producers"], joined["name"], joined["producers"]) == ("synchronous", 0, "queue", 2)
    for each in (alone, joined):
        assert (each["count"], each["done"], each["again"]) == (10, 10, 0)
        assert len(each["waits_ms"]) == 10 and all(wait > 0 for wait in each["waits_ms"])
        assert each["first_ms"] == each["waits_ms"][0] and each["last_ms"] == each["waits_ms"][-1]
        assert each["max_ms"] == max(each["waits_ms"])
    # the first one waits until all the others are made, which cannot take less than they sleep
    assert alone["first_ms"] >= 9 * 2 and alone["seconds"] >= (10 * 2 + 10 * 1) / 1e3
    assert (joined["said"] is not None) == (service.mode == "sync")
    if service.mode == "sync":
        assert "A claim cannot wait here, so the consumer asks every 20 ms" in words(done) and "--mode async" in words(done)
    text = page.read_text()
    assert text.count('data-kind="items"') == 2 and text.count('<rect class="q"') == text.count('<rect class="d"') == 20
    assert "20.49 s" in text and "20.49 s" in done.out


def test_nothing_is_left_in_the_queue(meantime_load, service, queue_database):
    meantime_load("queue", *QUICK, url_of(service), expect=None)
    count = ["psql", "-XqAtc", "SELECT count(*) FROM meantime_queue.job", queue_database]
    assert wait_until(lambda: subprocess.run(count, capture_output=True, text=True).stdout == "0\n")


def test_an_interrupt_ends_with_what_there_is(service):
    line = [os.environ["MEANTIME_LOAD"], "queue", "--items", "1000", "--make", "2ms", "--process", "1ms", "--json", "-",
            url_of(service)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == 0 or "not sound" in said, said
    assert report["is_interrupted"] and 0 < len(report["items"]) <= 2
    assert report["items"][-1]["done"] < report["items"][-1]["count"]


# Services that are not as they should be

class Wrong(http.server.BaseHTTPRequestHandler):
    """A queue in memory; `fault` says what is wrong with it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        with server.lock:
            if self.path.endswith("/jobs"):
                server.jobs.append(json.loads(body)["payload"])
                self.answer(server.made, {"ids": [len(server.jobs)]})
            elif "/claim" in self.path:
                self.answer(200, server.claim())
            else:
                self.answer(server.acked, None)

    def answer(self, status, body):
        text = b"" if body is None else json.dumps(body).encode() if not isinstance(body, bytes) else body
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fault):
        super().__init__(("127.0.0.1", 0), Wrong)
        self.lock, self.jobs, self.fault, self.numbers = threading.Lock(), [], fault, itertools.count(1)
        self.made = 500 if fault == "makes nothing" else 201
        self.acked = 409 if fault == "acks nothing" else 204
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def claim(self):
        if self.fault == "gives rubbish":
            return b"["
        if self.fault == "gives another's":
            return [{"id": 1, "token": "1-1", "payload": "theirs"}]
        if not self.jobs:
            return []
        payload = self.jobs.pop(0)
        if self.fault == "loses one" and payload == 3:
            return []
        if self.fault == "gives one twice" and payload == 3 and not getattr(self, "is_given", False):
            self.is_given = True
            self.jobs.insert(0, payload)
        return [{"id": next(self.numbers), "token": "1-1", "payload": payload}]


@pytest.fixture
def wrong():
    servers = []

    def start(fault):
        servers.append(Server(fault))
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("fault, sentence", [
    ("loses one", "synchronous: 1 of 10 items were not processed."),
    ("gives one twice", "synchronous: items were given again, 1 times."),
])
def test_an_item_that_is_lost_or_given_twice_is_a_failure(meantime_load, wrong, fault, sentence):
    done = meantime_load("queue", *QUICK, "--timeout", "500ms", wrong(fault), expect=1)
    assert sentence in words(done) and "The first item waits" not in done.out


@pytest.mark.parametrize("fault, said", [
    ("makes nothing", "was answered 500"), ("acks nothing", "/ack was answered 409"), ("gives rubbish", "was answered 200"),
    ("gives another's", "gave a job that is none of this run"),
])
def test_a_service_that_is_wrong_is_named(meantime_load, wrong, fault, said):
    done = meantime_load("queue", *QUICK, wrong(fault), expect=2, outputs=False)
    assert said in done.said and "/queues/meantime-load-" in done.said


def test_a_server_without_queues(meantime_load, truth):
    assert "/jobs was answered 200" in meantime_load("queue", *QUICK, truth.url, expect=2, outputs=False).said


def test_a_server_that_is_not_there(meantime_load):
    assert "Connection refused" in meantime_load("queue", *QUICK, "http://127.0.0.1:1", expect=2, outputs=False).said


@pytest.mark.parametrize("options, said", [
    (["--items", 0], "--items"), (["--make", "x"], "--make"), (["--rate", 5], "--rate"), (["-H", "none"], "NAME: VALUE"),
    (["--header", "a: b\r\nc: d"], "NAME: VALUE"),
])
def test_options_that_are_wrong(meantime_load, options, said):
    assert said in meantime_load("queue", *options, "http://127.0.0.1:1", expect=2, outputs=False).said


def test_the_path_has_its_bound(meantime_load):
    assert "the path is too long" in meantime_load("queue", "http://127.0.0.1:1/" + "x" * 200, expect=2, outputs=False).said
