"""Editions of the endpoints: a folder that says which one it is, and what is under way while they change."""

import signal
import threading
import uuid

from lib.service import wait_until

# What an edition says is its number; a slow request, a stream and a write are under way while editions change.
FILE = """
-- name: edition :one
-- route: GET /edition
SELECT {number}::integer AS edition;

-- name: echo :one
-- route: GET /echo/{{value}}
SELECT :value::integer AS value, {number}::integer AS edition;

-- name: slow :one
-- route: GET /slow/{{ms}}
SELECT :ms::integer AS ms, {number}::integer AS edition FROM pg_sleep(:ms::integer / 1000.0);

-- name: write :one
-- route: POST /written
-- status: 201
INSERT INTO item (name) VALUES (:name) RETURNING name, {number}::integer AS edition;

-- name: rows :many
-- route: GET /rows/{{count}}
-- stream
SELECT i, {number}::integer AS edition, repeat('x', 200) AS filling FROM generate_series(1, :count::integer) AS i;
"""

EXTRA = """
-- name: extra_{number} :one
-- route: GET /extra/{number}
SELECT {number}::integer AS extra;
"""


class Folder:
    """A folder of endpoint files; an edition is written whole before the service hears of it."""

    def __init__(self, path):
        self.path = path
        self.file = path / "endpoints.sql"
        self.write(1)

    def write(self, number, more=""):
        self.file.write_text(FILE.format(number=number) + more)


def hang_up(service):
    service.process.send_signal(signal.SIGHUP)


def count_in_log(service, words):
    return service.log().count(words)


def reload(service, words="reloaded: "):
    """Until the log says what came of it."""
    before = count_in_log(service, words)
    hang_up(service)
    assert wait_until(lambda: count_in_log(service, words) > before), service.log()[-2000:]


def edition_of(service):
    return service.get("/edition").json["edition"]


class Load:
    """Requests of every kind without a pause, until the end of the with block; what was wrong with any of them."""

    def __init__(self, service, clients=4):
        self.service, self.wrong, self.answered, self.newest = service, [], 0, 0
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self):
        try:
            with self.service.connect() as connection:
                while not self.is_over.is_set():
                    self._ask(connection)
        except Exception as failure:
            self.wrong.append(f"{type(failure).__name__}: {failure}")

    def _ask(self, connection):
        value, name = self.answered % 1000, str(uuid.uuid4())
        for method, path, body, status, expected in (
                ("GET", f"/echo/{value}", None, 200, {"value": value}),
                ("GET", "/edition", None, 200, {}),
                ("GET", "/slow/5", None, 200, {"ms": 5}),
                ("POST", "/written", {"name": name}, 201, {"name": name})):
            answer = connection.request(method, path, body)
            if answer.status != status or not expected.items() <= answer.json.items():
                self.wrong.append(repr(answer))
            else:
                self.newest = max(self.newest, answer.json["edition"])
            self.answered += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
