"""SIGHUP: the endpoint files are read again while requests go on."""

import re
import time

import pytest

from lib import http_client
from lib.editions import EXTRA, Folder, Load, count_in_log, edition_of, hang_up, reload
from lib.http_client import encode_request
from lib.service import ROOT, wait_until


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "endpoints"
    path.mkdir()
    return Folder(path)


@pytest.fixture
def start(serve, folder):
    def start(*options, **more):
        return serve("--admin", "127.0.0.1:0", *options, endpoints=folder.path, **more)

    return start


def test_the_files_are_read_again(start, folder):
    service = start()
    assert edition_of(service) == 1
    assert service.get("/extra/2").status == 404
    folder.write(2, EXTRA.format(number=2))
    assert edition_of(service) == 1, "nothing is read before it is asked for"
    reload(service)
    assert edition_of(service) == 2
    assert service.get("/extra/2").json == {"extra": 2}
    assert "/extra/2" in service.get("/openapi.json").json["paths"]
    folder.write(3)
    reload(service)
    assert edition_of(service) == 3
    assert service.get("/extra/2").status == 404
    assert "/extra/2" not in service.get("/openapi.json").json["paths"]


def test_the_log_says_what_is_different(start, folder):
    service = start()
    folder.write(1, EXTRA.format(number=1) + EXTRA.format(number=2))
    reload(service)
    assert re.search(r"reloaded: 7 endpoints, 2 added, 0 removed, 0 changed, in \d+ ms\n", service.log())
    folder.write(2, EXTRA.format(number=2))
    reload(service)
    assert re.search(r"reloaded: 6 endpoints, 0 added, 1 removed, 5 changed, in \d+ ms\n", service.log())
    reload(service)
    assert re.search(r"reloaded: 6 endpoints, 0 added, 0 removed, 0 changed, in \d+ ms\n", service.log())


@pytest.mark.parametrize("broken, words", [
    ("-- name: edition :one\n-- route: GET /twice\nSELECT 1 AS one;\n", "endpoints.sql:23: "),
    ("-- name: other :one\n-- route: GET /other\nSELECT nothing FROM nowhere;\n", 'endpoints.sql:25: other does not prepare'),
    ("-- name: other :one\n-- rout: GET /other\nSELECT 1 AS one;\n", "endpoints.sql:24: "),
])
def test_a_broken_set_is_refused_whole(start, folder, broken, words):
    service = start()
    folder.write(2, broken)
    reload(service, "the reload is refused")
    assert service.log_contains(f"reload: {folder.path}/{words}"), service.log()
    assert edition_of(service) == 1
    assert service.get("/openapi.json").status == 200
    folder.write(3)
    reload(service)
    assert edition_of(service) == 3


def test_a_folder_that_is_gone_is_refused(start, folder):
    service = start()
    folder.path.rename(folder.path.parent / "elsewhere")
    reload(service, "the reload is refused")
    assert service.log_contains("the folder of endpoints cannot be read")
    assert edition_of(service) == 1
    folder.path.mkdir()
    reload(service, "the reload is refused")
    assert service.log_contains("the folder holds no endpoint")
    assert edition_of(service) == 1
    folder.write(4)
    reload(service)
    assert edition_of(service) == 4


def test_without_a_database_it_is_refused(start, folder, faulty_postgres):
    service = start(url=faulty_postgres.url("blackbox"))
    assert edition_of(service) == 1
    faulty_postgres.stop()
    folder.write(2)
    reload(service, "the reload is refused")
    assert service.log_contains("reload: cannot connect to the database (from --database)")
    faulty_postgres.start()

    def serves_the_first():
        answer = service.get("/edition")
        return answer.status == 200 and answer.json["edition"] == 1

    assert wait_until(serves_the_first)
    reload(service)
    assert edition_of(service) == 2


