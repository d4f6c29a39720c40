"""Live events: a snapshot, then what is notified on a channel, without a gap that is not told."""

import contextlib
import json
import signal
import time

import pytest

from lib import http_client
from lib.events import EventStream
from lib.service import assert_problem, run, wait_until
from lib.tokens import SECRET, bearer, token

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


@pytest.fixture(scope="session")
def live_url(postgres):
    postgres.execute("CREATE DATABASE live")
    postgres.execute(SCHEMA, "live")
    return postgres.url("live")


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


@pytest.fixture
def notify(postgres):
    def send(payload, channel="entries", database="live"):
        quoted = payload.replace("'", "''")
        postgres.execute(f"SELECT pg_notify('{channel}', '{quoted}')", database)

    return send


def await_subscribers(service, count):
    """The metrics are a moment old: a test waits for a number before it changes it."""
    assert wait_until(lambda: service.metric("event_subscribers") == count, 60), service.metric("event_subscribers")


def shown(events):
    return [(event.name, event.data) for event in events]


ALL = '[{"id":1,"words":"one"},{"id":2,"words":"two"},{"id":3,"words":"three"}]'


# What comes, in which order


def test_a_snapshot_comes_first_then_changes(follow, notify):
    service, subscribe = follow()
    stream = subscribe(service)
    assert shown(stream.take(1)) == [("snapshot", ALL)]
    notify("first")
    notify("second")
    assert shown(stream.take(2)) == [("change", "first"), ("change", "second")]
    head = stream.response
    assert head.header("content-type") == "text/event-stream"
    assert head.header("cache-control") == "no-store"
    assert head.header("content-length") is None
    assert 1000 <= stream.retry < 3000


def test_each_event_has_an_id_and_they_grow(follow, notify):
    service, subscribe = follow()
    stream = subscribe(service)
    snapshot = stream.next()
    for number in range(3):
        notify(str(number))
    ids = [snapshot.id, *(event.id for event in stream.take(3))]
    epochs, numbers = zip(*(each.split("-") for each in ids))
    assert len(set(epochs)) == 1 and [int(each) for each in numbers] == sorted({int(each) for each in numbers})


def test_one_row_is_an_object_and_none_a_404(follow):
    service, subscribe = follow()
    assert subscribe(service, "/entries/2/live").next().data == '{"id":2,"words":"two"}'
    missing = subscribe(service, "/entries/9/live").response
    assert missing.status == 404


def test_a_snapshot_has_its_lines(follow):
    service, subscribe = follow()
    event = subscribe(service, "/text/live").next()
    assert json.loads(event.data) == {"raw": {"a": 1}, "words": "x\r\n\nid: 7"}


def test_a_snapshot_that_is_cut_says_so(follow):
    service, subscribe = follow()
    stream = subscribe(service, "/capped/live")
    assert stream.next().data == '[{"id":1},{"id":2}]'
    assert stream.response.header("meantime-truncated") == "max-rows=2"


@pytest.mark.parametrize("payload", ["", "a\nb", "a\n\nevent: snapshot\ndata: forged", "\n", "id: 1", ": x", "a\n",
                                     '{"a": "\u00e4\u20ac"}', "x" * 7900, "\n" * 7900, " two blanks"])
def test_a_payload_is_data_and_nothing_else(follow, notify, payload):
    service, subscribe = follow()
    stream = subscribe(service)
    stream.next()
    notify(payload)
    notify("behind")
    assert shown(stream.take(2)) == [("change", payload), ("change", "behind")]


def test_carriage_returns_become_line_feeds(follow, postgres):
    service, subscribe = follow()
    stream = subscribe(service)
    stream.next()
    postgres.execute("SELECT pg_notify('entries', E'a\\r\\nb\\rid: 5')", "live")
    event = stream.next()
    assert event.data == "a\nb\nid: 5" and event.id != "5"


def test_what_is_committed_while_the_snapshot_is_taken_is_heard(follow, notify, postgres):
    service, subscribe = follow()
    with postgres.hold("DO $$ BEGIN PERFORM pg_advisory_xact_lock(4812); END $$", "live"):
        stream = subscribe(service, "/gated/live")
        assert wait_until(lambda: postgres.at_work(service, "gate()") == 1, 20)
        notify("meanwhile", "gated")
    assert shown(stream.take(2)) == [("snapshot", '[{"id":1,"passed":1}]'), ("change", "meanwhile")]


