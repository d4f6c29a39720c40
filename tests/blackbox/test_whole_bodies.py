"""A body that is one parameter: any JSON, rows as JSON, NDJSON or CSV, and bytes as they are."""

import csv
import hashlib
import io
import json

import pytest

from lib.service import assert_problem, run

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
ROWS = [{"a": 1, "b": "x", "c": True}, {"a": None, "b": "größer, \"so\"", "c": False}, {"a": -3, "b": "two\nlines", "c": None}]


def post(service, path, body, content_type, method="POST"):
    headers = {"Content-Type": content_type} if content_type else {}
    return service.request(method, path, body if isinstance(body, bytes) else body.encode(), headers)


def rows_of(service, body, content_type):
    response = post(service, "/bodies/rows", body, content_type)
    assert response.status == 200, response
    return response.json


def refused(service, body, content_type, *words, path="/bodies/rows"):
    return assert_problem(post(service, path, body, content_type), 400, *words)


@pytest.mark.parametrize("value", [{"a": [1, {}]}, [1, 2], [], "text", 12.5, True, None])
def test_any_json(service, value):
    response = post(service, "/bodies/json", f" {json.dumps(value)}\n", JSON)
    assert response.json["body"] == value


@pytest.mark.parametrize("body, words", [
    ("[1,\n 2,,]", ["line 2, column 4", "a value was expected"]), ("[1] 2", ["nothing was expected behind the value"]),
    ('[{"a":1,"a":2}]', ['duplicate name "a"']), ("[" * 70, ["nested deeper"]), ("[1", ["ends too early"]),
    (b'["\xff"]', ["not UTF-8"]), (b"[1]\0", ["U+0000"]), ("\n\n", ["a value was expected"])])
def test_what_is_no_json(service, body, words):
    refused(service, body, JSON, "the JSON body is refused", *words, path="/bodies/json")


def test_numbers_with_exponents_are_bounded(service):
    assert post(service, "/bodies/json", "[1e400]", JSON).status == 200
    refused(service, "[" + ",".join(["1e131071"] * 9) + "]", JSON, "too large", path="/bodies/json")


def test_rows_of_an_array(service):
    assert rows_of(service, json.dumps(ROWS), JSON) == ROWS
    assert rows_of(service, json.dumps(ROWS), "application/vnd.x+json; charset=utf-8") == ROWS
    assert rows_of(service, "[]", JSON) == []
    refused(service, '{"a":1}', JSON, "a JSON array was expected")