def test_it_is_counted(start, folder):
    service = start()
    assert service.metric("endpoints") == 5
    began = service.metric("endpoints_loaded_timestamp_seconds")
    assert abs(began - time.time()) < 3600
    assert service.metric('reloads_total{result="good"}') == service.metric('reloads_total{result="refused"}') == 0
    assert edition_of(service) == 1
    folder.write(2, EXTRA.format(number=2))
    time.sleep(1.1)  # a second later, as the metric tells seconds
    reload(service)
    assert edition_of(service) == 2
    assert service.metric("endpoints") == 6
    assert service.metric('reloads_total{result="good"}') == 1
    assert service.metric("endpoints_loaded_timestamp_seconds") > began
    assert service.metric('requests_total{route="edition",status="2xx"}') == 2, "of both editions, by their name"
    folder.file.write_text("nothing")
    reload(service, "the reload is refused")
    assert service.metric('reloads_total{result="good"}') == service.metric('reloads_total{result="refused"}') == 1
    assert service.metric("endpoints") == 6


def test_what_is_under_way_ends_with_its_edition(start, folder, mode):
    service = start("--request-timeout-ms", 60000, "--threads", 2, "--loops", 2)
    assert edition_of(service) == 1
    with service.connect() as slow, service.connect() as quick:
        slow.send(encode_request("GET", "/slow/1500"))
        time.sleep(0.3)
        folder.write(2)
        hang_up(service)
        if mode != "sync":  # its loop turns when it has answered
            assert wait_until(lambda: quick.request("GET", "/edition").json == {"edition": 2})
            slow.socket.settimeout(0.001)
            with pytest.raises(TimeoutError):
                slow.read_response()
            slow.socket.settimeout(30)
        assert slow.read_response().json == {"ms": 1500, "edition": 1}
        assert wait_until(lambda: slow.request("GET", "/slow/1").json == {"ms": 1, "edition": 2})


def test_a_stream_under_way_ends_with_its_edition(start, folder):
    service = start()
    rows = 30000
    with service.connect(receive_buffer_bytes=4096) as reader:
        reader.send(encode_request("GET", f"/rows/{rows}"))
        assert reader.read_response_head().status == 200
        for number in (2, 3):
            folder.write(number)
            reload(service)
        text = b"".join(reader.read_chunks()).decode()
        assert text.count('"edition":1,') == rows and '"edition":2' not in text
    assert edition_of(service) == 3


def test_what_waits_in_the_queue_ends_with_its_edition(start, folder, mode):
    if mode == "sync":
        pytest.skip("its queue is the kernel's: what is in it has not begun")
    few = {"threads": ["--threads", 1], "async": ["--db-connections", 2, "--db-shared-connections", 1]}[mode]
    service = start("--request-timeout-ms", 60000, *few)
    connections = [service.connect() for _ in range(5)]
    for connection in connections:
        connection.send(encode_request("GET", "/slow/300"))
    assert wait_until(lambda: service.metric("requests_in_flight") >= 5)
    folder.write(2)
    hang_up(service)
    answers = [connection.read_response() for connection in connections]
    assert [answer.json for answer in answers] == [{"ms": 300, "edition": 1}] * 5
    assert wait_until(lambda: edition_of(service) == 2)
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("loops", [1, 2])
def test_twenty_reloads_under_load(start, folder, loops):
    service = start("--loops", loops)
    with Load(service) as load:
        for number in range(2, 22):
            folder.write(number, EXTRA.format(number=number))
            reload(service)
        assert wait_until(lambda: load.newest == 21 or load.wrong)
        before = load.answered
        assert wait_until(lambda: load.answered > before + 50 or load.wrong)
    assert load.wrong == []
    assert edition_of(service) == 21
    assert service.get("/extra/21").json == {"extra": 21} and service.get("/extra/20").status == 404
    assert " lost: " not in service.log() and "cannot connect" not in service.log()


