"""Where a parameter comes from, and what is said when it does not."""

from urllib.parse import quote

import pytest

from lib.service import assert_problem


def test_a_parameter_that_is_used_twice_and_names_that_are_none(service):
    assert service.get("/twice?value=41").json == {"first": 41, "second": 42, "literal": ":value", "cast": "1",
                                                   "dollar": ":value", "slice": [1, 2]}


def test_defaults(service):
    assert service.get("/defaults?required=x").json == {"required": "x", "count": 20, "name": "it's me",
                                                        "missing": None}
    assert service.get("/defaults?required=&count=-1&name=&missing=m").json == {
        "required": "", "count": -1, "name": "", "missing": "m"}


def test_a_missing_parameter_is_named(service):
    assert_problem(service.get("/defaults"), 400, "required", "missing")
    assert_problem(service.get("/defaults?count=1"), 400, "required", "missing")
    assert_problem(service.request("POST", "/items", {}), 400, "name", "missing")
    assert_problem(service.request("POST", "/items"), 400)


def test_an_unknown_parameter_is_named(service):
    assert_problem(service.get("/defaults?required=x&colour=red"), 400, "colour", "unknown")
    assert_problem(service.get("/types?x"), 400, "x", "unknown")
    assert_problem(service.request("POST", "/items", {"name": "a", "colour": "red"}), 400, "colour")
    assert_problem(service.request("POST", "/items?colour=red", {"name": "a"}), 400, "colour")
    assert_problem(service.get("/defaults?required=x&%63olour=red"), 400, "colour")
    assert_problem(service.get("/defaults?required=x&Count=1"), 400, "Count")


def test_a_repeated_parameter_is_named(service):
    assert_problem(service.get("/defaults?required=x&required=y"), 400, "required")
    assert_problem(service.get("/defaults?required=x&required=x"), 400, "required")
    assert_problem(service.get("/defaults?required=x&count=1&c%6funt=2"), 400, "count")


def test_a_parameter_in_two_places_is_named(service):
    def ask(path, body):
        return service.request("POST", path, body)

    assert_problem(ask("/precedence/P?b=Q", {"b": "B", "c": "C"}), 400, '"b"', "the query string", "the JSON body")
    assert_problem(ask("/precedence/P?b=Q", {"b": "Q", "c": "C"}), 400, '"b"', "the query string", "the JSON body")
    assert_problem(ask("/precedence/P?a=Q", {"c": "C"}), 400, '"a"', "the path", "the query string")
    assert_problem(ask("/precedence/P?a=P", {"c": "C"}), 400, '"a"', "the path", "the query string")
    assert_problem(ask("/precedence/P", {"a": "Q", "c": "C"}), 400, '"a"', "the path", "the JSON body")
    assert_problem(service.get("/path/a?text=b"), 400, '"text"', "the path", "the query string")


def test_a_row_is_taken_back_at_its_own_path(service, mode):
    """What GET shows may be sent as it is: the body may say again what the path says, and nothing else."""
    row = service.request("POST", "/items", {"name": f"goes back in {mode}", "amount": 1}).json
    path = f"/items/{row['id']}"
    assert service.request("PATCH", path, {"id": row["id"], "amount": 7}).json == {"id": row["id"], "amount": 7}
    assert_problem(service.request("PATCH", path, {"id": row["id"] + 1, "amount": 8}), 400, '"id"', "another")
    assert_problem(service.request("PATCH", path, {"id": None, "amount": 8}), 400, '"id"', "another")
    assert_problem(service.request("DELETE", path, {"id": row["id"] + 1}), 400, '"id"', "another")
    assert service.get(path).json["amount"] == 7
    assert service.request("DELETE", path, {"id": row["id"]}).status == 204


def test_an_array_of_as_many_values_as_the_query_string_holds(service, serve):
    for count in (1, 64, 65, 500, 800):
        values = list(range(count))
        assert service.get("/echo/ints?" + "&".join(f"value={value}" for value in values)).json == {"value": values}
    assert_problem(service.get("/echo/ints?" + "&".join(["value=1"] * 2000)), 414)
    wide = serve("--max-path-bytes", 65536)
    assert wide.get("/echo/ints?" + "&".join(["value=7"] * 8000)).json == {"value": [7] * 8000}
    assert wide.request("POST", "/echo", {"ints": [8] * 50000}).json["ints"] == [8] * 50000


