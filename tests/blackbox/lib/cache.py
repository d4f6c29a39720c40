"""What the tests of kept answers share: how often a query ran, and many requests at once."""

import itertools
import time

import pytest

from lib.service import wait_until


class Counter:
    """How often PostgreSQL has run counted(TAG), by its own log: a GET cannot write a count."""

    def __init__(self, postgres):
        self.postgres = postgres

    def __call__(self, tag):
        return (self.postgres.folder / "log").read_text(errors="replace").count(f"counted {tag}\n")


def at_once(service, count, path, headers=()):
    """Sends so many requests, each on a connection of its own, before the first response is read."""
    connections = [service.connect() for _ in range(count)]
    request = f"GET {path} HTTP/1.1\r\nHost: test\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers)
    for connection in connections:
        connection.send(f"{request}\r\n".encode())
    return connections


def responses_of(connections):
    try:
        return [connection.read_response() for connection in connections]
    finally:
        for connection in connections:
            connection.close()




SCHEMA = """
CREATE TABLE thing (id int PRIMARY KEY, words text, changed_at timestamptz NOT NULL DEFAULT '2026-01-02 03:04:05Z');
INSERT INTO thing VALUES (1, 'one'), (2, 'two');
CREATE FUNCTION counted(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RAISE LOG 'counted %', what;
	PERFORM FROM pg_advisory_xact_lock_shared(4813);
	RETURN what;
END $$;
CREATE FUNCTION share(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1 / n; END';
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NOTIFY meantime_cache, 'thing';
	RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON thing FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE ROLE reader;
CREATE ROLE writer;
GRANT reader, writer TO CURRENT_USER;
GRANT SELECT ON thing TO reader, writer;
"""

ENDPOINTS = """
-- name: thing :one
-- route: GET /things/{id}
-- cache: 3600s stale 3600s
SELECT id, words, counted(:tag) IS NULL AS x FROM thing WHERE id = :id;

-- name: things :many
-- route: GET /things
-- cache: 3600s
-- etag
-- max-rows: 1
-- param: tag = 'all'
SELECT id, words, (SELECT counted(:tag)) AS tag FROM thing ORDER BY id;

-- name: briefly :one
-- route: GET /briefly
-- cache: 1ms
SELECT words, counted(:tag) AS tag FROM thing WHERE id = 1;

-- name: stale :one
-- route: GET /stale
-- cache: 1ms stale 3600s
SELECT words, counted(:tag) AS tag FROM thing WHERE id = 1;

-- name: failing :one
-- route: GET /failing
-- cache: 3600s
SELECT counted(:tag) AS tag, share(:n) AS n;

-- name: both
-- route: GET /both
-- cache: 3600s
-- gather: first :one
SELECT counted(:tag) AS tag;
-- gather: second :one
-- optional
SELECT 1 / :n::int AS n;

-- name: stepped
-- route: GET /stepped
-- cache: 3600s
-- step: first :one
SELECT counted(:tag) AS tag;
-- step: second :many
SELECT id FROM thing ORDER BY id;

-- name: large :many
-- route: GET /large
-- cache: 3600s
-- etag
SELECT id, repeat('x', 500) AS words, (SELECT counted(:tag)) AS tag FROM generate_series(1, 20) AS id;

-- name: asked :one
-- route: GET /asked
-- cache: 3600s
-- param: agent = header user-agent
-- param: colour = cookie colour
SELECT counted(:tag) AS tag, :agent::text AS agent, :colour::text AS colour;

-- name: pathed :one
-- route: GET /pathed/{id}
-- cache: 3600s
-- settings: path, method
SELECT counted(:tag) AS tag, :id::bool AS id, current_setting('request.path') AS path;

-- name: picture :one
-- route: GET /picture
-- cache: 3600s
-- content-type: text/x-picture
-- header: x-note = column note
SELECT words, counted(:tag) AS note FROM thing WHERE id = 1;

-- name: dated :one
-- route: GET /dated
-- cache: 3600s
-- last-modified: changed_at
-- cache-control: max-age=5
SELECT counted(:tag) AS tag, changed_at FROM thing WHERE id = 1;

-- name: limited :one
-- route: GET /limited
-- cache: 3600s
-- rate: 1000/hour by address
SELECT counted(:tag) AS tag;

-- name: uncached :one
-- route: GET /uncached
SELECT words FROM thing WHERE id = 1;

-- name: change :exec
-- route: PUT /things/{id}
UPDATE thing SET words = :words WHERE id = :id;
"""

LOCKED = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(4813); END $$"  # no counted() ends meanwhile
tags = itertools.count(1)


@pytest.fixture(scope="session")
def cache_url(postgres):
    if postgres.value("SELECT count(*) FROM pg_database WHERE datname = 'cached'") == "0":
        postgres.execute("CREATE DATABASE cached")
        postgres.execute(SCHEMA, "cached")
    return postgres.url("cached")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "endpoints"
    path.mkdir()
    (path / "cached.sql").write_text(ENDPOINTS)
    return path


@pytest.fixture
def start(serve, cache_url, folder):
    def begin(*options, **more):
        service = serve("--admin", "127.0.0.1:0", *options, **{"endpoints": folder, "url": cache_url, **more})
        await_listener(service)
        return service

    return begin


def await_listener(service):
    """Once it hears, it forgets what it kept before."""
    assert wait_until(lambda: service.metric("cache_listening") == 1)


@pytest.fixture
def counted(postgres):
    return Counter(postgres)


def fresh_tag():
    return f"t{next(tags)}_{time.monotonic_ns()}"


def status_of(response):
    return response.header("cache-status")