def test_under_a_connection_limit(start, folder, faulty_postgres, mode):
    """Of exactly as many connections as the service takes: a reload needs no more."""
    limit = {"sync": 2, "threads": 4, "async": 3}[mode]
    few = {"sync": [], "threads": ["--threads", 2], "async": ["--db-connections", 3]}[mode]
    role = f"limited_{mode}"
    faulty_postgres.execute(f"CREATE ROLE {role} LOGIN SUPERUSER", "blackbox")
    url = faulty_postgres.url("blackbox").replace("postgres@", f"{role}@")
    service = start(*few, url=url)
    with Load(service) as load:
        assert wait_until(lambda: load.answered > 100 or load.wrong)
        # one more for the reload itself; a superuser is not held to it
        faulty_postgres.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; "
                                f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}; "
                                f"ALTER ROLE {role} NOSUPERUSER CONNECTION LIMIT {limit + 1}", "blackbox")
        for number in range(2, 7):
            folder.write(number)
            reload(service)
        assert wait_until(lambda: load.newest == 6 or load.wrong)
    assert load.wrong == []


def test_a_statement_changes_under_its_name(start, folder):
    """Sessions keep no statement of an edition before, and none is run in place of another."""
    service = start()
    for number in range(2, 12):
        folder.write(number)
        reload(service)
        for _ in range(5):
            assert service.get(f"/echo/{number}").json == {"value": number, "edition": number}
            assert edition_of(service) == number
    folder.file.write_text("-- name: echo :one\n-- route: GET /other/{value}\nSELECT :value::text AS other;\n")
    reload(service)
    assert service.get("/other/x").json == {"other": "x"}
    assert service.get("/echo/1").status == 404
    assert " lost: " not in service.log()


def test_columns_that_have_changed_are_learnt(start, folder, faulty_postgres, mode):
    table = f"learnt_{mode}"
    faulty_postgres.execute(f"CREATE TABLE {table} AS SELECT 1 AS a", "blackbox")
    folder.write(1, f"-- name: learnt :many\n-- route: GET /learnt\nSELECT * FROM {table};\n")
    service = start(url=faulty_postgres.url("blackbox"))
    assert service.get("/learnt").json == [{"a": 1}]
    faulty_postgres.execute(f"ALTER TABLE {table} ADD COLUMN b text DEFAULT 'x'", "blackbox")
    reload(service)
    assert service.log_contains("0 added, 0 removed, 0 changed, with other types in the database, in ")
    assert service.get("/learnt").json == [{"a": 1, "b": "x"}]
    schema = service.get("/openapi.json").body
    assert b'"b"' in schema


