"""Values: how PostgreSQL's types look as JSON, and how input becomes one of them."""

import json
from urllib.parse import quote

import pytest

from lib.service import assert_problem, run


def test_every_kind_of_value(service):
    response = service.get("/types")
    assert response.status == 200
    assert response.header("content-type") == "application/json"
    assert response.body.decode() == (
        '{"int2":-32768,"int4":2147483647,"int8":9223372036854775807,"float4":1.5,"float8":0.1,"huge":1e+300,'
        '"numeric":12345678901234567890.1234567890,"yes":true,"no":false,'
        '"json":{"b" : 1,  "a":[1,2.50 ]},"jsonb":{"a": [1, 2.50], "b": 1},'
        '"date":"2026-11-22","time":"10:00:00.5","timestamp":"2026-11-22T10:00:00.5",'
        '"timestamptz":"2026-11-22T08:00:00.5+00:00","interval":"P1DT2H3M4S",'
        '"uuid":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","bytea":"AP8Q","text":"plain","mood":"happy","percentage":42,'
        '"inet":"192.168.0.1","pair":{"a":1,"b":"x"},"range":"[1,5)"}')


def test_what_json_numbers_cannot_say(service):
    assert service.get("/types/special").body.decode() == (
        '{"nan":"NaN","infinity":"Infinity","minus_infinity":"-Infinity","numeric_nan":"NaN",'
        '"numeric_infinity":"Infinity","timestamptz_infinity":"infinity","before_christ":"0044-03-15 BC",'
        '"json_null_inside":{"a":null},"json_null":null,"json_empty_string":"","no_bytes":"","no_text":""}')


def test_null_of_every_kind(service):
    values = service.get("/types/null").json
    assert len(values) == 10 and set(values.values()) == {None}


def test_arrays(service):
    assert service.get("/types/arrays").body.decode() == (
        '{"ints":[1,2,null],"matrix":[[1,2],[3,4]],"from_zero":[7,8],"nothing":[],'
        '"texts":["plain","with space","a \\"quote\\"","back\\\\slash","com,ma","","NULL",null,"{brace}"],'
        '"bools":[true,false,null],"numerics":[1.50,"NaN"],"floats":[0.5,"Infinity"],'
        '"jsons":[{"a": 1},[1,  2],null],"timestamps":["2026-11-22T10:00:00+00:00"],"byteas":["AP8Q",null],'
        '"uuids":["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],"moods":["happy","sad"]}')


def test_strings_are_escaped(service):
    response = service.get("/types/texts")
    assert response.json == {
        "escapes": 'quote " backslash \\ slash /', "short_escapes": "\b\f\n\r\t", "control": "\x01\x1f",
        "delete": "\x7f", "unicode": "äöü € 😀", 'a "key" \\ ä': 1}
    assert not any(byte < 0x20 for byte in response.body), "a control byte is in the JSON as it is"


def test_void_is_null(service):
    assert service.get("/types/void").body == b'{"nothing":null}'


# type, what is sent in the query string, what comes back as JSON text
GOOD = [
    ("int2", "-32768", "-32768"), ("int2", "32767", "32767"), ("int2", "+5", "5"), ("int2", "-0", "0"),
    ("int4", "-2147483648", "-2147483648"), ("int4", "2147483647", "2147483647"), ("int4", "007", "7"),
    ("int8", "-9223372036854775808", "-9223372036854775808"), ("int8", "9223372036854775807", "9223372036854775807"),
    ("float4", "1.5", "1.5"), ("float8", "-1.5e-3", "-0.0015"), ("float8", "NaN", '"NaN"'),
    ("float8", "-Infinity", '"-Infinity"'), ("float8", "1e308", "1e+308"),
    ("numeric", "12345678901234567890123456789.10", "12345678901234567890123456789.10"), ("numeric", "NaN", '"NaN"'),
    ("numeric", "-0.5", "-0.5"), ("numeric", "1e3", "1000"),
    ("bool", "true", "true"), ("bool", "false", "false"), ("bool", "True", "true"), ("bool", " OFF\n", "false"),
    ("text", "", '""'), ("text", "a'b\"c\\d;--", '"a\'b\\"c\\\\d;--"'), ("text", "äöü€😀", '"äöü€😀"'),
    ("text", "%_{}[]$1 :x", '"%_{}[]$1 :x"'), ("text", "x" * 4000, '"' + "x" * 4000 + '"'),
    ("json", '{"b" : 1,  "a":[1,2.50 ]}', '{"b" : 1,  "a":[1,2.50 ]}'), ("json", "null", "null"), ("json", "7", "7"),
    ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'),
    ("bytea", "AP8Q", '"AP8Q"'), ("bytea", "", '""'), ("bytea", "AA==", '"AA=="'),
    ("date", "2024-02-29", '"2024-02-29"'), ("time", "23:59:59.999999", '"23:59:59.999999"'),
    ("timestamp", "2026-11-22T10:00:00.5", '"2026-11-22T10:00:00.5"'),
    ("timestamp", "2026-11-22 10:00:00", '"2026-11-22T10:00:00"'),
    ("timestamptz", "2026-11-22T10:00:00Z", '"2026-11-22T10:00:00+00:00"'),
    ("timestamptz", "2026-11-22T10:00:00+02:00", '"2026-11-22T08:00:00+00:00"'),
    ("interval", "1 day 02:03:04", '"P1DT2H3M4S"'), ("mood", "happy", '"happy"'),
]


