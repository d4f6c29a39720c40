"""SQLSTATE to HTTP; GET cannot write; one failure never touches another request."""

import concurrent.futures

import pytest

from lib.http_client import encode_request
from lib.service import Service, assert_problem, wait_until

# a code or more of each class of PostgreSQL 15's Appendix A, and of classes that only an author can have made
TABLE = {
    "01000": 500, "02000": 500, "03000": 500, "09000": 500, "0B000": 500, "0F000": 500, "0L000": 500, "0P000": 500,
    "0Z002": 500, "20000": 500, "21000": 500, "24000": 500, "25P02": 500, "25P03": 503, "26000": 500, "27000": 500,
    "28000": 500, "2B000": 500, "2D000": 500, "2F000": 500, "34000": 500, "38000": 500, "39000": 500, "3B001": 500,
    "3D000": 500, "3F000": 500, "40000": 503, "40001": 503, "40002": 409, "40P01": 503, "44000": 400, "53400": 500,
    "54000": 500, "55P03": 503, "57000": 503, "57P04": 503, "57P05": 503, "58030": 500, "72000": 503, "F0000": 500,
    "HV000": 500, "2200H": 500,
    "BK001": 400, "45000": 400, "PT200": 400, "PT404": 404, "PT402": 402, "PT405": 405, "PT599": 599,
    "23505": 409, "23503": 409, "23P01": 409, "23001": 409,
    "22000": 400, "22012": 400, "22P02": 400, "22003": 400, "22001": 400, "23502": 400, "23514": 400,
    "42501": 403,
    "57014": 503,
    "53300": 503, "53200": 503, "53100": 503, "08006": 503, "08000": 503, "57P01": 503, "57P02": 503, "57P03": 503,
    "25006": 405,
    "P0001": 400,
    "42P01": 500, "42703": 500, "XX000": 500, "P0002": 500, "0A000": 500, "23000": 409, "55000": 500, "P0003": 500,
}


@pytest.mark.parametrize("path", ["/fail", "/fail-alone"])
@pytest.mark.parametrize("sqlstate,status", TABLE.items())
def test_a_failing_read(service, path, sqlstate, status):
    response = service.get(f"{path}/{sqlstate}")
    assert_problem(response, status, sqlstate=sqlstate)
    assert service.get("/types/void").status == 200


@pytest.mark.parametrize("sqlstate,status", TABLE.items())
def test_a_failing_write(service, sqlstate, status):
    assert_problem(service.request("POST", f"/fail/{sqlstate}", {}), status, sqlstate=sqlstate)


def test_the_message_of_a_function_reaches_the_client(service):
    assert_problem(service.get("/fail/P0001"), 400, "failed on purpose")
    assert_problem(service.get("/numbers/10"), 400, "number 10 fails", sqlstate="P0001")


def test_real_violations(service, mode):
    name = f"violations-{mode}"
    assert service.request("POST", "/items", {"name": name}).status == 201
    assert_problem(service.request("POST", "/items", {"name": name}), 409, "item_name_key", sqlstate="23505")
    assert_problem(service.request("POST", "/items", {"name": name + "b", "parent": 0}), 409, "item_parent_fkey",
                   sqlstate="23503")
    assert_problem(service.request("POST", "/items", {"name": name + "c", "amount": -1}), 400, "amount_is_not_negative",
                   sqlstate="23514")
    assert_problem(service.request("POST", "/items", {"name": None}), 400, "name", sqlstate="23502")


def test_data_exceptions(service):
    assert_problem(service.get("/divide?a=1&b=0"), 400, "division by zero", sqlstate="22012")
    problem = assert_problem(service.get("/cast/abc"), 400, "a text is no value of the type it is read as", sqlstate="22P02")
    assert "abc" not in problem["detail"], "a stored text that is shown where a parameter equals it confirms a guess"


def test_a_missing_privilege(service):
    problem = assert_problem(service.get("/secret"), 403, "permission denied", sqlstate="42501")
    assert "secret" not in problem["detail"], "names a table"
    assert service.log_contains("secret_get fails: permission denied for table secret")


def test_get_can_not_write(service, postgres, mode):
    path = "/write-by-get"
    name = f"written-by-get-{mode}"
    response = service.get(f"{path}/{name}")
    assert_problem(response, 405, sqlstate="25006")
    # RFC 9110 15.5.6: a 405 must say what is allowed, and this GET is not
    assert response.header("allow") is not None, "405 without Allow"
    assert service.request("HEAD", f"{path}/{name}").status == 405
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") == "0"


UNLOCK = "/session/set/default_transaction_read_only?value=off"


def test_get_can_not_write_even_after_one_unlocked_the_session(serve, postgres, mode):
    service = serve()
    for _ in range(4):
        service.get(UNLOCK)
    statuses = {service.get(f"/write-by-get/unlocked-{mode}-{number}").status for number in range(8)}
    assert postgres.value(f"SELECT count(*) FROM item WHERE name LIKE 'unlocked-{mode}-%'", "blackbox") == "0"
    assert statuses == {405}


