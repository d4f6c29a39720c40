"""What comes back: one row, many, none; the status; what a write did."""

import pytest

from lib.service import assert_problem


@pytest.fixture
def name(request, mode):
    """A name that no other test uses."""
    return f"{request.node.name}-{mode}"


def test_one(service, name):
    added = service.request("POST", "/items", {"name": name, "amount": 3})
    assert added.status == 201
    row = added.json
    assert list(row) == ["id", "name", "amount", "parent"] and row["name"] == name and row["parent"] is None
    again = service.get(f"/items/{row['id']}")
    assert again.status == 200 and again.json == row


def test_one_without_a_row_is_404(service):
    assert_problem(service.get("/items/0"), 404)
    assert_problem(service.request("PATCH", "/items/0", {"amount": 1}), 404)


def test_many(service, name):
    assert service.get("/none").body == b"[]"
    for number in range(3):
        service.request("POST", "/items", {"name": f"{name}{number}"})
    rows = service.get(f"/items?like={name}_").json
    assert [row["name"] for row in rows] == [f"{name}{number}" for number in range(3)]


def test_exec(service, postgres, name):
    identity = service.request("POST", "/items", {"name": name}).json["id"]
    changed = service.request("PUT", f"/items/{identity}", {"name": name + "2"})
    assert (changed.status, changed.body) == (204, b"")
    assert postgres.value(f"SELECT name FROM item WHERE id = {identity}", "blackbox") == name + "2"
    assert service.request("DELETE", f"/items/{identity}").status == 204
    assert_problem(service.request("DELETE", f"/items/{identity}"), 404)
    assert_problem(service.request("PUT", f"/items/{identity}", {"name": name}), 404)


def test_exec_with_a_status_of_its_own(service, postgres, name):
    assert service.request("POST", "/items/accepted", {"name": name}).status == 202
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") == "1"


def test_call(service, postgres, name):
    assert service.request("POST", "/items/calls", {"name": name}).status == 204
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") == "1"


def test_a_failed_write_leaves_nothing(service, postgres, name):
    assert_problem(service.request("POST", "/items", {"name": name, "amount": -1}), 400, sqlstate="23514")
    assert postgres.value(f"SELECT count(*) FROM item WHERE name = '{name}'", "blackbox") == "0"


def test_a_cut_result_says_so(service):
    for count in (0, 1, 5):
        response = service.get(f"/series-short/{count}")
        assert len(response.json) == count and response.header("meantime-truncated") is None
    for count in (6, 100000):
        response = service.get(f"/series-short/{count}")
        assert response.status == 200
        assert response.json == [{"n": n} for n in range(1, 6)]
        assert "5" in response.header("meantime-truncated")


def test_the_ordinary_limit_is_1000_rows(service):
    whole, cut = service.get("/series/1000"), service.get("/series/1001")
    assert len(whole.json) == 1000 and whole.header("meantime-truncated") is None
    assert len(cut.json) == 1000 and "1000" in cut.header("meantime-truncated")


def test_a_result_beyond_the_limit_of_bytes(serve):
    service = serve("--max-result-bytes", 100000)
    assert len(service.get("/large/90000").json["text"]) == 90000
    assert_problem(service.get("/large/200000"), 500, "max_result_bytes")
    assert_problem(service.get("/large-rows/500"), 500, "max_result_bytes")
    assert service.get("/large-rows/50").status == 200, "the service is well afterwards"


def test_large_answers_are_whole(service):
    for size in (10, 5000, 70000, 2000000):
        response = service.get(f"/large/{size}")
        assert response.json["text"] == "x" * size


def test_server_timing_is_on_every_answer(service):
    responses = [service.get("/types"), service.get("/items/0"), service.get("/nowhere"),
                 service.get("/echo/int4?value=x"),
                 service.get("/divide?a=1&b=0"), service.request("POST", "/types"), service.get("/slow/50"),
                 service.request("OPTIONS", "/types"), service.request("HEAD", "/types"), service.get("/stream/5")]
    for response in responses:
        parts = [part.strip() for part in response.header("server-timing").split(",")]
        assert [part.split(";")[0] for part in parts] == ["queue", "db", "total"], parts
        assert all(float(part.split("dur=")[1]) >= 0 for part in parts)


def durations(response):
    return {part.split(";")[0].strip(): float(part.split("dur=")[1])
            for part in response.header("server-timing").split(",")}


def test_server_timing_says_where_the_time_went(service):
    slow = durations(service.get("/slow/200"))
    assert slow["db"] >= 190 and slow["total"] >= slow["db"], slow
    refused = durations(service.get("/echo/int4?value=x"))
    assert refused["db"] == 0 and refused["queue"] == 0, "refused before any connection is used"


def test_as_many_columns_as_postgresql_has(serve, tmp_path):
    columns = [f"c{number}" for number in range(1664)]
    (tmp_path / "a.sql").write_text("-- name: wide :one\n-- route: GET /wide\nSELECT %s;\n" % ", ".join(
        f"{number} AS {name}" for number, name in enumerate(columns)))
    assert serve(endpoints=tmp_path).get("/wide").json == {name: number for number, name in enumerate(columns)}
