"""The database goes away and comes back; clients leave in the middle."""

import signal
import threading
import time

import pytest

from lib.http_client import ConnectionEnded, encode_request
from lib.service import assert_problem, wait_until

RECOVERY_S = 30


@pytest.fixture
def faulty(serve, faulty_postgres):
    """A service over a database that may be harmed."""
    return serve("--admin", "127.0.0.1:0", url=faulty_postgres.url("blackbox"))


def recovers(service):
    return wait_until(lambda: service.get("/numbers/1").status == 200
                      and service.request("POST", "/echo", {"int4": 1}).status == 200, RECOVERY_S)


def test_all_sessions_are_terminated(faulty, faulty_postgres):
    assert faulty.get("/numbers/1").status == 200
    for _ in range(5):
        assert faulty_postgres.terminate_clients("blackbox") >= 1
        response = faulty.get("/numbers/7")
        assert response.status in (200, 503), response
        assert recovers(faulty)


def test_a_write_after_its_idle_session_was_terminated(faulty, faulty_postgres):
    """Nothing was sent on it, so nothing is unknown: the goodbye that has come is read first, and the end behind it."""
    assert faulty.request("POST", "/echo", {"int4": 1}).status == 200
    for _ in range(3):
        assert faulty_postgres.terminate_clients("blackbox") >= 1
        time.sleep(1)
        answers = [faulty.request("POST", "/echo", {"int4": number}) for number in range(8)]
        assert [answer.status for answer in answers] == [200] * 8, answers


def test_sessions_are_terminated_under_requests_in_flight(faulty, faulty_postgres):
    """What only reads is run again."""
    connections = [faulty.connect() for _ in range(6)]
    for number, connection in enumerate(connections):
        connection.send(encode_request("GET", f"/slow/{1500 + number}"))
    assert wait_until(lambda: sleeping(faulty_postgres, faulty) > 0)
    faulty_postgres.terminate_clients("blackbox")
    for number, connection in enumerate(connections):
        assert connection.read_response().json == {"ms": 1500 + number}
        connection.close()
    assert faulty.metric("database_requests_run_again_total") > 0
    assert recovers(faulty)


def sleeping(postgres, service):
    """How many of its statements sleep."""
    return postgres.at_work(service, "pg_sleep")


def send_slow_write(connection, service, postgres, name):
    """Returns when PostgreSQL works on it, which it does for longer than the test takes."""
    assert recovers(service)
    assert wait_until(lambda: sleeping(postgres, service) == 0)
    connection.send(encode_request("POST", "/slow", {"ms": 25000, "name": name}))
    assert wait_until(lambda: sleeping(postgres, service) == 1, 20)


def assert_not_run_again(postgres, service, name):
    time.sleep(1)
    assert sleeping(postgres, service) == 0
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") == "0"


def test_a_write_in_flight_whose_session_is_terminated(faulty, faulty_postgres, mode):
    """Never run twice; the answer says that nothing was written, or that this is not known."""
    name = f"in-flight-{mode}"
    with faulty.connect() as connection:
        send_slow_write(connection, faulty, faulty_postgres, name)
        faulty_postgres.terminate_clients("blackbox")
        answer = connection.read_response()
    assert answer.status == 503, answer
    problem = assert_problem(answer, 503)
    assert "outcome-unknown" in problem["type"] or "nothing was written" in problem["detail"], problem
    assert recovers(faulty)
    assert_not_run_again(faulty_postgres, faulty, name)


def test_a_write_in_flight_when_the_database_crashes(faulty, faulty_postgres, mode):
    """The connection breaks without a word: it must not be run again when the database is back."""
    name = f"crashed-{mode}"
    with faulty.connect() as connection:
        send_slow_write(connection, faulty, faulty_postgres, name)
        faulty_postgres.kill()
        faulty_postgres.start()
        problem = assert_problem(connection.read_response(), 503)
    assert "outcome-unknown" in problem["type"], problem
    assert recovers(faulty)
    assert_not_run_again(faulty_postgres, faulty, name)


def test_a_statement_that_ends_its_own_session(faulty):
    for _ in range(3):
        response = faulty.get("/end-itself")
        assert response.status in (500, 503), response
        assert recovers(faulty)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_database_is_down_and_comes_back(faulty, faulty_postgres, how):
    assert faulty.get("/numbers/1").status == 200
    getattr(faulty_postgres, how)()
    for _ in range(3):
        assert_problem(faulty.get("/numbers/1", timeout_s=15), 503)
        assert_problem(faulty.request("POST", "/items", {"name": "x"}, timeout_s=15), 503)
    # what needs no database is served as ever
    assert_problem(faulty.get("/nowhere"), 404)
    assert_problem(faulty.get("/numbers/x"), 400, "n")
    assert faulty.get("/openapi.json").status == 200
    faulty_postgres.start()
    assert recovers(faulty)