@pytest.mark.parametrize("kind,text,expected", GOOD)
def test_input_of_the_query_string(service, kind, text, expected):
    response = service.get(f"/echo/{kind}?value={quote(text, safe='')}")
    assert response.status == 200, response
    assert response.body.decode() == f'{{"value":{expected}}}'


BAD = [
    ("int2", "32768"), ("int2", "-32769"), ("int4", "2147483648"), ("int4", "-2147483649"),
    ("int8", "9223372036854775808"),
    ("int8", "-9223372036854775809"), ("int4", "abc"), ("int4", "1e5"), ("int4", "1.0"), ("int4", "0x1"),
    ("int4", " 1"),
    ("int4", "1 "), ("int4", "--1"), ("int4", "1" * 40), ("float8", "1.5x"), ("float8", "1e400"), ("float8", "0x1p3"),
    ("float8", "."), ("numeric", "1,5"), ("numeric", "1e"), ("bool", "o"), ("bool", "2"), ("bool", "truely"),
    ("json", "{"), ("json", "{'a':1}"), ("json", "01"), ("uuid", "a0eebc99"),
    ("uuid", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("bytea", "A"), ("bytea", "!!!!"), ("date", "2023-02-29"), ("date", "22.11.2026"), ("date", "today"),
    ("date", "2026-13-01"),
    ("time", "24:61"), ("timestamp", "2026-11-22T25:00:00"), ("timestamp", "now"),
    ("timestamptz", "2026-11-22T10:00:00"),
    ("timestamptz", "yesterday"),
]


@pytest.mark.parametrize("kind,text", BAD)
def test_wrong_input_of_the_query_string(service, kind, text):
    problem = assert_problem(service.get(f"/echo/{kind}?value={quote(text, safe='')}"), 400, "value", "must be")
    assert "sqlstate" not in problem, "PostgreSQL was asked although the type is known"


def test_booleans_are_those_of_postgresql(service, postgres):
    """In a query string, in a path and in arrays; a body has JSON's own two."""
    words = ["true", "yes", "on", "1", "false", "no", "off", "0", "2", "null", "y es", "truth", "01"]
    forms = {prefix for word in words for end in range(1, len(word) + 1) for prefix in (
        word[:end], word[:end].upper(), word[:end].title(), f" {word[:end]}", f"{word[:end]}\t\v\f ", f"{word[:end]}x")}
    postgres.execute("CREATE OR REPLACE FUNCTION as_boolean(word text) RETURNS text LANGUAGE plpgsql AS $$"
                     "BEGIN RETURN word::boolean::text; EXCEPTION WHEN invalid_text_representation THEN RETURN 'none'; END $$",
                     "blackbox")
    forms = sorted(forms)
    array = ", ".join("E'%s'" % form.replace("\t", "\\t").replace("\v", "\\x0b").replace("\f", "\\f") for form in forms)
    values = postgres.execute(f"SELECT as_boolean(form) FROM unnest(ARRAY[{array}]) WITH ORDINALITY AS all_forms (form, place)"
                              " ORDER BY place", "blackbox")
    assert len(values) == len(forms)
    for form, [value] in zip(forms, values):
        response = service.get(f"/echo/bool?value={quote(form, safe='')}")
        if value == "none":
            assert_problem(response, 400, '"value"', "true or false")
        else:
            assert response.json == {"value": value == "true"}, form
    assert service.get("/path-bool/YES").json == {"value": True}
    assert service.get("/echo/bools?value=t&value=OFF&value=1").json == {"value": [True, False, True]}
    assert_problem(service.get("/echo/bools?value=t&value=o"), 400, '"value"', '"o"')


def test_a_boolean_default_is_json_in_the_document(database, tmp_path):
    (tmp_path / "a.sql").write_text("-- name: a :one\n-- route: GET /a\n-- param: active = Yes\n-- param: old = 'OFF '\n"
                                    "SELECT :active::boolean AS active, :old::boolean AS old;\n")
    done = run("openapi", "--database", database, "--endpoints", tmp_path)
    parameters = json.loads(done.stdout)["paths"]["/a"]["get"]["parameters"]
    assert [each["schema"] for each in parameters] == [
        {"type": "boolean", "default": True}, {"type": "boolean", "default": False}]


@pytest.mark.parametrize("kind", ["int2", "int4", "int8", "float4", "float8", "numeric", "bool", "json", "uuid", "date",
                                  "time", "timestamp", "timestamptz"])
def test_empty_input_says_that_it_is_empty(service, kind):
    assert_problem(service.get(f"/echo/{kind}?value="), 400, "value", "empty")


@pytest.mark.parametrize("kind,text,sqlstate", [
    ("mood", "angry", "22P02"), ("interval", "long", "22007"), ("inet", "1.2.3", "22P02"), ("range", "[1,", "22P02"),
    ("percentage", "101", "23514"), ("regclass", "no_such_table", "42P01"), ("tsquery", "a &", "42601"), ("date", "5874897-12-31 BC", "22008"), ("timestamp", "300000-01-01T00:00", "22008"),
])
def test_what_only_postgres_can_judge_names_its_parameter_too(service, kind, text, sqlstate):
    path = f"/echo/{kind}?value={quote(text, safe='')}"
    assert_problem(service.get(path), 400, 'parameter "value": ', sqlstate=sqlstate)


def test_postgres_names_the_right_one_of_many(service):
    body = {"texts": ["a"], "mood": "angry", "interval": "P1D", "int4": 5}
    assert_problem(service.request("POST", "/echo", body), 400, 'parameter "mood": ', "angry", sqlstate="22P02")
    body = {"texts": ["a"], "mood": "sad", "interval": "never", "int4": 5}
    assert_problem(service.request("POST", "/echo", body), 400, 'parameter "interval": ', "never", sqlstate="22007")
    # not its text is wrong, but what is done with it
    problem = assert_problem(service.get("/divide?a=1&b=0"), 400, "division by zero", sqlstate="22012")
    assert "parameter" not in problem["detail"]


def test_a_stream_names_the_parameter(service):
    assert_problem(service.get("/stream-moods?mood=angry"), 400, 'parameter "mood": ', sqlstate="22P02")
    assert service.get("/stream-moods?mood=sad").json == [{"mood": "sad"}]


@pytest.mark.parametrize("kind,literal", [
    ("date", "infinity"), ("date", "-infinity"), ("date", "0044-03-15 BC"), ("date", "0001-02-29 BC"),
    ("date", "20261-12-31"), ("date", "5874897-12-31"), ("time", "24:00:00"), ("timestamp", "infinity"),
    ("timestamp", "0044-03-15 10:00:00.5 BC"), ("timestamp", "294276-12-31 23:59:59.999999"),
    ("timestamptz", "-infinity"), ("timestamptz", "0044-03-15 10:00:00+00 BC"), ("timestamptz", "294276-12-31 00:00+00"),
    ("float8", "NaN"), ("float8", "-Infinity"), ("float4", "Infinity"), ("numeric", "NaN"), ("numeric", "-Infinity"),
    ("interval", "-1 year 2 days"), ("interval", "0"),
])
def test_what_a_row_shows_is_taken_back(service, kind, literal):
    shown = service.get(f"/cast-to-{kind}/{quote(literal, safe='')}").json["value"]
    response = service.get(f"/echo/{kind}?value={quote(str(shown), safe='')}")
    assert response.status == 200 and response.json["value"] == shown, response
    if kind != "float4":
        response = service.request("POST", "/echo", {kind: shown})
        assert response.status == 200 and response.json[kind] == shown, response


def test_arrays_in_the_query_string(service):
    assert service.get("/echo/ints?value=1&value=-2&value=3").body == b'{"value":[1,-2,3]}'
    assert service.get("/echo/ints?value=1").body == b'{"value":[1]}'
    texts = ["a", "", "NULL", 'q"uote', "back\\slash", "com,ma", "{}", "ä b"]
    query = "&".join(f"value={quote(text, safe='')}" for text in texts)
    assert service.get(f"/echo/texts?{query}").json == {"value": texts}
    assert_problem(service.get("/echo/ints?value=1&value=x"), 400, "value", "x")


BODY_GOOD = [
    ("int2", "32767", "32767"), ("int4", "-1", "-1"), ("int8", "9223372036854775807", "9223372036854775807"),
    ("float8", "1.5", "1.5"), ("float8", "3", "3"), ("numeric", "0.10", "0.10"),
    ("numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ("numeric", '"0.10"', "0.10"), ("bool", "true", "true"), ("bool", "false", "false"),
    ("text", '"a\\u00e4\\ud83d\\ude00\\n\\"\\/"', '"aä😀\\n\\"/"'), ("text", '""', '""'), ("text", "null", "null"),
    ("json", '{"b" : 1,  "a":[1,2.50 ]}', '{"b" : 1,  "a":[1,2.50 ]}'), ("json", '"text"', '"text"'),
    ("jsonb", '{"b" : 1,  "a":[1,2.50 ]}', '{"a": [1, 2.50], "b": 1}'),
    ("jsonb", "12345678901234567890.10", "12345678901234567890.10"),
    ("uuid", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"', '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'),
    ("bytea", '"AP8Q"', '"AP8Q"'), ("date", '"2026-11-22"', '"2026-11-22"'),
    ("timestamptz", '"2026-11-22T10:00:00-01:30"', '"2026-11-22T11:30:00+00:00"'), ("interval", '"P1D"', '"P1D"'),
    ("mood", '"sad"', '"sad"'), ("ints", "[1, 2,null ]", "[1,2,null]"), ("ints", "[]", "[]"),
    ("ints", "[[1,2],[3,4]]", "[[1,2],[3,4]]"),
    ("texts", '["a","NULL",null,"x\\"y\\\\z",""]', '["a","NULL",null,"x\\"y\\\\z",""]'),
    ("jsons", '[{"a":1}, [2] ,null]', None),
]


@pytest.mark.parametrize("field,value,expected", BODY_GOOD)
def test_input_of_the_body(service, field, value, expected):
    response = service.request("POST", "/echo", f'{{ "{field}" : {value} }}', {"Content-Type": "application/json"})
    assert response.status == 200, response
    if expected is not None:
        assert f'"{field}":{expected}'.encode() in response.body, response
    else:
        assert response.json[field] == json.loads(value)
    others = {name: each for name, each in response.json.items() if name != field}
    assert set(others.values()) == {None}


BODY_BAD = [
    ("int2", "32768"), ("int4", "1.0"), ("int4", "1e2"), ("int4", '"1"'), ("int4", "true"), ("int4", "[1]"),
    ("int4", "{}"),
    ("int8", "9223372036854775808"), ("float8", '"x"'), ("numeric", '"x"'), ("numeric", "true"),
    ("bool", '"true"'), ("bool", "1"), ("bool", '"yes"'), ("text", "1"), ("text", "true"), ("text", "{}"), ("text", "[]"), ("uuid", '"x"'),
    ("uuid", "1"), ("bytea", '"?"'), ("date", '"2026-02-30"'), ("timestamptz", '"2026-11-22T10:00:00"'), ("mood", "1"),
    ("ints", "1"), ("ints", '["a"]'), ("ints", "[1.5]"), ("ints", "[[1],[2,3]]"), ("ints", "[1,[2]]"), ("texts", "[1]"),
]


@pytest.mark.parametrize("field,value", BODY_BAD)
def test_wrong_input_of_the_body(service, field, value):
    response = service.request("POST", "/echo", f'{{"{field}":{value}}}', {"Content-Type": "application/json"})
    assert_problem(response, 400, field)


def test_a_number_beyond_every_type(service):
    assert_problem(service.request("POST", "/echo", '{"float8":1e999}', {"Content-Type": "application/json"}), 400,
                   "1e999")


def test_sessions_are_the_same_everywhere(service):
    """schema.sql has given the database other settings, which may decide nothing."""
    session = service.get("/session").json
    assert session.pop("date_style").startswith("ISO")
    assert session == {"read_only": "on", "time_zone": "UTC", "interval_style": "iso_8601", "encoding": "UTF8"}
    assert service.request("POST", "/session", {}).json == {"read_only": "off"}


def test_an_array_of_a_domain_that_is_an_array_is_text(serve, postgres, tmp_path):
    """PostgreSQL's text of its elements is no array of JSON's; all of it is a string, out and in."""
    postgres.execute("DROP DOMAIN IF EXISTS numbers_domain; CREATE DOMAIN numbers_domain AS integer[]", "blackbox")
    (tmp_path / "a.sql").write_text("-- name: a :one\n-- route: GET /a\n-- param: v = {}\nSELECT ARRAY['{1,2}'::numbers_domain] AS made, "
                                    ":v::numbers_domain[] AS given, '{3}'::numbers_domain AS plain;\n")
    service = serve(endpoints=tmp_path)
    assert service.get("/a", ).json == {"made": '{"{1,2}"}', "given": "{}", "plain": [3]}
    assert service.get('/a?v=%7B"%7B4%7D"%7D').json["given"] == '{"{4}"}'


def test_what_postgresql_repeats_is_shortened(service):
    answer = service.request("POST", "/echo", {"mood": "x" * 200000})
    problem = assert_problem(answer, 400, "mood")
    assert len(problem["detail"]) < 1200 and problem["detail"].endswith("...")
