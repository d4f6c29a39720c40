"""The OpenAPI 3.1 document: exactly the endpoints that are served."""

import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import ATLAS_ENDPOINTS, TEST_ENDPOINTS
from lib.service import run

FOLDERS = [TEST_ENDPOINTS, ATLAS_ENDPOINTS]
LINTERS = ["@redocly/cli@2", "@stoplight/spectral-cli@6"]


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.parent.name)
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def url(folder, database, request):
    return database if folder is TEST_ENDPOINTS else request.getfixturevalue("atlas_database")


@pytest.fixture(scope="module")
def text(folder, url):
    done = run("openapi", "--database", url, "--endpoints", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def document(text):
    return json.loads(text)


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def test_exactly_the_routes(folder, url, document):
    done = run("routes", "--database", url, "--endpoints", folder)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    routes = {(line[0].lower(), line[1]): line[2] for line in lines}
    documented = {(method, path): operation["operationId"] for method, path, operation in operations(document)}
    documented.pop(("get", "/openapi.json"), None)
    routes.pop(("get", "/openapi.json"), None)
    assert documented == routes
    in_files = {}
    for file in folder.glob("*.sql"):
        names = re.findall(r"^-- name: (\S+)", file.read_text(), re.M)
        in_files |= dict(zip([(method.lower(), path) for method, path in re.findall(
            r"^-- route: (\S+) (\S+)", file.read_text(), re.M)], names))
    assert routes == in_files


def test_routes_name_file_and_line(folder, url):
    for line in run("routes", "--database", url, "--endpoints", folder).stdout.splitlines():
        method, path, name, place = line.split()
        if path == "/openapi.json":
            continue
        file, number = place.rsplit(":", 1)
        source = (folder / file.split("/")[-1]).read_text().splitlines()
        assert re.match(rf"-- (name: {name}|route: {method} {re.escape(path)})", source[int(number) - 1]), line


def test_the_frame_is_openapi_3_1(document):
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] and document["info"]["version"]
    assert set(document) <= {"openapi", "info", "jsonSchemaDialect", "servers", "paths", "webhooks", "components",
                             "security",
                             "tags", "externalDocs"}
    assert all(path.startswith("/") for path in document["paths"])


