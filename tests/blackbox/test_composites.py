"""Composite values, hstore and what has a cast to json are JSON, as PostgreSQL's to_json makes it; a row is valid input."""

import json

import pytest

from lib.service import assert_problem

SCHEMA = """
DROP TABLE IF EXISTS parcel; DROP TYPE IF EXISTS place CASCADE; DROP TYPE IF EXISTS point3 CASCADE;
DROP DOMAIN IF EXISTS home CASCADE; DROP TYPE IF EXISTS shade CASCADE; DROP TABLE IF EXISTS tree;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE TYPE point3 AS (x integer, y numeric, label text);
CREATE TYPE place AS (street text, "house number" integer, spot point3, tags text[], corners point3[], seen timestamptz,
                      day date, facts jsonb, raw bytea, is_open boolean, score float8, extra hstore);
CREATE DOMAIN home AS point3;
CREATE TYPE shade AS ENUM ('dark', 'light');
CREATE OR REPLACE FUNCTION shade_to_json(s shade) RETURNS json LANGUAGE sql IMMUTABLE AS
$$ SELECT json_build_object('shade', s::text) $$;
CREATE CAST (shade AS json) WITH FUNCTION shade_to_json(shade);
CREATE TABLE parcel (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, place place, home home, attributes hstore,
                     points point3[], span int4range);
CREATE OR REPLACE PROCEDURE place_of(INOUT p point3) LANGUAGE sql AS $$ SELECT p $$;
CREATE TABLE tree (id integer, parent integer);
"""

ENDPOINTS = """\
-- name: add :one
-- route: POST /parcels
-- param: home = null
-- param: attributes = null
-- param: points = null
INSERT INTO parcel (place, home, attributes, points) VALUES (:place, :home, :attributes, :points)
RETURNING id, place, home, attributes, points;

-- name: parcels :many
-- route: GET /parcels
SELECT * FROM parcel ORDER BY id;

-- name: parcel :one
-- route: GET /parcels/{id}
SELECT parcel AS whole, to_json(parcel)::text AS said FROM parcel WHERE id = :id;

-- name: watch :many
-- route: GET /watch
-- stream
SELECT * FROM parcel ORDER BY id;

-- name: move :one
-- route: POST /moves
WITH moved AS (UPDATE parcel SET home = :home RETURNING *) SELECT id, home FROM moved;

-- name: change :one
-- route: PATCH /parcels/{id}
WITH which AS (SELECT :id::integer AS n) UPDATE parcel SET place = :place FROM which WHERE id = n RETURNING id, place;

-- name: shades :one
-- route: GET /shade
SELECT 'dark'::shade AS shade, ARRAY['light'::shade] AS shades, ROW(1, 'a') AS row, int4range(1, 3) AS span;

-- name: echo :one
-- route: POST /shade
SELECT :shade::shade AS shade, :point::point3 AS point;

-- name: call :one
-- route: POST /calls
CALL place_of(:p);

-- name: nodes :many
-- route: GET /trees
SELECT tree AS node FROM tree;
"""

POINT = {"x": 1, "y": 2.50, "label": 'a "b" \\ , (c) {d}'}
PLACE = {"street": "", "house number": None, "spot": POINT, "tags": ["a", None, "NULL", 'x"y'], "corners": [POINT, None],
         "seen": "2026-11-22T10:00:00+00:00", "day": "2026-11-22", "facts": {"a": [1, None, "x"]}, "raw": "\\x00ff",
         "is_open": True, "score": 1.5, "extra": {"k": 'v "w" \\', "n": None}}


@pytest.fixture
def parcels(serve, faulty_postgres, tmp_path):
    faulty_postgres.execute(SCHEMA, "blackbox")
    (tmp_path / "parcels.sql").write_text(ENDPOINTS)
    return serve(endpoints=tmp_path, url=faulty_postgres.url("blackbox") + "&options=-c%20timezone%3DUTC")


def test_a_row_shows_objects_and_they_are_taken_back(parcels):
    expected = {"id": 1, "place": PLACE, "home": POINT, "attributes": {"a": "1", "b": None}, "points": [POINT, None]}
    sent = {name: value for name, value in expected.items() if name != "id"}
    assert parcels.request("POST", "/parcels", sent).json == expected
    rows = parcels.get("/parcels").json
    assert rows == [{**expected, "span": None}]
    assert parcels.request("POST", "/parcels", {name: rows[0][name] for name in sent}).json == {**expected, "id": 2}
    assert parcels.get("/watch").json == [rows[0], {**rows[0], "id": 2}]
    answer = parcels.get("/parcels/1").json
    assert answer["whole"] == json.loads(answer["said"])


