"""Request bodies: their type, their length, their JSON."""

import pytest

from lib.http_client import encode_request
from lib.service import Service, assert_problem, wait_until

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON",
                                          "application/merge-patch+json", 'application/json;charset="UTF-8"'])
def test_types_that_are_json(service, content_type):
    assert service.request("POST", "/echo", '{"int4":1}', {"Content-Type": content_type}).status == 200


@pytest.mark.parametrize("content_type",
                         ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                          "application/jsonx", "application/xml", "json", "text/json5"])
def test_types_that_are_not(service, content_type):
    response = service.request("POST", "/echo", '{"int4":1}', {"Content-Type": content_type})
    assert_problem(response, 415, content_type.split(";")[0])


def test_a_body_without_a_type(service):
    assert_problem(service.request("POST", "/echo", '{"int4":1}'), 415)


@pytest.mark.parametrize("codings,named", [
    (["gzip"], "gzip"), (["br"], "br"), (["GZIP"], "GZIP"), (["identity, deflate"], "deflate"), (["x-made-up"], "x-made-up"),
    (["identity", "zstd"], "zstd"), (["gzip, br"], "gzip"), (["\xe9"], "?"),
])
def test_a_body_that_is_encoded(service, codings, named):
    with service.connect() as connection:
        lines = "".join(f"Content-Encoding: {coding}\r\n" for coding in codings).encode("latin-1")
        connection.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + lines +
                        b"Content-Length: 4\r\n\r\n\x1f\x8b\x08\0")
        answer = connection.read_response()
        assert_problem(answer, 415, f'Content-Encoding "{named}"')
        assert answer.header("accept-encoding") == "identity"
        assert connection.request("GET", "/numbers/1").json == {"n": 1}


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity,", "identity, identity"])
def test_a_body_that_is_not_encoded(service, coding):
    answer = service.request("POST", "/echo", '{"int4":1}', {**JSON, "Content-Encoding": coding})
    assert answer.status == 200 and answer.json["int4"] == 1


def test_an_encoded_body_of_no_bytes_is_no_body(service):
    assert service.request("POST", "/echo", "", {"Content-Encoding": "gzip"}).status == 200


def test_a_get_with_a_body(service):
    assert_problem(service.request("GET", "/types", '{"int4":1}', JSON), 400)


def test_no_body_is_no_fields(service):
    assert service.request("POST", "/echo").status == 200
    assert service.request("POST", "/echo", "").status == 200
    assert service.request("POST", "/echo", "{}", JSON).status == 200


WRONG = ["{", "}", "{]", '{"int4":1', '{"int4":1}x', "{'int4':1}", '{"int4":01}', '{"int4":+1}', '{"int4":.5}',
         '{"int4":1.}',
         '{"int4":NaN}', '{"int4":Infinity}', '{"int4":undefined}', '{"int4":1,}', '{,"int4":1}', '{"int4"}',
         '{int4:1}',
         '{"text":"a\nb"}', '{"text":"\\x41"}', '{"text":"\\ud800"}', '{"text":"\\u12"}', '{"text":"\\u0000"}', "\x00",
         "[]", "null", "1", '"text"', " ", "// comment\n{}", "\ufeff{}", '{"int4":1}{"int4":2}', '{"int4":--1}',
         '{"a":tru}']


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_json_object(service, text):
    assert_problem(service.request("POST", "/echo", text, JSON), 400)


@pytest.mark.parametrize("text", [b'{"text":"\xff"}', b'{"text":"\xc0\x80"}', b'{"text":"\xed\xa0\x80"}', b'{"\xff":1}',
                                  b'{"text":"\xf4\x90\x80\x80"}'])
def test_invalid_utf8(service, text):
    assert_problem(service.request("POST", "/echo", text, JSON), 400, "line 1")


def test_the_place_of_a_mistake_is_named(service):
    assert_problem(service.request("POST", "/echo", '{\n "int4": x}', JSON), 400, "line 2")


def test_duplicate_keys(service):
    assert_problem(service.request("POST", "/echo", '{"int4":1,"int4":2}', JSON), 400, "int4")
    assert_problem(service.request("POST", "/echo", '{"int4":1,"\\u0069nt4":2}', JSON), 400, "duplicate")


def test_duplicate_keys_within(service):
    assert_problem(service.request("POST", "/echo", '{"jsonb":[{"a":1,"a":2}]}', JSON), 400, 'in field "jsonb": duplicate name "a"')
    assert service.request("POST", "/echo", '{"jsonb":[{"a":1},{"a":2}]}', JSON).json["jsonb"] == [{"a": 1}, {"a": 2}]


NINES = "9" * 400