def test_signals_during_a_reload_are_remembered_once(start, folder, faulty_postgres, mode):
    """A reload that waits for a lock, and three signals meanwhile: one reload more, with the files as they are then."""
    table = f"locked_{mode}"
    faulty_postgres.execute(f"CREATE TABLE {table} AS SELECT 1 AS a", "blackbox")
    locked = f"-- name: locked :many\n-- route: GET /locked\nSELECT a FROM {table};\n"
    service = start(url=faulty_postgres.url("blackbox"))
    with faulty_postgres.hold(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", "blackbox"):
        folder.write(2, locked)
        hang_up(service)
        assert wait_until(lambda: faulty_postgres.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1")
        folder.write(3, locked)
        for _ in range(3):
            hang_up(service)
            assert edition_of(service) == 1
    assert wait_until(lambda: count_in_log(service, "reloaded: ") == 2), service.log()
    assert edition_of(service) == 3
    time.sleep(0.5)
    assert count_in_log(service, "reloaded: ") == 2


def test_a_table_that_stays_locked_is_refused(start, folder, faulty_postgres, mode):
    table = f"stays_locked_{mode}"
    faulty_postgres.execute(f"CREATE TABLE {table} AS SELECT 1 AS a", "blackbox")
    service = start("--request-timeout-ms", 500, url=faulty_postgres.url("blackbox"))
    with faulty_postgres.hold(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", "blackbox"):
        folder.write(2, f"-- name: locked :many\n-- route: GET /locked\nSELECT a FROM {table};\n")
        reload(service, "the reload is refused")
        assert edition_of(service) == 1
    reload(service)
    assert edition_of(service) == 2


def test_a_signal_right_at_the_start(start, folder):
    """It may come before anything is served; whatever was read, what the files hold is served in the end."""
    service = start()
    folder.write(2)
    hang_up(service)
    assert wait_until(lambda: edition_of(service) == 2)


def test_the_end_during_a_reload(start, folder, faulty_postgres, mode):
    table = f"locked_at_the_end_{mode}"
    faulty_postgres.execute(f"CREATE TABLE {table} AS SELECT 1 AS a", "blackbox")
    service = start(url=faulty_postgres.url("blackbox"))
    with faulty_postgres.hold(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", "blackbox"):
        folder.write(2, f"-- name: locked :many\n-- route: GET /locked\nSELECT a FROM {table};\n")
        hang_up(service)
        assert wait_until(lambda: faulty_postgres.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1")
        service.terminate()
        assert service.wait_for_exit(20) == 0
    assert service.log_contains("ended during a reload")


def test_memory_and_descriptors_stay(start, folder, is_slow):
    if is_slow:
        pytest.skip("sanitizers keep what is freed")
    service = start()

    def hundred(first):
        for number in range(first, first + 100):
            folder.write(number, "".join(EXTRA.format(number=number * 100 + i) for i in range(20)))
            reload(service)
            assert service.get(f"/extra/{number * 100}").json == {"extra": number * 100}

    hundred(100)
    warm = service.memory_bytes()
    hundred(200)
    assert service.memory_bytes() < warm + 4 * 1024 * 1024


def test_old_streams_are_cut_off_before_editions_pile_up(start, folder):
    """Each of many editions has a stream under way that is not read: the oldest make room."""
    service = start("--request-timeout-ms", 2000, "--max-streams", 100)
    readers = []
    for number in range(2, 14):
        readers.append(service.connect(receive_buffer_bytes=4096))
        readers[-1].send(encode_request("GET", "/rows/100000"))
        assert readers[-1].read_response_head().status == 200
        folder.write(number)
        reload(service)
        assert edition_of(service) == number
    assert service.log_contains("the reload waits: requests are under way with each of the 8 editions before")
    assert service.log_contains("streams that began 8 reloads ago are cut off")
    with pytest.raises(http_client.ConnectionEnded):
        list(readers[0].read_chunks())
    for reader in readers:
        reader.close()


def test_what_is_built_in_may_come_with_a_reload(start, folder):
    """The thread that fetches pages is not there before an edition needs it."""
    service = start()
    assert service.request("POST", "/titles", {"urls": ["http://127.0.0.1:1/"]}).status == 404
    built_in = (ROOT / "config/endpoints/beyond.sql").read_text()
    (folder.path / "beyond.sql").write_text(built_in)
    reload(service)
    assert service.get("/delay/1").status == 200
    answer = service.request("POST", "/titles", {"urls": ["http://127.0.0.1:1/"]}, [("Accept", "application/json")])
    assert answer.status == 200 and "error" in answer.json[0], answer
    reload(service)
    assert service.request("POST", "/titles", {"urls": ["http://127.0.0.1:1/"]}).status == 200
    (folder.path / "beyond.sql").unlink()
    reload(service)
    assert service.get("/delay/1").status == 404


def test_a_loop_that_waits_turns_later(start, folder, mode, stuck_poll, tmp_path, is_slow):
    if mode != "sync":
        pytest.skip("the fault stands in the waiting of sync mode's loop")
    if is_slow:
        pytest.skip("a sanitizer has to be loaded first")
    stuck = tmp_path / "stuck"
    service = start("--request-timeout-ms", 100, environment={"LD_PRELOAD": str(stuck_poll), "STUCK_POLL": str(stuck)})
    assert edition_of(service) == 1
    stuck.touch()
    with service.connect() as connection:
        connection.send(encode_request("GET", "/slow/50"))
        assert wait_until(lambda: service.metric("requests_in_flight") >= 1)
        folder.write(2)
        reload(service)
        assert service.log_contains("; loops that wait and turn to them later: 1\n")
        stuck.unlink()
        connection.read_response()
    assert wait_until(lambda: edition_of(service) == 2)