def test_what_is_rolled_back_is_not_heard(follow, notify, postgres):
    service, subscribe = follow()
    stream = subscribe(service)
    stream.next()
    postgres.execute("BEGIN; NOTIFY entries, 'never'; ROLLBACK", "live")
    notify("after")
    assert shown(stream.take(1)) == [("change", "after")]


# Channels


def test_parameters_choose_the_channel(follow, notify):
    service, subscribe = follow()
    red, blue = subscribe(service, "/rooms/red/live"), subscribe(service, "/rooms/blue/live")
    red.next()
    blue.next()
    notify("to blue", "room_blue")
    notify("to red", "room_red")
    assert shown(red.take(1)) == [("change", "to red")]
    assert shown(blue.take(1)) == [("change", "to blue")]


@pytest.mark.parametrize("path", ["/entries/2/live", "/entries/002/live"])
def test_a_number_has_one_channel(follow, notify, path):
    service, subscribe = follow()
    stream = subscribe(service, path)
    assert stream.response.status in (200, 400)
    if stream.response.status == 200:
        stream.next()
        notify("to 2", "Entry_2")
        assert shown(stream.take(1)) == [("change", "to 2")]


def test_kinds_of_parameters(follow, notify):
    service, subscribe = follow()
    key = "0A1B2C3D-4e5f-6789-abcd-ef0123456789"
    stream = subscribe(service, f"/mixed/live?number=-7&key={key}&mood=wild")
    stream.next()
    notify("heard", f"mixed_-7_in_{key.lower()}_with_wild")
    assert shown(stream.take(1)) == [("change", "heard")]


@pytest.mark.parametrize("room", ['a"b', "a'; NOTIFY entries", "\u00e4\u00f6", "a%20b", "a%0Ab"])
def test_a_name_is_only_a_name(follow, notify, room):
    from urllib.parse import quote, unquote
    service, subscribe = follow()
    stream = subscribe(service, f"/rooms/{quote(room, safe='%')}/live")
    assert stream.next().data == "[]"
    notify("heard", "room_" + unquote(room).replace("'", "''"))
    assert shown(stream.take(1)) == [("change", "heard")]


def test_a_name_that_is_too_long_is_refused(start):
    service = start()
    with EventStream(service, "/rooms/" + "x" * 58 + "/live") as stream:
        assert stream.next().data == "[]"
    refused = service.get("/rooms/" + "x" * 59 + "/live")
    assert_problem(refused, 400, "longer than 63 bytes")
    refused = service.get("/rooms/" + "%C3%A4" * 30 + "/live")
    assert_problem(refused, 400, "longer than 63 bytes")


def test_null_is_no_part_of_a_name(start):
    refused = start().get("/mixed/live?number=1&key=0a1b2c3d-4e5f-6789-abcd-ef0123456789")
    assert_problem(refused, 400, 'parameter "mood" must not be null')


def test_wrong_input_is_refused_before_anything(start):
    service = start()
    assert_problem(service.get("/entries/x/live"), 400, '"id"')
    assert_problem(service.get("/entries/live", [("Accept", "application/json")]), 406,
                   "text/event-stream")
    assert service.request("POST", "/entries/live").status == 405


def test_head_has_no_body(start):
    response = http_client.request(start().address, "HEAD", "/entries/live")
    assert response.status == 200 and response.header("content-type") == "text/event-stream"


def test_it_is_never_compressed(follow, notify):
    service, subscribe = follow()
    stream = subscribe(service, headers={"Accept-Encoding": "gzip, br"})
    assert stream.next().data == ALL
    assert stream.response.header("content-encoding") is None
    notify("x" * 5000)
    assert stream.next().data == "x" * 5000


# Coming back


def test_a_client_that_comes_back_misses_nothing(follow, notify):
    service, subscribe = follow()
    watcher, stream = subscribe(service), subscribe(service)
    stream.next()
    watcher.next()
    notify("seen")
    last_id = stream.next().id
    stream.close()
    for payload in ("missed 1", "missed 2"):
        notify(payload)
    watcher.take(3)
    back = subscribe(service, "/entries/live", last_id)
    assert shown(back.take(2)) == [("change", "missed 1"), ("change", "missed 2")]
    assert back.comments == ["resumed"]
    notify("after")
    assert shown(back.take(1)) == [("change", "after")]