def test_the_database_stops_under_requests_in_flight(faulty, faulty_postgres):
    connections = [faulty.connect() for _ in range(6)]
    for connection in connections:
        connection.send(encode_request("GET", "/slow/2000"))
    time.sleep(0.3)
    faulty_postgres.kill()
    answers = [connection.read_response() for connection in connections]
    for connection in connections:
        connection.close()
    assert {answer.status for answer in answers} <= {503, 504}, answers
    faulty_postgres.start()
    assert recovers(faulty)


@pytest.mark.direct(because="clients wait in the pooler: none fails")
def test_a_restart_under_load(faulty, faulty_postgres):
    """Every request gets an answer, its own, and only 200 or 503."""
    wrong, counts, is_over = [], {200: 0, 503: 0}, threading.Event()

    def client(number):
        while not is_over.is_set():
            number += 10
            answer = faulty.get(f"/numbers/{number}")
            if answer.status not in counts or (answer.status == 200 and answer.json != {"n": number}):
                wrong.append(answer)
                return
            counts[answer.status] += 1

    clients = [threading.Thread(target=client, args=(1000 * number + 1,)) for number in range(1, 5)]
    for each in clients:
        each.start()
    time.sleep(0.5)
    faulty_postgres.kill()
    time.sleep(0.5)
    faulty_postgres.start()
    is_well = recovers(faulty)
    is_over.set()
    for each in clients:
        each.join(60)
        assert not each.is_alive(), "a request without an answer"
    assert not wrong, wrong[:3]
    assert is_well and counts[200] > 0 and counts[503] > 0, counts


def test_a_cut_stream_is_seen_as_cut(faulty, faulty_postgres):
    """The session ends in the middle of a stream: the body must not look complete."""
    with faulty.connect(receive_buffer_bytes=4096) as connection:
        connection.send(encode_request("GET", "/stream/1000000"))
        assert connection.read_response_head().status == 200
        faulty_postgres.terminate_clients("blackbox")
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            for _ in connection.read_chunks():
                pass
    assert recovers(faulty)


def test_too_few_connections_in_postgres(serve, faulty_postgres, mode):
    """The database has fewer connections than the service may want: it works with what it gets."""
    faulty_postgres.execute("ALTER DATABASE blackbox CONNECTION LIMIT 6")
    if faulty_postgres.value("SELECT count(*) FROM pg_roles WHERE rolname = 'limited'") == "0":
        faulty_postgres.execute("CREATE ROLE limited LOGIN")
    faulty_postgres.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO limited", "blackbox")
    try:
        few = {"sync": [], "threads": ["--threads", 2], "async": []}[mode]
        service = serve(*few, "--request-timeout-ms", 30000,
                        url=faulty_postgres.url("blackbox").replace("postgres@", "limited@"))
        connections = [service.connect() for _ in range(20)]
        for connection in connections:
            connection.send(encode_request("GET", "/slow/100"))
        statuses = [connection.read_response().status for connection in connections]
        for connection in connections:
            connection.close()
        assert set(statuses) <= {200, 503} and 200 in statuses, statuses
        assert service.get("/numbers/1").status == 200
    finally:
        faulty_postgres.execute("ALTER DATABASE blackbox CONNECTION LIMIT -1")


def test_a_table_that_changed_under_the_service(serve, faulty_postgres):
    """Prepared statements meet another shape of their table: an error at most, never a wrong row."""
    faulty_postgres.execute("INSERT INTO item (name) VALUES ('shape') ON CONFLICT DO NOTHING", "blackbox")
    service = serve(url=faulty_postgres.url("blackbox"))
    identity = service.get("/items?like=shape").json[0]["id"]
    faulty_postgres.execute("ALTER TABLE item ADD COLUMN colour text; ALTER TABLE item ALTER amount TYPE bigint",
                            "blackbox")
    try:
        responses = [service.get(f"/items/{identity}") for _ in range(3)]
        assert {response.status for response in responses} <= {200, 500, 503}, responses
        assert all(response.json["name"] == "shape" for response in responses if response.status == 200)
        assert service.get("/numbers/1").status == 200
    finally:
        faulty_postgres.execute("ALTER TABLE item DROP COLUMN colour; ALTER TABLE item ALTER amount TYPE integer",
                                "blackbox")