@pytest.mark.parametrize("field,value,shown", [
    ("numeric", "1e400", "1" + "0" * 400), ("numeric", "-1E+400", "-1" + "0" * 400), ("numeric", NINES, NINES),
    ("numeric", f"{NINES}.{NINES}", f"{NINES}.{NINES}"), ("numeric", "1e-400", "0." + "0" * 399 + "1"),
    ("numeric", '"1e400"', "1" + "0" * 400), ("numeric", '"NaN"', '"NaN"'), ("numeric", '"-Infinity"', '"-Infinity"'),
    ("numeric", "1" * 131072, "1" * 131072),
    ("jsonb", f'{{"n":[{NINES}]}}', f'{{"n": [{NINES}]}}'), ("jsonb", "1e400", "1" + "0" * 400),
    ("json", '{"n":1e400,"m":[-1E-99999]}', '{"n":1e400,"m":[-1E-99999]}'), ("json", "9" * 200000, "9" * 200000),
    ("json", '"1e400"', '"1e400"'),
])
def test_numbers_have_as_many_digits_as_their_type(service, field, value, shown):
    """RFC 8259 sets no limit, and a row shows such numbers."""
    answer = service.request("POST", "/echo", f'{{"{field}":{value}}}', JSON)
    assert answer.status == 200, answer
    assert f'"{field}":{shown}'.encode() in answer.body
    # what a row shows is taken back
    again = service.request("POST", "/echo", f'{{"{field}":{shown}}}', JSON)
    assert f'"{field}":{shown}'.encode() in again.body


@pytest.mark.parametrize("field,value,says", [
    ("int2", "1e400", "-32768"), ("int4", "1e400", "2147483647"), ("int8", NINES, "9223372036854775807"),
    ("float8", "1e400", "1.79e308"), ("float8", "-1e400", "1.79e308"), ("float8", NINES, "1.79e308"),
    ("float8", "1e-400", "5e-324"), ("int4", "1e99999999999999999999", "2147483647"), ("numeric", "1e131072", "131072"),
    ("numeric", "1e99999999999999999999", "131072"), ("ints", "[1e400]", "2147483647"), ("text", "1e400", "string"),
    ("numeric", "NaN", 'in field "numeric": a value was expected'), ("float8", "Infinity", 'in field "float8"'),
    ("json", "NaN", 'in field "json"'), ("jsonb", "[-Infinity]", 'in field "jsonb": a digit was expected'),
    ("numeric", "+1", 'in field "numeric"'), ("numeric", "0x1", 'in field "numeric"'), ("numeric", "1_0", 'in field "numeric"'),
])
def test_a_number_beyond_its_type(service, field, value, says):
    assert_problem(service.request("POST", "/echo", f'{{"{field}":{value}}}', JSON), 400, says)


def test_numbers_of_many_digits_in_arrays_and_in_the_query(serve, tmp_path):
    (tmp_path / "n.sql").write_text("-- name: n :one\n-- route: POST /n\nSELECT :ns::numeric[] AS ns, :js::jsonb[] AS js;\n"
                                    "-- name: q :one\n-- route: GET /q\nSELECT :n::numeric AS n, :j::jsonb AS j;\n")
    service = serve(endpoints=tmp_path)
    answer = service.request("POST", "/n", f'{{"ns":[1e400,null,[],{NINES}],"js":[]}}', JSON)
    assert_problem(answer, 400, "ns")
    answer = service.request("POST", "/n", f'{{"ns":[1e400,null,"NaN",{NINES}],"js":[1e400,{{"a":{NINES}}}]}}', JSON)
    assert answer.body.strip() == (f'{{"ns":[1{"0" * 400},null,"NaN",{NINES}],"js":[1{"0" * 400},{{"a": {NINES}}}]}}'
                                   ).encode(), answer
    answer = service.get(f"/q?n=1e400&j=[{NINES}]")
    assert answer.body.strip() == f'{{"n":1{"0" * 400},"j":[{NINES}]}}'.encode(), answer
    assert_problem(service.get("/q?n=1e400000&j=1"), 400, '"n"')
    # PostgreSQL's jsonb has numeric's limits
    assert_problem(service.get("/q?n=1&j=1e400000"), 400, '"j"')


def test_escaped_keys_are_the_same_keys(service):
    assert service.request("POST", "/echo", '{"\\u0069nt4":7}', JSON).json["int4"] == 7