def test_a_channel_is_kept_for_clients_that_come_back(follow, notify):
    service, subscribe = follow()
    stream = subscribe(service)
    last_id = stream.next().id
    await_subscribers(service, 1)
    stream.close()
    await_subscribers(service, 0)
    notify("nobody was there")
    assert shown(subscribe(service, "/entries/live", last_id).take(1)) == [("change", "nobody was there")]


def test_the_snapshots_own_id_can_be_resumed(follow, notify):
    service, subscribe = follow()
    last_id = subscribe(service).next().id
    back = subscribe(service, "/entries/live", last_id)
    assert back.response.status == 200
    back.until_comment("resumed")
    notify("next")
    assert shown(back.take(1)) == [("change", "next")]


@pytest.mark.parametrize("last_id", ["0123456789abcdef-1", "x", "1", "\u00e4", "0" * 500])
def test_an_id_that_is_not_known_is_a_gap(follow, last_id):
    service, subscribe = follow()
    assert shown(subscribe(service, "/entries/live", last_id).take(2)) == [("gap", ""), ("snapshot", ALL)]


def test_an_id_of_another_start_is_a_gap(follow):
    service, subscribe = follow()
    last_id = subscribe(service).next().id
    service.stop()
    service, subscribe = follow()
    assert shown(subscribe(service, "/entries/live", last_id).take(2)) == [("gap", ""), ("snapshot", ALL)]


def test_an_id_from_before_the_channel_was_listened_to_is_a_gap(follow, notify):
    service, subscribe = follow()
    stream = subscribe(service)
    last_id = stream.next().id
    notify("counted")
    stream.next()
    assert shown(subscribe(service, "/rooms/red/live", last_id).take(1)) == [("gap", "")]


def test_an_id_behind_the_history_is_a_gap(follow, notify):
    service, subscribe = follow("--event-history", 2)
    stream = subscribe(service)
    ids = [stream.next().id]
    for number in range(3):
        notify(str(number))
        ids.append(stream.next().id)
    assert shown(subscribe(service, "/entries/live", ids[0]).take(1)) == [("gap", "")]
    assert shown(subscribe(service, "/entries/live", ids[1]).take(2)) == [("change", "1"), ("change", "2")]


# Losses


def terminate_listener(postgres, service):
    """Of a service whose only session with LISTEN as its last words it is."""
    return int(postgres.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
                              f"'{service.application}' AND query LIKE 'LISTEN%'"))


def test_a_lost_connection_is_told_to_every_subscriber(follow, notify, postgres):
    service, subscribe = follow()
    streams = [subscribe(service) for _ in range(20)] + [subscribe(service, "/rooms/red/live")]
    for stream in streams:
        assert stream.next().name == "snapshot"
    assert terminate_listener(postgres, service) == 1
    for stream in streams:
        assert [event.name for event in stream.take(2)] == ["gap", "snapshot"]
    notify("after")
    notify("after", "room_red")
    for stream in streams:
        assert shown(stream.take(1)) == [("change", "after")]
    assert wait_until(lambda: service.metric("event_connections_lost_total") == 1, 20)


def test_an_id_from_before_a_loss_is_a_gap(follow, postgres):
    service, subscribe = follow()
    stream = subscribe(service)
    last_id = stream.next().id
    assert terminate_listener(postgres, service) == 1
    stream.take(2)
    assert shown(subscribe(service, "/entries/live", last_id).take(1)) == [("gap", "")]


def test_postgresql_away_and_back(follow, faulty_postgres):
    faulty_postgres.execute("DROP DATABASE IF EXISTS live WITH (FORCE)")
    faulty_postgres.execute("CREATE DATABASE live")
    faulty_postgres.execute(SCHEMA, "live")
    service, subscribe = follow("--heartbeat-ms", 200, url=faulty_postgres.url("live"))
    stream = subscribe(service)
    stream.next()
    faulty_postgres.stop()
    assert wait_until(lambda: service.get("/entries/live").status == 503, 20)
    faulty_postgres.start()
    assert [event.name for event in stream.take(2)] == ["gap", "snapshot"]
    faulty_postgres.execute("NOTIFY entries, 'back'", "live")
    assert shown(stream.take(1)) == [("change", "back")]


# Many, slow and gone