def at_once(service, connections, paths):
    """Sends a request on each connection while the service stands still: async puts them on few connections, one behind
    another. GET, or POST for a path with its body."""
    with service.paused():
        for connection, path in zip(connections, paths):
            connection.send(encode_request("GET", path) if isinstance(path, str) else encode_request("POST", *path))
    return [connection.read_response() for connection in connections[:len(paths)]]


def test_get_can_not_write_behind_one_that_unlocks_the_session(serve, postgres, mode):
    """A statement that only sometimes changes its session cannot be known for it."""
    service = serve()
    for number in range(20):  # quick from now on, and so together
        service.get("/session/set/application_name?value=quick")
        service.get(f"/write-by-get/behind-{mode}-0")
    connections = [service.connect() for _ in range(3)]
    for number in range(200):
        # not at one instant: in one unit with it, a write that fails takes the change back
        for connection, path in zip(connections, ["/divide?a=1&b=0", UNLOCK, f"/write-by-get/behind-{mode}-{number}"]):
            connection.send(encode_request("GET", path))
        answers = [connection.read_response() for connection in connections]
        assert answers[2].status in (405, 503), answers
    for connection in connections:
        connection.close()
    assert postgres.value(f"SELECT count(*) FROM item WHERE name LIKE 'behind-{mode}-%'", "blackbox") == "0"


@pytest.mark.direct("transaction", because="the session is the pooler's: that it was changed is not the service's to tell")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_statement_that_changes_its_session_changes_nobody_elses_answers(serve, method):
    service = serve()
    for _ in range(10):
        body = None if method == "GET" else {"value": "German"}
        query = "?value=German" if method == "GET" else ""
        assert service.request(method, f"/session/set/DateStyle{query}", body).status in (200, 201)
        assert service.request(method, "/session/date", None if method == "GET" else {}).json == {"date": "2026-12-31"}
    assert service.log_contains(f"session_set{'' if method == 'GET' else '_by_post'} changed DateStyle")


def test_reads_behind_one_that_changes_its_session(serve):
    service = serve()
    assert service.get("/session/set/DateStyle?value=German").status == 200
    for _ in range(10):
        service.get("/session/date")
    connections = [service.connect() for _ in range(8)]
    for _ in range(20):
        answers = at_once(service, connections, ["/session/set/DateStyle?value=German"] + ["/session/date"] * 7)
        assert [answer.json for answer in answers[1:]] == [{"date": "2026-12-31"}] * 7
    for connection in connections:
        connection.close()


def test_neighbours_of_those_that_change_their_session(serve):
    """Known as quick, and suddenly it changes its session, many times at once: every other request gets its own answer."""
    service = serve()
    for _ in range(20):
        service.get("/session/date")
        service.get("/session/set/application_name?value=quick")
    paths = ["/session/set/DateStyle?value=SQL" if number % 8 == 3 else
             "/session/date" if number % 2 == 0 else f"/numbers/{number}1" for number in range(48)]
    connections = [service.connect() for _ in paths]
    answers = at_once(service, connections, paths)
    for connection in connections:
        connection.close()
    for number, (path, answer) in enumerate(zip(paths, answers)):
        assert answer.status == 200, (path, answer)
        if path.startswith("/numbers"):
            assert answer.json == {"n": int(f"{number}1")}
        if path == "/session/date":
            assert answer.json == {"date": "2026-12-31"}


def test_an_error_that_takes_a_change_of_the_session_back(serve):
    """PostgreSQL says nothing of it then; those between the two have seen it all the same."""
    for _ in range(3):  # the first time it is seen
        service = serve("--db-shared-connections", 1)
        for _ in range(20):
            service.get("/session/date")
            service.get("/session/set/DateStyle?value=ISO")
            service.get("/divide?a=1&b=1")
        connections = [service.connect() for _ in range(11)]
        paths = ["/session/set/DateStyle?value=German"] + ["/session/date"] * 8 + ["/divide?a=1&b=0"] * 2
        answers = at_once(service, connections, paths)
        assert [answer.json for answer in answers[1:9]] == [{"date": "2026-12-31"}] * 8
        for answer in answers[9:]:
            assert_problem(answer, 400, sqlstate="22012")
        for connection in connections:
            connection.close()


def test_writes_beside_one_that_changes_its_session(serve):
    """Known as quick, and suddenly it changes its session: no other request writes, or answers, in its terms."""
    service = serve()
    change, ask = ("/session/set/DateStyle", {"value": "ISO"}), ("/session/date", {})
    for _ in range(20):
        assert service.request("POST", *change).status == 200
        assert service.request("POST", *ask).status == 200
    connections = [service.connect() for _ in range(16)]
    answers = at_once(service, connections, [("/session/set/DateStyle", {"value": "German"})] + [ask] * 15)
    for connection in connections:
        connection.close()
    assert [answer.json for answer in answers[1:]] == [{"date": "2026-12-31"}] * 15


def test_a_stream_may_change_its_transaction(service):
    response = service.get("/session/stream/5000")
    assert [row["n"] for row in response.json] == list(range(1, 5001))
    assert {row["zone"] for row in response.json} == {"Europe/Berlin"}


