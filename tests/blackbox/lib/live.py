"""What the tests of live events share: tables, endpoints, a service, and what a stream has shown."""

import contextlib

import pytest

from lib.events import EventStream
from lib.service import wait_until

SCHEMA = """
CREATE TABLE entry (id int PRIMARY KEY, room text NOT NULL, words text);
INSERT INTO entry VALUES (1, 'red', 'one'), (2, 'red', 'two'), (3, 'blue', 'three');
CREATE FUNCTION gate() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_advisory_xact_lock_shared(4812)';
CREATE TYPE mood AS ENUM ('calm', 'wild');
"""

ENDPOINTS = """
-- name: entries_live :many
-- route: GET /entries/live
-- events: entries
SELECT id, words FROM entry ORDER BY id;

-- name: room_live :many
-- route: GET /rooms/{room}/live
-- events: room_{room}
SELECT id, words FROM entry WHERE room = :room ORDER BY id;

-- name: entry_live :one
-- route: GET /entries/{id}/live
-- events: Entry_{id}
SELECT id, words FROM entry WHERE id = :id;

-- name: gated_live :many
-- route: GET /gated/live
-- events: gated
SELECT id, gate() AS passed FROM entry ORDER BY id LIMIT 1;

-- name: mixed_live :many
-- route: GET /mixed/live
-- events: mixed_{number}_in_{key}_with_{mood}
-- param: mood = null
SELECT :number::bigint AS number, :key::uuid AS key, :mood::mood AS mood;

-- name: capped_live :many
-- route: GET /capped/live
-- events: capped
-- max-rows: 2
SELECT id FROM entry ORDER BY id;

-- name: text_live :one
-- route: GET /text/live
-- events: texts
SELECT E'{"a":\\n\\n1}'::json AS raw, E'x\\r\\n\\nid: 7' AS words;
"""


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "endpoints"
    path.mkdir()
    (path / "live.sql").write_text(ENDPOINTS)
    return path


@pytest.fixture
def start(serve, live_url, folder):
    return lambda *options, **more: serve("--admin", "127.0.0.1:0", *options,
                                          **{"endpoints": folder, "url": live_url, **more})


@pytest.fixture
def follow(start, mode):
    """A service whose subscribers hear of changes, and a way to subscribe that closes what it has opened."""
    if mode != "async":
        pytest.skip("in the other modes a stream ends with its snapshot")
    with contextlib.ExitStack() as opened:

        def subscribe(service, path="/entries/live", *more, **options):
            return opened.enter_context(EventStream(service, path, *more, **options))

        yield lambda *options, **more: (start(*options, **more), subscribe)


def await_subscribers(service, count):
    """The metrics are a moment old: a test waits for a number before it changes it."""
    assert wait_until(lambda: service.metric("event_subscribers") == count, 60), service.metric("event_subscribers")


def shown(events):
    return [(event.name, event.data) for event in events]


ALL = '[{"id":1,"words":"one"},{"id":2,"words":"two"},{"id":3,"words":"three"}]'


def terminate_listener(postgres, service):
    """Of a service whose only session with LISTEN as its last words it is."""
    return int(postgres.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
                              f"'{service.application}' AND query LIKE 'LISTEN%'"))