def resolve(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check_schema(document, schema):
    """JSON Schema 2020-12, as far as the documents use it."""
    schema = resolve(document, schema)
    if schema is True or schema == {}:
        return
    known = {"type", "format", "minimum", "maximum", "items", "properties", "required", "additionalProperties",
             "description",
             "default", "maxItems", "contentEncoding", "pattern", "anyOf", "oneOf", "const", "enum", "title",
             "examples",
             "minLength", "maxLength", "minItems", "allOf"}
    assert set(schema) <= known, f"unknown keywords {set(schema) - known}"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    assert set(types) <= {"null", "boolean", "object", "array", "number", "string", "integer"}
    if "array" in types:
        check_schema(document, schema["items"])
    for each in schema.get("properties", {}).values():
        check_schema(document, each)
    assert set(schema.get("required", [])) <= set(schema.get("properties", {}))
    for each in schema.get("anyOf", []) + schema.get("oneOf", []) + schema.get("allOf", []):
        check_schema(document, each)


def test_every_operation_is_complete(document):
    identities = []
    for method, path, operation in operations(document):
        assert method in ("get", "post", "put", "patch", "delete")
        assert set(operation) <= {"operationId", "summary", "description", "parameters", "requestBody", "responses",
                                  "tags"}
        identities.append(operation["operationId"])
        parameters = [resolve(document, each) for each in operation.get("parameters", [])]
        in_path = {each["name"] for each in parameters if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert all(each["required"] is True for each in parameters if each["in"] == "path")
        assert {each["in"] for each in parameters} <= {"path", "query", "header"}
        assert {each["name"] for each in parameters if each["in"] == "header"} <= {"Last-Event-ID"}
        assert len({(each["in"], each["name"]) for each in parameters}) == len(parameters)
        for each in parameters:
            assert ("schema" in each) != ("content" in each)
            check_schema(document, each["schema"] if "schema" in each else each["content"]["application/json"]["schema"])
        if "requestBody" in operation:
            assert method != "get"
            for content in operation["requestBody"]["content"].values():
                check_schema(document, content.get("schema", {}))
        check_responses(document, operation["responses"])
    assert len(set(identities)) == len(identities)


def check_responses(document, responses):
    assert any(status[0] in "23" for status in responses)
    for status, response in responses.items():
        assert re.fullmatch(r"[1-5](\d\d|XX)|default", status)
        response = resolve(document, response)
        assert response["description"]
        for media_type, content in response.get("content", {}).items():
            assert media_type in ("application/json", "application/problem+json", "application/x-ndjson",
                                  "text/csv", "text/event-stream", "image/png", "text/html; charset=utf-8",
                                  "text/plain", "*/*")
            check_schema(document, content.get("schema", {}))
    assert any("application/problem+json" in resolve(document, each).get("content", {}) for each in responses.values())


def test_types_and_defaults(document, folder):
    if folder is not TEST_ENDPOINTS:
        pytest.skip("these are the endpoints of the tests")
    [count, *_] = [each for each in document["paths"]["/defaults"]["get"]["parameters"] if each["name"] == "count"]
    assert count["schema"]["default"] == 20 and "integer" in count["schema"]["type"] and not count.get("required")
    assert "How many" in json.dumps(count)
    # JSON in a query string is one text, not its members
    [value] = document["paths"]["/echo/json"]["get"]["parameters"]
    assert value["content"] == {"application/json": {"schema": {}}} and "schema" not in value
    [required] = [each for each in document["paths"]["/defaults"]["get"]["parameters"] if each["name"] == "required"]
    assert required["required"] is True
    body = resolve(document,
                   document["paths"]["/items"]["post"]["requestBody"])["content"]["application/json"]["schema"]
    body = resolve(document, body)
    assert set(body["properties"]) == {"name", "amount", "parent"} and body["required"] == ["name"]
    assert body["additionalProperties"] is False
    assert "201" in document["paths"]["/items"]["post"]["responses"]
    assert "204" in document["paths"]["/items/{id}"]["delete"]["responses"]
    assert "404" in document["paths"]["/items/{id}"]["get"]["responses"]
    row = document["paths"]["/items"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert "array" in row["type"]
    assert list(resolve(document, row["items"])["properties"]) == ["id", "name", "amount", "parent"]


def test_the_service_gives_the_same_document(service, database):
    served = service.get("/openapi.json")
    assert served.status == 200 and served.header("content-type") == "application/json"
    assert served.json == json.loads(run("openapi", "--database", database, "--endpoints", TEST_ENDPOINTS).stdout)


def test_enums_name_their_labels(folder, document):
    if folder is not TEST_ENDPOINTS:
        pytest.skip("the sample service has no enum")
    echo = document["paths"]["/echo/mood"]["get"]
    assert echo["parameters"][0]["schema"] == {"type": "string", "enum": ["sad", "happy"]}
    row = echo["responses"]["200"]["content"]["application/json"]["schema"]
    assert row["properties"]["value"] == {"type": ["string", "null"], "enum": ["sad", "happy", None]}
    body = document["paths"]["/echo"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert all("null" in each.get("type", "null") for each in body["properties"].values())


NULLS = """
CREATE SCHEMA nulls;
CREATE TABLE nulls.parent (id int PRIMARY KEY, name text NOT NULL, note text);
CREATE TABLE nulls.child (id int NOT NULL, parent_id int NOT NULL);
CREATE TABLE nulls.heir (more int NOT NULL);
CREATE TABLE nulls.heirs_child () INHERITS (nulls.heir);
CREATE TABLE nulls.part (id int NOT NULL) PARTITION BY RANGE (id);
CREATE VIEW nulls.seen AS SELECT id FROM nulls.parent;
CREATE DOMAIN nulls.named AS text NOT NULL;
"""
# The SQL, and the columns that cannot be null.
NEVER_NULL = [
    ("SELECT id, name, note, name || '!' AS loud, 1 AS one FROM nulls.parent", "id name"),
    ("SELECT p.id, c.id AS child FROM nulls.parent p LEFT JOIN nulls.child c ON c.parent_id = p.id", "id"),
    ("SELECT p.id, c.id AS child FROM nulls.parent p JOIN nulls.child c ON c.parent_id = p.id", "id child"),
    ("SELECT p.id, c.id AS child FROM nulls.parent p RIGHT JOIN nulls.child c ON c.parent_id = p.id", ""),
    ("SELECT x.id FROM (SELECT c.id FROM nulls.parent p LEFT JOIN nulls.child c ON true) x", ""),
    ("WITH c AS (SELECT * FROM nulls.child) SELECT p.id, c.id AS child FROM nulls.parent p LEFT JOIN c ON true", ""),
    ("WITH c AS (SELECT * FROM nulls.child) SELECT id FROM c", "id"),
    ("SELECT id FROM nulls.parent UNION SELECT NULL", ""),
    ("SELECT id FROM nulls.parent GROUP BY ROLLUP (id)", ""),
    ("SELECT (SELECT id FROM nulls.parent LIMIT 1) AS id", ""),
    ("SELECT more FROM nulls.heir", ""),
    ("SELECT id FROM nulls.part", "id"),
    ("SELECT id FROM nulls.seen", ""),
    ("SELECT name::nulls.named AS named FROM nulls.parent", ""),
    ("SELECT attname FROM pg_attribute", "attname"),
    ("-- column: one not null\n-- column: \"a b\" NOT NULL\nSELECT 1 AS one, 2 AS two, 3 AS \"a b\"", "one a b"),
]


def test_columns_that_cannot_be_null(postgres, database, tmp_path):
    """Else each client has to look for null where there is none."""
    postgres.execute(NULLS, "blackbox")
    try:
        (tmp_path / "nulls.sql").write_text("".join(f"-- name: e{i} :many\n-- route: GET /e{i}\n{sql};\n\n"
                                                    for i, (sql, _) in enumerate(NEVER_NULL)))
        done = run("openapi", "--database", database, "--endpoints", tmp_path)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        for i, (sql, names) in enumerate(NEVER_NULL):
            schema = document["paths"][f"/e{i}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            columns = resolve(document, schema["items"])["properties"]
            assert " ".join(name for name, each in columns.items() if "null" not in each["type"]) == names, sql
    finally:
        postgres.execute("DROP SCHEMA nulls CASCADE", "blackbox")


@pytest.mark.parametrize("line, words", [
    ("-- column: two not null", "a.sql:3: `-- column:` names two, and the SQL of a returns no such column"),
    ("-- column: one null", "a.sql:3: `-- column:` must be NAME not null, such as total not null; it is \"one null\""),
    ("-- column: not null", "a.sql:3: `-- column:` must be NAME not null"),
    ("-- column: \"one not null", "a.sql:3: `-- column:` must be NAME not null"),
    ("-- column one not null", "a.sql:3: "),
    ("-- columns: one not null", "a.sql:3: "),
])
def test_what_cannot_be_said_of_a_column(database, tmp_path, line, words):
    (tmp_path / "a.sql").write_text(f"-- name: a :one\n-- route: GET /a\n{line}\nSELECT 1 AS one;\n")
    done = run("check", "--database", database, "--endpoints", tmp_path)
    assert done.returncode == 1 and words in done.stderr, done.stderr


@pytest.fixture(scope="module")
def linters(tmp_path_factory):
    """Where the two linters are installed."""
    folder = tmp_path_factory.mktemp("linters")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    (folder / "package.json").write_text("{}")
    (folder / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n')
    (folder / "redocly.yaml").write_text("extends: [recommended]\ntelemetry: off\n")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", *LINTERS], cwd=folder, capture_output=True,
                          text=True)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the linters: {done.stderr.splitlines()[-1:]}")
    return folder


def lint(folder, *command):
    return subprocess.run([folder / "node_modules/.bin" / command[0], *command[1:]], cwd=folder, capture_output=True,
                          text=True, env={**os.environ, "CI": "true", "NO_COLOR": "1"})


def spectral_faults(run):
    """The rules that were broken; words for people may come behind the JSON."""
    found, _ = json.JSONDecoder().raw_decode(run.stdout)
    return [each["code"] for each in found]


def test_linters_find_nothing(linters, text):
    """Both with the rules that they recommend: no error, no warning."""
    (linters / "openapi.json").write_text(text)
    redocly = lint(linters, "redocly", "lint", "--format=json", "openapi.json")
    found = json.loads(redocly.stdout)
    assert found["totals"]["errors"] == found["totals"]["warnings"] == 0, redocly.stdout
    spectral = lint(linters, "spectral", "lint", "--format=json", "openapi.json")
    assert spectral_faults(spectral) == [], spectral.stdout


def test_linters_find_what_is_wrong(linters, text):
    document = json.loads(text)
    del document["info"]["license"], document["servers"]
    (linters / "openapi.json").write_text(json.dumps(document))
    redocly = lint(linters, "redocly", "lint", "--format=json", "openapi.json")
    assert json.loads(redocly.stdout)["totals"] == {"errors": 1, "warnings": 1, "ignored": 0}
    spectral = lint(linters, "spectral", "lint", "--format=json", "openapi.json")
    assert spectral_faults(spectral) == ["oas3-api-servers"]
