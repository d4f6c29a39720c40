"""Live events when PostgreSQL goes away, and with many subscribers, slow ones and ones that leave."""

from lib.live import SCHEMA, await_subscribers, folder, follow, shown, start, terminate_listener  # noqa: F401
from lib.service import wait_until


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