def test_a_thousand_subscribers_hear_all_in_order(follow, notify):
    service, subscribe = follow("--max-connections", 1200)
    streams = [subscribe(service) for _ in range(1000)]
    for stream in streams:
        assert stream.next().name == "snapshot"
    for number in range(5):
        notify(str(number))
    expected = [("change", str(number)) for number in range(5)]
    for stream in streams:
        assert shown(stream.take(5)) == expected
    await_subscribers(service, 1000)
    assert service.metric("event_channels") == 1


def send_much(postgres, count):
    postgres.execute(f"SELECT count(pg_notify('entries', n || repeat('x', 7000))) FROM generate_series(1, {count}) n",
                     "live")


def test_a_slow_reader_is_cut_off_and_the_others_are_not(follow, postgres):
    service, subscribe = follow("--event-history", 50)
    slow, quick = subscribe(service, receive_buffer_bytes=4096), subscribe(service)
    slow.next()
    quick.next()
    for _ in range(40):
        send_much(postgres, 20)
        for number in range(20):
            assert quick.next().data == f"{number + 1}" + "x" * 7000
    while slow.next() is not None:
        pass
    assert slow.comments == ["cut off: events came faster than they were taken"]
    assert wait_until(lambda: service.metric("event_subscribers_cut_off_total") == 1, 20)
    assert shown(subscribe(service, "/entries/live", slow.last_id).take(1)) == [("gap", "")]


def test_one_that_takes_nothing_is_cut_off(follow, postgres):
    service, subscribe = follow("--write-timeout-ms", 500)
    stuck = subscribe(service, receive_buffer_bytes=4096)
    stuck.next()
    await_subscribers(service, 1)
    for _ in range(40):
        send_much(postgres, 20)
    await_subscribers(service, 0)
    assert stuck.is_broken_off()


def test_one_that_leaves_is_noticed_without_an_event(follow):
    service, subscribe = follow("--heartbeat-ms", 600000)
    streams = [subscribe(service) for _ in range(5)]
    for stream in streams:
        stream.next()
    await_subscribers(service, 5)
    for stream in streams[1:]:
        stream.close()
    await_subscribers(service, 1)


def test_heartbeats_come_when_nothing_else_does(follow):
    service, subscribe = follow("--heartbeat-ms", 100)
    stream = subscribe(service)
    stream.next()
    for _ in range(3):
        stream.until_comment("")
        stream.comments.clear()


def test_subscribers_are_bounded(follow):
    service, subscribe = follow("--max-subscribers", 2)
    first, _ = [subscribe(service), subscribe(service)]
    first.next()
    await_subscribers(service, 2)
    refused = subscribe(service).response
    assert refused.status == 503 and b"max_subscribers" in refused.body and refused.header("retry-after")
    first.close()
    await_subscribers(service, 1)
    assert subscribe(service).next().name == "snapshot"


def test_channels_are_bounded(follow, notify):
    service, subscribe = follow("--max-channels", 2)
    for room in ("a", "b"):
        subscribe(service, f"/rooms/{room}/live").next()
    refused = subscribe(service, "/rooms/c/live").response
    assert refused.status == 503 and b"max_channels" in refused.body
    again = subscribe(service, "/rooms/b/live")
    again.next()
    notify("heard", "room_b")
    assert shown(again.take(1)) == [("change", "heard")]


def test_a_channel_without_subscribers_makes_room(follow, postgres):
    service, subscribe = follow("--max-channels", 1)
    for room in ("a", "b", "c"):
        stream = subscribe(service, f"/rooms/{room}/live")
        stream.next()
        await_subscribers(service, 1)
        stream.close()
        await_subscribers(service, 0)
    assert service.metric("event_channels") == 1


# The service


def test_a_reload_ends_streams_and_they_resume(follow, notify, folder):
    service, subscribe = follow()
    stream = subscribe(service)
    last_id = stream.next().id
    (folder / "more.sql").write_text("-- name: more :one\n-- route: GET /more\nSELECT 1 AS one;\n")
    service.process.send_signal(signal.SIGHUP)
    assert stream.next() is None
    assert stream.comments[-1] == "the service ends this stream; connect again"
    notify("missed")
    back = subscribe(service, "/entries/live", last_id)
    assert shown(back.take(1)) == [("change", "missed")]
    assert service.get("/more").status == 200


def test_events_may_come_with_a_reload(follow, notify, folder):
    (folder / "live.sql").write_text("-- name: more :one\n-- route: GET /more\nSELECT 1 AS one;\n")
    service, subscribe = follow()
    (folder / "live.sql").write_text(ENDPOINTS)
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: service.get("/more").status == 404, 20)
    stream = subscribe(service)
    stream.next()
    notify("heard")
    assert shown(stream.take(1)) == [("change", "heard")]