def test_where_a_statement_stands_in_no_from(parcels):
    parcels.request("POST", "/parcels", {"place": PLACE})
    assert parcels.request("POST", "/moves", {"home": POINT}).json == {"id": 1, "home": POINT}
    assert parcels.request("PATCH", "/parcels/1", {"place": {**PLACE, "street": "new"}}).json["place"]["street"] == "new"
    assert_problem(parcels.request("PATCH", "/parcels/9", {"place": PLACE}), 404)


def test_null_and_postgresql_s_own_text(parcels):
    assert parcels.request("POST", "/parcels", {"place": None, "home": None}).json["home"] is None
    answer = parcels.request("POST", "/parcels", {"place": None, "home": '(1,2.5,"a, b")', "attributes": "a=>1",
                                                  "points": ['(1,,)']}).json
    assert answer["home"] == {"x": 1, "y": 2.5, "label": "a, b"}
    assert answer["attributes"] == {"a": "1"}
    assert answer["points"] == [{"x": 1, "y": None, "label": None}]


def test_what_cannot_be_asked_for_as_json_is_text(parcels):
    assert parcels.request("POST", "/calls", {"p": {**POINT, "label": "a b"}}).json == {"p": '(1,2.5,"a b")'}
    schema = parcels.get("/openapi.json").json["paths"]["/calls"]["post"]["responses"]["200"]
    assert schema["content"]["application/json"]["schema"]["properties"]["p"] == {"type": ["string", "null"]}


def test_casts_to_json_and_what_has_none(parcels):
    assert parcels.get("/shade").json == {"shade": {"shade": "dark"}, "shades": [{"shade": "light"}],
                                          "row": {"f1": 1, "f2": "a"}, "span": "[1,3)"}
    assert parcels.request("POST", "/shade", {"shade": "light", "point": POINT}).json == {
        "shade": {"shade": "light"}, "point": POINT}


@pytest.mark.parametrize("field,value,words", [
    ("home", {"x": 1, "y": 2}, ('"home"', 'must have the field label')),
    ("home", {**POINT, "z": 1}, ('"home"', 'must have no field "z"')),
    ("home", {**POINT, "x": {}}, ('"home"', 'field "x"', "must be an integer")),
    ("home", {**POINT, "x": "a"}, ('"home"',)),
    ("home", [POINT], ('"home"', "must be an object")),
    ("home", 7, ('"home"', "must be an object")),
    ("place", {**PLACE, "spot": {**POINT, "x": [1]}}, ('"place"', 'field "spot.x"')),
    ("place", {**PLACE, "corners": [{"x": 1}]}, ('"place"', 'field "corners"', "must have the field")),
    ("place", {**PLACE, "tags": {"a": 1}}, ('"place"', 'field "tags"', "an array")),
    ("place", {**PLACE, "extra": {"a": 1}}, ('"place"', 'field "extra"', "strings and nulls")),
    ("attributes", {"a": 1}, ('"attributes"', "strings and nulls")),
    ("attributes", ["a"], ('"attributes"', "strings and nulls")),
    ("points", POINT, ('"points"', "array of objects")),
    ("points", [POINT, 7], ('"points"', "must be an object")),
    ("home", {**POINT, "label": "a\0b"}, ('"home"', "U+0000")),
])
def test_what_is_no_such_object_is_named(parcels, field, value, words):
    body = {"place": None, field: value}
    assert_problem(parcels.request("POST", "/parcels", body), 400, *words)
    assert parcels.get("/parcels").json == []


def test_openapi_describes_the_objects(parcels):
    document = parcels.get("/openapi.json").json
    content = document["paths"]["/parcels"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    row = content["items"]["properties"]
    assert row["home"] == {"type": ["object", "null"], "properties": {
        "x": {"type": ["integer", "null"], "format": "int32"}, "y": {"type": ["number", "string", "null"]},
        "label": {"type": ["string", "null"]}}, "required": ["x", "y", "label"]}
    assert row["attributes"] == {"type": ["object", "null"], "additionalProperties": {"type": ["string", "null"]}}
    assert row["points"]["items"]["properties"]["x"] == {"type": ["integer", "null"], "format": "int32"}
    body = document["paths"]["/parcels"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert list(body["place"]["properties"]) == list(PLACE)
    assert body["place"]["properties"]["spot"]["required"] == ["x", "y", "label"]


def test_a_composite_type_that_grows_is_shown_as_it_is(parcels, faulty_postgres):
    faulty_postgres.execute("INSERT INTO tree VALUES (1, NULL)", "blackbox")
    assert parcels.get("/trees").json == [{"node": {"id": 1, "parent": None}}]
    faulty_postgres.execute("ALTER TABLE tree ADD COLUMN kind text DEFAULT 'oak'; ALTER TABLE tree RENAME parent TO above",
                            "blackbox")
    assert parcels.get("/trees").json == [{"node": {"id": 1, "above": None, "kind": "oak"}}]