def test_a_column_that_was_widened(serve, faulty_postgres, tmp_path):
    """Same name, same type, another modifier: what is prepared is prepared again, without a restart."""
    faulty_postgres.execute("DROP TABLE IF EXISTS growing; CREATE TABLE growing (v varchar(10)); "
                            "INSERT INTO growing VALUES ('a')", "blackbox")
    (tmp_path / "growing.sql").write_text(
        "-- name: growing :one\n-- route: GET /growing\nSELECT v FROM growing LIMIT 1;\n\n"
        "-- name: grow :one\n-- route: POST /growing\nINSERT INTO growing VALUES (:v) RETURNING v;\n")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    for width in (20, 30):
        assert service.get("/growing").json == {"v": "a"}
        assert service.request("POST", "/growing", {"v": "a"}).status == 200
        faulty_postgres.execute(f"ALTER TABLE growing ALTER v TYPE varchar({width})", "blackbox")
        assert service.get("/growing").json == {"v": "a"}
        for _ in range(5):
            assert service.request("POST", "/growing", {"v": "a"}).status == 200
    assert faulty_postgres.value("SELECT count(*) FROM growing", "blackbox") == "13"


@pytest.mark.direct("transaction", because="the connections that are lost are the pooler's")
def test_what_goes_on_with_the_database_is_counted(serve, faulty_postgres):
    service = serve("--admin", "127.0.0.1:0", url=faulty_postgres.url("blackbox"))
    for number in range(1, 6):
        assert service.get(f"/numbers/{number}").status == 200
    assert service.request("POST", "/echo", {"int4": 1}).status == 200
    assert wait_until(lambda: service.metric("database_units_total") >= 6)
    assert service.metric('database_connections{state="open"}') >= 2
    assert service.metric("database_connections_lost_total") == 0
    faulty_postgres.terminate_clients("blackbox")
    # a worker sees the loss when it is its turn
    assert wait_until(lambda: service.get("/numbers/1").status == 200 and
                      service.metric("database_connections_lost_total") >= 1)
    assert wait_until(lambda: service.metric('database_connections{state="busy"}') == 0)