def test_the_end_of_the_service_ends_streams(follow):
    service, subscribe = follow()
    streams = [subscribe(service) for _ in range(10)]
    for stream in streams:
        stream.next()
    service.terminate()
    for stream in streams:
        assert stream.next() is None
        assert stream.comments == ["the service ends this stream; connect again"]
    assert service.wait_for_exit() == 0


def test_several_loops_have_one_listener(follow, notify, postgres):
    service, subscribe = follow("--loops", 2)
    streams = [subscribe(service) for _ in range(40)]
    for stream in streams:
        stream.next()
    notify("to all")
    for stream in streams:
        assert shown(stream.take(1)) == [("change", "to all")]
    assert terminate_listener(postgres, service) == 1


# Other modes


@pytest.fixture
def ending(start, mode):
    if mode == "async":
        pytest.skip("in async mode a stream goes on")
    return start()


def test_elsewhere_a_stream_is_its_snapshot(ending):
    with EventStream(ending, "/entries/live") as stream:
        assert shown(stream.take(1)) == [("snapshot", ALL)]
        assert stream.next() is None
        assert stream.last_id == "" and stream.retry >= 1000


def test_elsewhere_an_id_is_a_gap(ending):
    with EventStream(ending, "/entries/live", "0123456789abcdef-1") as stream:
        assert shown(stream.take(2)) == [("gap", ""), ("snapshot", ALL)]
        assert stream.next() is None


# Identities


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="session")
def private_url(postgres):
    postgres.execute("CREATE DATABASE private")
    postgres.execute("CREATE ROLE live_reader NOLOGIN; CREATE ROLE live_other NOLOGIN")
    postgres.execute("""
CREATE TABLE letter (id int PRIMARY KEY, receiver text NOT NULL);
INSERT INTO letter VALUES (1, 'anna'), (2, 'bert');
ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON letter USING (receiver = current_setting('request.jwt.claims')::json ->> 'sub');
GRANT SELECT ON letter TO live_reader;
""", "private")
    return postgres.url("private")


PRIVATE = """
-- name: letters_live :many
-- route: GET /letters/live
-- roles: live_reader
-- settings: claims
-- param: receiver = claim sub
-- events: letters_of_{receiver}
SELECT id FROM letter WHERE :receiver::text IS NOT NULL ORDER BY id;
"""


@pytest.fixture
def private(serve, private_url, secret, tmp_path):
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "letters.sql").write_text(PRIVATE)
    return lambda *options: serve("--jwt-keys", secret, "--heartbeat-ms", 200, *options, url=private_url,
                                  endpoints=folder)


def test_roles_and_row_security_hold_for_the_snapshot(private):
    service = private()
    anna = dict(bearer(token(role="live_reader", sub="anna")))
    with EventStream(service, "/letters/live", headers=anna) as stream:
        assert stream.next().data == '[{"id":1}]'
    assert service.get("/letters/live").status == 401
    assert service.get("/letters/live", bearer(token(role="live_other", sub="anna"))).status == 403
    assert service.get("/letters/live", bearer(token(role="live_reader"))).status == 403


def test_a_claim_chooses_the_channel(private, notify, mode):
    if mode != "async":
        pytest.skip("in the other modes a stream ends with its snapshot")
    service = private()
    streams = {who: EventStream(service, "/letters/live", headers=dict(bearer(token(role="live_reader", sub=who))))
               for who in ("anna", "bert")}
    for stream in streams.values():
        stream.next()
    notify("for bert", "letters_of_bert", "private")
    notify("for anna", "letters_of_anna", "private")
    for who, stream in streams.items():
        assert shown(stream.take(1)) == [("change", f"for {who}")]
        stream.close()


def test_a_token_that_expires_ends_the_stream(private, mode):
    if mode != "async":
        pytest.skip("in the other modes a stream ends with its snapshot")
    service = private()
    expiring = dict(bearer(token(role="live_reader", sub="anna", exp=int(time.time()) + 2)))
    with EventStream(service, "/letters/live", headers=expiring, timeout_s=120) as stream:
        stream.next()
        assert stream.next() is None
        assert stream.comments[-1] == "the identity has expired"


# Annotations


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
