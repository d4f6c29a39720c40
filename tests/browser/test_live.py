"""Live events of the sample service in a real browser's EventSource, on a page of another origin."""

import http.server
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

BLACKBOX = pathlib.Path(__file__).resolve().parents[1] / "blackbox"
sys.path.insert(0, str(BLACKBOX))

from lib.postgres import Postgres  # noqa: E402
from lib.service import ROOT, Service  # noqa: E402

PATIENCE_S = 60

PAGE = b"""<!doctype html><title>live</title><script>
const heard = [], states = []
function follow(url) {
	const live = new EventSource(url)
	live.onopen = () => states.push('open')
	live.onerror = () => states.push(live.readyState === EventSource.CLOSED ? 'closed' : 'connecting')
	for (const name of ['snapshot', 'change', 'gap'])
		live.addEventListener(name, (event) => heard.push([name, event.data, event.lastEventId]))
	live.onmessage = (event) => heard.push(['message', event.data, event.lastEventId])
}
</script>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


@pytest.fixture
def origin():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def postgres():
    cluster = Postgres()
    cluster.execute("CREATE DATABASE atlas")
    url = cluster.url("atlas")
    done = subprocess.run([ROOT / "scripts/load", url], env={**os.environ, "DATABASE_URL": url}, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    yield cluster
    cluster.destroy()


class Live:
    def __init__(self, browser, origin, service):
        self.browser = browser
        host, port = service.address
        browser.get(origin + "/")
        browser.execute_script("follow(arguments[0])", f"http://{host}:{port}/notes/live")

    def heard(self, count):
        """The first so many events, once they are there."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            heard = self.browser.execute_script("return heard")
            if len(heard) >= count:
                return [tuple(each) for each in heard]
            time.sleep(0.05)
        raise AssertionError(f"{self.browser.execute_script('return [heard, states]')}")


@pytest.fixture
def serve(postgres, origin):
    services = []

    def start(mode="async", listen="127.0.0.1:0"):
        services.append(Service(postgres.url("atlas"), ROOT / "config/endpoints", mode, "--cors-origins", origin, listen=listen))
        return services[-1]

    yield start
    for service in services:
        service.stop()


def add_note(service, body):
    return service.request("POST", "/notes", {"country": "DE", "body": body}).json["id"]


def test_a_page_hears_what_happens(browser, origin, serve):
    service = serve()
    live = Live(browser, origin, service)
    assert [name for name, _, _ in live.heard(1)] == ["snapshot"]
    number = add_note(service, "live")
    assert service.request("DELETE", f"/notes/{number}").status == 204
    heard = live.heard(3)
    assert [(name, data) for name, data, _ in heard[1:]] == [
        ("change", f'{{"what" : "insert", "id" : {number}}}'), ("change", f'{{"what" : "delete", "id" : {number}}}')]
    assert len({last_id for _, _, last_id in heard}) == 3


def test_a_page_comes_back_by_itself_without_a_gap(browser, origin, serve, postgres):
    service = serve()
    live = Live(browser, origin, service)
    live.heard(1)
    service.process.send_signal(signal.SIGHUP)  # it ends the streams of the edition before
    number = add_note(service, "meanwhile")
    heard = live.heard(2)
    assert [name for name, _, _ in heard] == ["snapshot", "change"] and f'"id" : {number}' in heard[1][1]


def test_a_page_hears_of_the_gap_of_another_start(browser, origin, serve):
    service = serve()
    live = Live(browser, origin, service)
    live.heard(1)
    host, port = service.address
    service.stop()
    serve(listen=f"{host}:{port}")
    assert [name for name, _, _ in live.heard(3)] == ["snapshot", "gap", "snapshot"]


def test_elsewhere_a_page_takes_snapshots(browser, origin, serve):
    live = Live(browser, origin, serve(mode="threads"))
    assert [name for name, _, _ in live.heard(2)] == ["snapshot", "snapshot"]