@pytest.mark.direct("transaction", because="which session it is that remembers a plan is chance")
@pytest.mark.parametrize("path, n, rows", [("/kept", 100, "0"), ("/procedure", 2000, "1")])
def test_own_statements_of_functions_whose_plan_is_old(serve, faulty_postgres, tmp_path, path, n, rows):
    """A trigger's at the commit, a procedure's behind its COMMIT: neither is run twice, neither is a success."""
    faulty_postgres.execute(
        "DROP TABLE IF EXISTS planned, kept; CREATE TABLE planned AS SELECT 1 AS a; CREATE TABLE kept (n integer); "
        """CREATE OR REPLACE FUNCTION run_theirs() RETURNS void LANGUAGE plpgsql AS $$
           DECLARE found record;
           BEGIN
             IF NOT EXISTS (SELECT 1 FROM pg_prepared_statements WHERE name = 'theirs') THEN
               EXECUTE 'PREPARE theirs AS SELECT * FROM planned';
             END IF;
             EXECUTE 'EXECUTE theirs' INTO found;
           END$$;
           CREATE OR REPLACE FUNCTION run_theirs_late() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN PERFORM run_theirs(); RETURN NULL; END$$;
           CREATE CONSTRAINT TRIGGER late AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW WHEN (NEW.n < 1000) EXECUTE FUNCTION run_theirs_late();
           CREATE OR REPLACE PROCEDURE put_and_run(n integer) LANGUAGE plpgsql AS
           $$BEGIN INSERT INTO kept VALUES (n); COMMIT; PERFORM run_theirs(); END$$;""", "blackbox")
    (tmp_path / "kept.sql").write_text(
        "-- name: put :one\n-- route: POST /kept\n-- status: 201\nINSERT INTO kept VALUES (:n) RETURNING n;\n\n"
        "-- name: put_and_run :exec\n-- route: POST /procedure\nCALL put_and_run(:n);\n")
    service = serve("--db-connections", 2, "--threads", 1, endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    for number in range(3):
        assert service.request("POST", path, {"n": n + number}).status in (201, 204)
    faulty_postgres.execute("ALTER TABLE planned ADD COLUMN b integer", "blackbox")
    assert_problem(service.request("POST", path, {"n": n + 50}), 500, sqlstate="0A000")
    assert faulty_postgres.value(f"SELECT count(*) FROM kept WHERE n = {n + 50}", "blackbox") == rows


def test_a_procedure_that_commits_as_it_goes(serve, faulty_postgres, tmp_path, mode):
    """Its session is ended in the middle: what it has committed is not "nothing"."""
    faulty_postgres.execute(
        "DROP TABLE IF EXISTS stage; CREATE TABLE stage (mode text); "
        "CREATE OR REPLACE PROCEDURE go_through(mode text) LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO stage VALUES (mode); COMMIT; PERFORM pg_sleep(20); END$$", "blackbox")
    (tmp_path / "stage.sql").write_text("-- name: stage :exec\n-- route: POST /stage\nCALL go_through(:mode);\n")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    with service.connect() as connection:
        connection.send(encode_request("POST", "/stage", {"mode": mode}))
        assert wait_until(lambda: faulty_postgres.value("SELECT count(*) FROM stage", "blackbox") == "1")
        faulty_postgres.terminate_clients("blackbox")
        assert_problem(connection.read_response(), 503, "whether it was written is not known")


def test_a_table_that_was_away_when_a_connection_was_made(serve, faulty_postgres, tmp_path):
    """Its statement does not prepare then; once it does, it is served again, without a restart."""
    faulty_postgres.execute("DROP TABLE IF EXISTS passing; CREATE TABLE passing AS SELECT 7 AS n", "blackbox")
    (tmp_path / "passing.sql").write_text("-- name: passing :one\n-- route: GET /passing\nSELECT n FROM passing;\n\n"
                                          "-- name: other :one\n-- route: GET /other\nSELECT 1 AS n;\n")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    assert service.get("/passing").json == {"n": 7}
    faulty_postgres.execute("ALTER TABLE passing RENAME TO away", "blackbox")
    faulty_postgres.terminate_clients("blackbox")
    assert wait_until(lambda: service.get("/other").status == 200, RECOVERY_S)
    for _ in range(3):
        assert_problem(service.get("/passing"), 500, "does not fit the database", sqlstate="42P01")
        assert service.get("/other").json == {"n": 1}
    assert service.log_contains('relation "passing" does not exist')
    faulty_postgres.execute("ALTER TABLE away RENAME TO passing", "blackbox")
    assert service.get("/passing").json == {"n": 7}
    assert service.get("/other").json == {"n": 1}


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_clients_leave_during_slow_requests(serve, leave):
    service = serve()
    for method, path, body in (("GET", "/slow/500", None), ("GET", "/large-rows/900", None),
                               ("GET", "/stream/100000", None)):
        connections = [service.connect() for _ in range(6)]
        for connection in connections:
            connection.send(encode_request(method, path, body))
        time.sleep(0.05)
        for connection in connections:
            getattr(connection, leave)()
    assert service.get("/numbers/1").json == {"n": 1}
    assert service.get("/slow/20").json == {"ms": 20}


def test_a_write_of_a_client_that_left_is_done_or_not(serve, postgres, mode):
    service = serve()
    name = f"left-{mode}"
    connection = service.connect()
    with postgres.hold("LOCK TABLE item IN EXCLUSIVE MODE", "blackbox"):
        connection.send(encode_request("POST", "/slow", {"ms": 1, "name": name}))
        assert wait_until(lambda: postgres.at_work(service, "INSERT INTO item") == 1)
        connection.reset()
        assert mode == "sync" or service.get("/numbers/1").status == 200
    assert service.get("/numbers/1").status == 200
    assert wait_until(lambda: postgres.at_work(service) == 0)
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") in ("0", "1")


def test_a_column_that_changed_its_type(serve, faulty_postgres, tmp_path):
    """Text is never written as if it were a number, not even on connections that were made after the change."""
    faulty_postgres.execute("DROP TABLE IF EXISTS shifting; CREATE TABLE shifting (n integer); "
                            "INSERT INTO shifting VALUES (7)", "blackbox")
    (tmp_path / "shifting.sql").write_text("-- name: shifting :many\n-- route: GET /shifting\nSELECT n FROM shifting;\n")
    service = serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox"))
    assert service.get("/shifting").json == [{"n": 7}]
    faulty_postgres.execute("ALTER TABLE shifting ALTER n TYPE text USING 'x, \"y\": 1'", "blackbox")
    for _ in range(3):
        answer = service.get("/shifting")
        assert answer.status == 503 or answer.json == [{"n": 'x, "y": 1'}]
        faulty_postgres.terminate_clients("blackbox")
    assert wait_until(lambda: service.get("/shifting").status == 200, RECOVERY_S)
    assert service.get("/shifting").json == [{"n": 'x, "y": 1'}]


def test_an_immediate_shutdown_leaves_nobody_waiting(serve, faulty_postgres):
    """What is in flight is answered when the connection breaks, not at its deadline."""
    service = serve("--request-timeout-ms", 60000, url=faulty_postgres.url("blackbox"))
    connections = [service.connect() for _ in range(12)]
    for number, connection in enumerate(connections):
        connection.send(encode_request("GET", "/slow/40000" if number % 3 == 0 else "/numbers/1"))
    time.sleep(0.3)
    faulty_postgres.stop(signal.SIGQUIT)
    statuses = [connection.read_response().status for connection in connections]
    assert set(statuses) <= {200, 503}, statuses
    faulty_postgres.start()
    assert recovers(service)
