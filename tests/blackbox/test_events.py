"""Live events: a snapshot, then what is notified on a channel, without a gap that is not told."""

import json
import signal

import pytest

from lib import http_client
from lib.events import EventStream
from lib.live import ALL, ENDPOINTS, await_subscribers, folder, follow, shown, start, terminate_listener  # noqa: F401
from lib.service import assert_problem, wait_until


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
