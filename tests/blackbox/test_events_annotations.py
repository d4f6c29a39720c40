"""`-- events:` in endpoint files: what does not fit is told, and OpenAPI says what comes."""

import pytest

from lib.live import folder, start  # noqa: F401
from lib.service import run


def checked(folder, sql, url, *options):
    (folder / "live.sql").write_text(sql)
    return run("check", "--database", url, "--endpoints", folder, *options)


LIVE = "-- name: live :many\n-- route: GET /live\n"


@pytest.mark.parametrize("sql, words", [
    (LIVE + "-- events:\nSELECT 1 AS one;", "`-- events:` must be the name of a channel"),
    (LIVE + "-- events: {id}\nSELECT :id::int AS id;", "must begin with a letter or _"),
    (LIVE + "-- events: a{id}{n}\nSELECT :id::int AS id, :n::int AS n;", "a literal before each {parameter}"),
    (LIVE + "-- events: a b\nSELECT 1 AS one;", "no blanks"),
    (LIVE + "-- events: a{id}\nSELECT 1 AS one;", "a parameter that the SQL does not use: id"),
    (LIVE + "-- events: a{id}\nSELECT :id::numeric AS id;", "must be an integer, a uuid, a text or an enum, not numeric"),
    (LIVE + "-- events: a{id}\nSELECT :id::text[] AS id;", "must be an integer, a uuid, a text or an enum, not text[]"),
    (LIVE + "-- events: a{b}_{c}\nSELECT :b::text AS b, :c::text AS c;", "2 parameters that are texts"),
    (LIVE + "-- events: a{b}-{c}\nSELECT :b::int AS b, :c::int AS c;", "no digit and no hyphen between"),
    (LIVE + "-- events: " + "x" * 64 + "\nSELECT 1 AS one;", "longer than 63 bytes"),
    (LIVE + "-- events: a\n-- stream\nSELECT 1 AS one;", "a snapshot is sent as one event"),
    (LIVE + "-- events: a\n-- etag\nSELECT 1 AS one;", "has no version"),
    (LIVE + "-- events: a\n-- cache-control: no-cache\nSELECT 1 AS one;", "no cache keeps"),
    (LIVE + "-- events: a\n-- status: 201\nSELECT 1 AS one;", "is a 200"),
    (LIVE + "-- events: a\n-- events: b\nSELECT 1 AS one;", "a second `-- events:`"),
    ("-- name: live :many\n-- route: POST /live\n-- events: a\nSELECT 1 AS one;", "on GET only"),
    ("-- name: live :exec\n-- route: GET /live\n-- events: a\nSELECT 1 AS one;", "for :one and :many"),
])
def test_what_does_not_fit_is_told(live_url, folder, sql, words):
    done = checked(folder, sql, live_url)
    assert done.returncode == 1 and words in done.stderr and "live.sql:" in done.stderr, done.stderr


def test_a_transaction_pooler_is_refused(live_url, folder):
    good = LIVE + "-- events: a\nSELECT 1 AS one;"
    if "MEANTIME_POOLER" in __import__("os").environ:
        pytest.skip("the test says itself what stands in front")
    done = checked(folder, good, live_url, "--db-pooler", "transaction")
    assert done.returncode == 1 and "live.sql:3" in done.stderr and "--events-database" in done.stderr, done.stderr
    assert checked(folder, good, live_url, "--db-pooler", "transaction", "--events-database", live_url).returncode == 0
    assert checked(folder, good, live_url, "--db-pooler", "transaction", "--mode", "sync").returncode == 0


def test_openapi_says_what_comes(start):
    document = start().get("/openapi.json").json
    operation = document["paths"]["/entries/live"]["get"]
    assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]
    assert "Meantime-Truncated" in operation["responses"]["200"]["headers"]