@pytest.mark.parametrize("content_type", [NDJSON, "application/jsonl", "Application/NDJSON; charset=utf-8"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n"])
def test_rows_of_lines(service, content_type, end):
    text = end.join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    assert rows_of(service, text, content_type) == ROWS
    assert rows_of(service, text + end, content_type) == ROWS
    assert rows_of(service, end, content_type) == []


@pytest.mark.parametrize("body, words", [
    ('{"a":1}\n\n{"a":}\n', ["line 3, column 6", "a value was expected"]),
    ('{"a":1}\n[1]\n', ["line 2, column 1", "a JSON object was expected"]),
    ('{"a":1} {"a":2}\n', ["line 1, column 9", "nothing was expected"]),
    ('{"a":1}\n{"a":1,"a":2}', ["line 2", 'duplicate name "a"']),
    ('{"a":1}\n{"a":', ["line 2, column 6", "ends too early"])])
def test_a_wrong_line_is_named(service, body, words):
    refused(service, body, NDJSON, "the NDJSON body is refused", *words)


def csv_of(rows, **options):
    out = io.StringIO(newline="")
    writer = csv.writer(out, **options)
    writer.writerow(["a", "b", "c"])
    writer.writerows([[row["a"], row["b"], row["c"]] for row in rows])
    return out.getvalue()


@pytest.mark.parametrize("options", [{}, {"lineterminator": "\n"}])
def test_rows_of_csv(service, options):
    text = csv_of(ROWS, **options)
    assert rows_of(service, text, CSV) == ROWS
    assert rows_of(service, text.rstrip(), "Text/CSV; header=present") == ROWS
    assert rows_of(service, "\ufeff" + text, CSV) == ROWS
    assert rows_of(service, "a,b\r\n", CSV) == [] and rows_of(service, "a", CSV) == []


def test_an_empty_field_is_null_and_an_empty_text_is_not(service):
    assert rows_of(service, 'b,a\r\n,\r\n"",1\r\n', CSV) == [{"a": None, "b": None, "c": None}, {"a": 1, "b": "", "c": None}]
    assert rows_of(service, 'b\r\n\r\n""\r\nx\r\n', CSV) == [{"a": None, "b": b, "c": None} for b in (None, "", "x")]
    body = post(service, "/bodies/rows/t", 'a,"b ""c"""\r\n,1\r\n', CSV, "PUT").json["body"]
    assert body == [{'b "c"': "1"}]


def test_what_was_answered_can_be_sent_back(service):
    answer = service.request("POST", "/bodies/rows", json.dumps(ROWS).encode(), {"Content-Type": JSON, "Accept": CSV})
    assert rows_of(service, answer.body, CSV) == ROWS


@pytest.mark.parametrize("body, words", [
    ("a,b\r\n1,2\r\n3\r\n", ["line 3 has 1 field, and the header has 2"]),
    ("a,b\r\n1,2,3\r\n", ["line 2 has 3 fields, and the header has 2"]), ("a,b\r\n\r\n", ["line 2 has 1 field"]),
    ('a,b\r\n1,"x\ny"\n2,"z\n', ["line 4", "none closes it"]), ('a\r\n"x\ny"z\r\n', ["line 3", "closing quote"]),
    ('a\r\nx"y\r\n', ["line 2", "must stand in quotes"]), ("a\rb\r", ["line 1", "must end with CR LF or LF"]),
    ("a,,b\r\n", ["line 1: column 2 has no name"]), ("a,b,a\r\n", ['two columns have the name "a"']),
    ("x" * 64 + "\r\n", ["longer than 63 bytes"]), (",".join(f"c{n}" for n in range(1601)), ["more than 1600 columns"]),
    (b"a\r\n\xff\r\n", ["line 2", "not UTF-8"]), (b"a\r\n\0\r\n", ["line 2", "U+0000"]), ("\n", ["column 1 has no name"])])
def test_a_wrong_line_of_csv_is_named(service, body, words):
    refused(service, body, CSV, "the CSV body is refused", *words)


def test_csv_that_grows_too_much(service):
    names = [f"{n:063}" for n in range(100)]
    body = ",".join(names) + "\n" + (",".join("1" * 100) + "\n") * 200
    assert_problem(post(service, "/bodies/rows", body, CSV), 413, "the rows are", "of JSON")
    assert post(service, "/bodies/rows", body[:len(body) // 40], CSV).status in (200, 400)


def test_what_is_wrong_to_postgresql_is_told(service):
    assert_problem(post(service, "/bodies/rows", "a\nx\n", CSV), 400, sqlstate="22P02")


def test_other_parameters_come_from_path_and_query(service):
    answer = post(service, "/bodies/rows/t?note=n", "[1]", JSON, "PUT")
    assert answer.json == {"body": [1], "tag": "t", "note": "n"}
    assert post(service, "/bodies/rows/t", "[1]", JSON, "PUT").json["note"] == "none"
    assert_problem(post(service, "/bodies/rows/t?body=1", "[1]", JSON, "PUT"), 400, "body", "takes note in the query")


def test_a_body_that_is_missing(service):
    for path in ("/bodies/json", "/bodies/rows"):
        assert_problem(service.request("POST", path), 400, "the body is missing", "application/json")
    assert service.request("POST", "/bodies/bytes").json["length"] == 0
    assert service.request("PATCH", "/bodies/optional").json == {"body": None}
    assert post(service, "/bodies/optional", "x", None, "PATCH").json == {"body": "eA=="}


@pytest.mark.parametrize("path, content_type", [("/bodies/json", CSV), ("/bodies/json", NDJSON), ("/bodies/rows", "text/plain"),
                                                ("/bodies/rows", None), ("/bodies/json", None)])
def test_a_type_that_is_not_taken(service, path, content_type):
    assert_problem(post(service, path, "[]", content_type), 415, "application/json")


@pytest.mark.parametrize("body", [b"x", bytes(range(256)) * 100, b"\0" * 5, b"{"])
def test_bytes(service, body):
    for content_type in ("image/png", None, "application/json"):
        answer = post(service, "/bodies/bytes", body, content_type).json
        assert answer == {"length": len(body), "md5": hashlib.md5(body).hexdigest()}


def test_text(service):
    answer = post(service, "/bodies/text", "größer\r\n", "text/plain; charset=utf-8").json
    assert answer == {"text": "größer\r\n", "kind": "text/plain; charset=utf-8"}
    refused(service, b"a\n\xff", None, "line 2, column 1", "not UTF-8", path="/bodies/text")
    refused(service, b"a\0", None, "U+0000", path="/bodies/text")
    assert_problem(service.request("POST", "/bodies/text", b"x", {"Content-Encoding": "gzip"}), 415, "gzip")


def test_chunked(service):
    text = csv_of(ROWS).encode()
    with service.connect() as connection:
        connection.send(b"POST /bodies/rows HTTP/1.1\r\nHost: test\r\nContent-Type: text/csv\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(text), 7):
            part = text[at:at + 7]
            connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        connection.send(b"0\r\n\r\n")
        assert connection.read_response().json == ROWS


def test_nothing_is_kept_of_rows_of_which_one_is_wrong(service):
    body = "name,amount\nkept a,1\nkept b,2\n"
    assert post(service, "/bodies/kept", body, CSV).status == 204
    assert post(service, "/bodies/kept", "name,amount\nkept c,1\nkept d,x\n", CSV).status == 400
    kept = service.get("/items?like=kept%25").json
    assert [item["name"] for item in kept] == ["kept a", "kept b"]
    for item in kept:
        service.request("DELETE", f"/items/{item['id']}")


def test_thousands_of_rows(service):
    body = "a,b,c\n" + "".join(f"{n},\"x{n}\",t\n" for n in range(900))
    assert [row["a"] for row in rows_of(service, body, CSV)] == list(range(900))


@pytest.mark.parametrize("notes, sql, said", [
    ("-- body: rows", "SELECT :body::text AS b", "3: `-- body: rows` needs :body to be json or jsonb; it is text"),
    ("-- body: raw", "SELECT :body::json AS b", "3: `-- body: raw` needs :body to be bytea or text; it is json")])
def test_check_looks_at_the_type(database, tmp_path, notes, sql, said):
    (tmp_path / "wrong.sql").write_text(f"-- name: wrong :one\n-- route: POST /wrong\n{notes}\n{sql};\n")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 1 and f"wrong.sql:{said}" in done.stdout + done.stderr
