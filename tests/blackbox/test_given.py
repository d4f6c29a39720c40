"""`:name?`: absent, null and given are three things."""

import pytest

from lib.service import assert_problem, run


@pytest.fixture
def item(service):
    made = service.request("POST", "/items", {"name": "given", "amount": 5}).json
    yield made
    service.request("DELETE", f"/items/{made['id']}")


def patch(service, item, body):
    return service.request("PATCH", f"/given/{item['id']}", body)


def test_absent_null_and_given(service, item):
    assert patch(service, item, {}).json == {"id": item["id"], "name": "given", "amount": 5}
    assert service.request("PATCH", f"/given/{item['id']}").json["amount"] == 5
    assert patch(service, item, {"amount": 7}).json == {"id": item["id"], "name": "given", "amount": 7}
    assert patch(service, item, {"amount": None, "name": "other"}).json == {"id": item["id"], "name": "other", "amount": None}
    assert_problem(patch(service, item, {"name": None}), 400, sqlstate="23502")
    assert_problem(patch(service, item, {"name?": True}), 400, "name?", "not the client's")
    assert_problem(service.request("PATCH", "/given/0", {}), 404)


def test_in_a_query_string(service):
    assert service.get("/given").json == {"has_a": False, "a": None, "has_b": False, "b": "default", "has_c": False, "c": None}
    answer = service.get("/given?a=&b=x&c=1&c=2").json
    assert answer == {"has_a": True, "a": "", "has_b": True, "b": "x", "has_c": True, "c": [1, 2]}
    assert_problem(service.get("/given?a%3F=true"), 400, "a?")


def test_operators_of_jsonb(service):
    answer = service.request("POST", "/given/operator", {"doc": {"a": 1}}).json
    assert answer == {"doc": {"a": 1}, "has_a": True, "has_any": True, "has_b": False}


def test_a_whole_body(service):
    assert service.request("POST", "/given/body", b"x").json == {"has_body": True, "body": "x"}
    assert service.request("POST", "/given/body").json == {"has_body": False, "body": None}


def test_the_document_does_not_say_null(service):
    schema = service.get("/openapi.json").json["paths"]["/given/{id}"]["patch"]["requestBody"]["content"]
    properties = schema["application/json"]["schema"]["properties"]
    assert set(properties) == {"name", "amount"} and "default" not in properties["amount"]
    assert not schema["application/json"]["schema"]["required"]


def test_check_shows_the_place(database, tmp_path):
    (tmp_path / "wrong.sql").write_text("-- name: wrong :one\n-- route: GET /wrong\nSELECT :a? AS a, :a::text AS b, nowhere;\n")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    line = "    SELECT :a? AS a, :a::text AS b, nowhere;\n"
    assert done.returncode == 1 and line + " " * line.index("nowhere") + "^" in done.stdout + done.stderr