def test_a_statement_that_takes_the_prepared_statements_away(serve):
    service = serve()
    for _ in range(4):
        assert service.get("/session/forget").status == 200
        for number in range(1, 8):
            assert service.get(f"/numbers/{number}").json == {"n": number}
        assert service.get("/slow-limited/1").json == {"ms": 1}, "its own timeout is gone as well"


def test_a_function_that_misses_a_statement_of_its_own(serve):
    """Not ours: an error as any other, and the connection stays."""
    service = serve()
    for _ in range(3):
        assert_problem(service.get("/session/missing"), 500, "a prepared statement is missing", sqlstate="26000")
        assert service.get("/numbers/1").json == {"n": 1}
    assert service.log_contains("session_missing_too")
    assert "lost" not in service.log()


def end_sessions_under(service, postgres, request, times):
    """Ends the session that runs the request, so often in turn; returns the answer."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(service.request, *request)
        for _ in range(times):
            assert wait_until(lambda: postgres.value(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state = 'active' AND "
                f"application_name = '{service.application}' AND wait_event = 'PgSleep'") != "0" or answer.done())
        return answer.result()


@pytest.mark.direct(because="the session that is ended is the pooler's, which tells its client something else")
def test_a_read_whose_sessions_are_ended_runs_again(serve, postgres):
    """An administrator's end is no fault of the read; after four of them it is told."""
    service = serve()
    assert end_sessions_under(service, postgres, ("GET", "/slow/2000"), 3).json == {"ms": 2000}
    refused = end_sessions_under(service, postgres, ("GET", "/slow/2000"), 5)
    assert_problem(refused, 503, "its connections to the database had to be given up, again and again")


def test_failures_and_successes_side_by_side(service, postgres, mode):
    """40 clients at the same instant, reads and writes of two endpoints, every other one failing."""
    first = {"sync": 1, "threads": 2, "async": 3}[mode] * 1000000
    expected, requests = [], []
    for number in range(first, first + 40):
        is_good = number % 10 != 0
        requests += [("GET", f"/numbers/{number}", None), ("GET", f"/other-numbers/{number}", None),
                     ("POST", "/numbers", {"n": number})]
        expected += [(200 if is_good else 400, number), (200 if is_good else 400, number),
                     (201 if is_good else 400, number)]
    connections = [service.connect() for _ in requests]
    try:
        with service.paused():
            for connection, request in zip(connections, requests):
                connection.send(encode_request(*request))
        answers = [connection.read_response() for connection in connections]
    finally:
        for connection in connections:
            connection.close()
    for (method, path, _), answer, (status, number) in zip(requests, answers, expected):
        assert answer.status == status, (method, path, answer)
        if status < 400:
            assert answer.json["n"] == number
        elif path.startswith("/other"):
            assert_problem(answer, 400, sqlstate="22012")
        else:
            assert_problem(answer, 400, f"number {number} fails", sqlstate="P0001")
    rows = postgres.execute(f"SELECT n FROM number WHERE n >= {first} AND n < {first + 40} ORDER BY n", "blackbox")
    assert [int(n) for [n] in rows] == [n for n in range(first, first + 40) if n % 10 != 0]


def test_a_failing_write_rolls_back_only_itself(serve, postgres, mode):
    """Writes of one burst that share a connection of the pipeline: each in a transaction of its own."""
    service = serve("--db-connections", 2, "--db-shared-connections", 1)
    prefix = f"burst-{mode}-"
    connections = [service.connect() for _ in range(40)]
    try:
        with service.paused():
            for number, connection in enumerate(connections):
                amount = -1 if number % 3 == 0 else number
                connection.send(encode_request("POST", "/items", {"name": f"{prefix}{number}", "amount": amount}))
        answers = [connection.read_response() for connection in connections]
    finally:
        for connection in connections:
            connection.close()
    assert [answer.status for answer in answers] == [400 if number % 3 == 0 else 201 for number in range(40)]
    rows = postgres.execute(f"SELECT amount FROM item WHERE name LIKE '{prefix}%' ORDER BY amount", "blackbox")
    assert [int(amount) for [amount] in rows] == [number for number in range(40) if number % 3 != 0]



def test_neighbours_of_what_is_too_large(database, mode, tmp_path):
    """It is cut off with its connection; every other request gets its whole answer."""
    (tmp_path / "sized.sql").write_text("-- name: sized :one\n-- route: GET /sized\nSELECT repeat('x', :n::integer) AS x;\n\n"
                                        "-- name: small :one\n-- route: GET /small\nSELECT :n::integer AS n;\n")
    with Service(database, tmp_path, mode, "--max-result-bytes", 65536, "--db-connections", 4) as service:
        for _ in range(20):
            service.get("/sized?n=1")
            service.get("/small?n=1")
        paths = ["/sized?n=400000" if number % 8 == 7 else f"/small?n={number}" for number in range(48)]
        connections = [service.connect() for _ in paths]
        for _ in range(10):
            for number, answer in enumerate(at_once(service, connections, paths)):
                if number % 8 == 7:
                    assert_problem(answer, 500, "max_result_bytes")
                else:
                    assert answer.status == 200 and answer.json == {"n": number}, answer
        for connection in connections:
            connection.close()