def test_depth(serve, service):
    nested = '{"json":' + "[" * 63 + "]" * 63 + "}"  # with the object itself: 64, the default limit
    assert service.request("POST", "/echo", nested, JSON).status == 200
    nested = '{"json":' + "[" * 64 + "]" * 64 + "}"
    assert_problem(service.request("POST", "/echo", nested, JSON), 400, "64")
    for bomb in ("[" * 100000, '{"a":' * 40000, '{"json":' + "[" * 100000):
        assert_problem(service.request("POST", "/echo", bomb, JSON), 400)
    shallow = serve("--max-json-depth", 2)
    assert shallow.request("POST", "/echo", '{"json":[1]}', JSON).status == 200
    assert_problem(shallow.request("POST", "/echo", '{"json":[[1]]}', JSON), 400, "2")


def test_brackets_in_strings_are_not_depth(service):
    text = "[" * 1000 + '\\"' + "{" * 1000
    assert service.request("POST", "/echo", f'{{"text":"{text}"}}', JSON).status == 200


def test_many_fields(service):
    def refusal(count):
        many = "{" + ",".join(f'"field{number}":1' for number in range(count)) + "}"
        return assert_problem(service.request("POST", "/echo", many, JSON), 400)["detail"]

    assert "it has 5000 fields; at most 128 are taken" in refusal(5000)
    assert "it has 129 fields; at most 128 are taken" in refusal(129)
    assert "field0" in refusal(128)  # which the endpoint does not take


def test_size(serve):
    service = serve("--max-body-bytes", 1000)

    def ask(size):
        return service.request("POST", "/echo", '{"text":"' + "x" * (size - 11) + '"}', JSON)

    assert ask(1000).status == 200
    assert_problem(ask(1001), 413, "body")
    # far beyond, never sent: the answer comes before the body
    [response] = service.raw(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                             b"Content-Length: 999999999999\r\n\r\n")
    assert_problem(response, 413, "body")
    assert service.get("/types").status == 200


def test_a_large_body_arrives_whole(service):
    text = "".join(chr(0x61 + number % 26) for number in range(250000))
    assert service.request("POST", "/echo", {"text": text}).json["text"] == text


def test_a_body_that_arrives_in_pieces(service):
    with service.connect() as connection:
        request = (b'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
                   b'Content-Length: 10\r\n\r\n{"int4":7}')
        for byte in range(len(request)):
            connection.send(request[byte:byte + 1])
        assert connection.read_response().json["int4"] == 7


def test_an_escaped_nul_is_refused_for_what_it_is_in(service):
    response = service.request("POST", "/echo", '{"text":"a\\u0000b"}', {"Content-Type": "application/json"})
    assert_problem(response, 400, 'parameter "text" must be a string without the character U+0000')
    response = service.request("POST", "/echo", '{"json":"a\\u0000b"}', {"Content-Type": "application/json"})
    assert response.status == 200 and b'"json":"a\\u0000b"' in response.body
    response = service.request("POST", "/echo", '{"jsonb":"a\\u0000b"}', {"Content-Type": "application/json"})
    assert_problem(response, 400, 'parameter "jsonb": ', sqlstate="22P05")


def test_expect_continue(service):
    with service.connect() as connection:
        connection.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
                        b"Expect: 100-continue\r\n\r\n")
        assert connection.read_response().status == 100
        connection.send(b'{"int4":7}')
        assert connection.read_response().json["int4"] == 7


def test_expect_continue_for_a_body_beyond_the_limit(service):
    with service.connect() as connection:
        connection.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        assert_problem(connection.read_response(), 413)


def test_an_expectation_that_nobody_knows(service):
    [response] = service.raw(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                             b"Content-Length: 2\r\nExpect: a-miracle\r\n\r\n{}")
    assert_problem(response, 417)


def test_a_body_that_waits_is_no_larger_than_it_came(mode, database, postgres, tmp_path, is_slow):
    """What its check takes is given back before it waits."""
    if mode == "sync" or is_slow:
        pytest.skip("memory is counted where requests wait, without sanitizers")
    (tmp_path / "held.sql").write_text("-- name: held :one\n-- route: POST /held\n-- timeout: 600s\n"
                                       "SELECT pg_advisory_xact_lock_shared(1822) IS NULL AS held, "
                                       "length(:doc::jsonb::text) AS length;\n")
    body = b'{"doc":[' + b",".join([b"{}"] * 80000) + b"]}"
    count = 40
    with Service(database, tmp_path, mode, "--admin", "127.0.0.1:0", "--db-connections", 2, "--threads", 2) as service:
        with postgres.hold("DO $$BEGIN PERFORM pg_advisory_xact_lock(1822); END$$", "blackbox"):
            connections = [service.connect() for _ in range(count)]
            for connection in connections:
                connection.send(encode_request("POST", "/held", body, {"Content-Type": "application/json"}))
            assert wait_until(lambda: service.metric("requests_in_flight") == count)
            assert service.memory_bytes() < 64 * 2**20 + 3 * count * len(body)
        for connection in connections:
            assert connection.read_response().status == 200
            connection.close()