def test_what_an_endpoint_takes_is_said_of_each_place(service):
    assert_problem(service.get("/items/1?x=1"), 400, '"x"', "this endpoint takes none in the query string")
    assert_problem(service.request("DELETE", "/items/1", {"x": 1}), 400, '"x"', "JSON body", "takes none in it")


def test_a_name_without_a_value_is_an_empty_value(service):
    assert service.get("/defaults?required").json["required"] == ""
    assert_problem(service.get("/defaults?required=x&count"), 400, "count", "empty")


@pytest.mark.parametrize("query", ["&&", "?", "%26"])
def test_odd_query_strings(service, query):
    response = service.get(f"/defaults?required=x{query}")
    assert response.status == 200, response
    assert response.json["required"] == {"&&": "x", "?": "x?", "%26": "x&"}[query]


def test_an_equals_sign_in_a_value(service):
    assert service.get("/echo/text?value=a=b").json == {"value": "a=b"}


def test_percent_encoding_in_the_query_string(service):
    assert service.get("/echo/text?value=a+b%2Bc%20d").json == {"value": "a b+c d"}
    assert service.get("/echo/text?value=%C3%A4%e2%82%ac").json == {"value": "ä€"}
    assert service.get("/echo/text?%76alue=x").json == {"value": "x"}


@pytest.mark.parametrize("value",
                         ["%", "%4", "%zz", "%C3", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80", "%00", "a%00b", "%FF"])
def test_what_cannot_be_decoded_is_refused(service, value):
    assert_problem(service.get(f"/echo/text?value={value}"), 400, "value")
    assert_problem(service.get(f"/path/{value}"), 400)


def test_the_path_is_decoded_after_it_is_split(service):
    for text in ("a b", "a/b", "ä€😀", "100%", "a+b", "..a", "?", "#", "a=b&c"):
        assert service.get(f"/path/{quote(text, safe='')}").json == {"text": text}
    assert service.get("/path/a+b").json == {"text": "a+b"}, "plus is a plus in a path"
    assert service.get("/path/a%2Fb/and/7").json == {"first": "a/b", "second": 7}


@pytest.mark.parametrize("path", ["/path/..", "/path/.", "/path/%2e%2e", "/path/%2E", "/path/../types", "/./types"])
def test_dot_segments_are_refused(service, path):
    response = service.get(path)
    assert response.status in (400, 404), response


@pytest.mark.parametrize("path", ["/path/", "/path//and/7", "//types", "/types/", "/path/a/and/7/", "/path/a/or/7"])
def test_an_empty_or_extra_segment_matches_nothing(service, path):
    assert_problem(service.get(path), 404)


def test_a_literal_wins_over_a_parameter(service):
    assert service.get("/path/literal").json == {"text": "the literal route"}
    assert service.get("/path/literal/and/7").json == {"first": "literal", "second": 7}


def test_a_wrong_path_parameter_is_named(service):
    assert_problem(service.get("/path/a/and/seven"), 400, "second", "seven")
    assert_problem(service.get("/items/9223372036854775808"), 400, "id", "9223372036854775808")


def test_a_long_wrong_value_is_shortened_in_the_message(service):
    problem = assert_problem(service.get("/echo/int4?value=" + "9" * 3000), 400, "value", "999")
    assert len(problem["detail"]) < 500


def test_a_wrong_value_cannot_break_the_message(service):
    for text in ('"', "\\", "</script>", "\n", "ä" * 100, "😀" * 50, "%s%n%d"):
        assert_problem(service.get(f"/echo/int4?value={quote(text, safe='')}"), 400, "value")


def test_each_parameter_from_its_place(service):
    def ask(path, body=None):
        return service.request("POST", path, body)

    assert ask("/precedence/P", {"c": "B"}).json == {"a": "P", "b": "default", "c": "B"}
    assert ask("/precedence/P?b=Q", {"c": "B"}).json == {"a": "P", "b": "Q", "c": "B"}
    assert ask("/precedence/P?c=Q", {}).json == {"a": "P", "b": "default", "c": "Q"}
    assert ask("/precedence/P", {"b": "B", "c": "B"}).json == {"a": "P", "b": "B", "c": "B"}
    assert ask("/precedence/P?c=Q").json == {"a": "P", "b": "default", "c": "Q"}


def test_sql_in_a_value_stays_a_value(service, postgres):
    text = "'; DROP TABLE item; --"
    assert service.get(f"/echo/text?value={quote(text)}").json == {"value": text}
    assert service.get(f"/items?like={quote(text)}").json == []
    assert postgres.value("SELECT to_regclass('item')", "blackbox") == "item"
