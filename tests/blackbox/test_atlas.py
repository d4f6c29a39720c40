"""The sample service: every endpoint of config/endpoints, on the data of Debian's iso-codes."""

import json
import pathlib

import pytest

from lib.events import EventStream
from lib.service import assert_problem

ISO = pathlib.Path("/usr/share/iso-codes/json")


@pytest.fixture(scope="module")
def countries():
    return sorted(json.loads((ISO / "iso_3166-1.json").read_text())["3166-1"], key=lambda each: each["alpha_2"])


@pytest.fixture(scope="module")
def subdivisions():
    return sorted(json.loads((ISO / "iso_3166-2.json").read_text())["3166-2"], key=lambda each: each["code"])


@pytest.fixture(scope="module")
def languages():
    return sorted(json.loads((ISO / "iso_639-3.json").read_text())["639-3"], key=lambda each: each["alpha_3"])


def test_country(atlas, countries):
    for source in countries:
        country = atlas.get(f"/countries/{source['alpha_2']}")
        assert country.status == 200
        expected = {name: source.get(name)
                    for name in ("alpha_3", "numeric", "name", "official_name", "common_name", "flag")}
        assert country.json == {"code": source["alpha_2"], **expected}
    assert atlas.get("/countries/de").body == atlas.get("/countries/DE").body
    assert_problem(atlas.get("/countries/XX"), 404)
    assert_problem(atlas.get("/countries/Germany"), 404)


def test_countries(atlas, countries):
    codes = [each["alpha_2"] for each in countries]
    assert [each["code"] for each in atlas.get("/countries").json] == codes[:50]
    assert [each["code"] for each in atlas.get("/countries?limit=1000").json] == codes
    assert [each["code"] for each in atlas.get("/countries?limit=7&offset=10").json] == codes[10:17]
    assert atlas.get("/countries?offset=1000").body == b"[]"
    assert "DE" in [each["code"] for each in atlas.get("/countries?q=GERMAN").json]
    assert atlas.get("/countries?q=no+such+country").json == []
    assert_problem(atlas.get("/countries?limit=-1"), 400)
    assert_problem(atlas.get("/countries?limit=ten"), 400, "limit")
    assert_problem(atlas.get("/countries?page=2"), 400, "page")


def test_page_of_a_country(atlas):
    page = atlas.get("/countries/de/page")
    assert page.status == 200 and list(page.json) == ["country", "subdivisions", "notes"]
    assert page.json["country"] == atlas.get("/countries/DE").json
    assert page.json["subdivisions"] == atlas.get("/countries/DE/subdivisions").json
    note = atlas.request("POST", "/notes", {"country": "DE", "body": "on the page"}).json
    try:
        first = atlas.get("/countries/de/page").json["notes"][0]
        assert first == {name: note[name] for name in ("id", "body", "tags", "created_at")}
    finally:
        assert atlas.request("DELETE", f"/notes/{note['id']}").status == 204
    assert atlas.get("/countries/XX/page").json == {"country": None, "subdivisions": [], "notes": []}


def test_three_waits(atlas):
    assert atlas.get("/three-waits/1").json == {name: {"ms": 1} for name in ("first", "second", "third")}
    assert_problem(atlas.get("/three-waits/60001"), 400, "ms")


def test_subdivisions_of_a_country(atlas, subdivisions):
    got = atlas.get("/countries/DE/subdivisions").json
    assert [(each["code"], each["name"]) for each in got] == [
        (each["code"], each["name"]) for each in subdivisions if each["code"].startswith("DE-")]
    assert len(got) == 16
    assert atlas.get("/countries/AQ/subdivisions").json == []


def test_subdivision(atlas):
    berlin = atlas.get("/subdivisions/DE-BE").json
    assert (berlin["code"], berlin["name"], berlin["country"]) == ("DE-BE", "Berlin", "DE")
    assert atlas.get("/subdivisions/de-be").json == berlin
    assert_problem(atlas.get("/subdivisions/DE-XX"), 404)


def test_all_subdivisions_are_streamed(atlas, subdivisions):
    response = atlas.get("/subdivisions")
    assert response.status == 200 and response.is_chunked
    assert response.header("content-type") == "application/json"
    assert [(each["code"], each["name"]) for each in response.json] == [(each["code"], each["name"])
                                                                        for each in subdivisions]


def test_language(atlas):
    german = atlas.get("/languages/deu").json
    assert (german["code"], german["alpha_2"], german["name"]) == ("deu", "de", "German")
    assert atlas.get("/languages/de").json == german == atlas.get("/languages/DEU").json
    assert_problem(atlas.get("/languages/d"), 404)


def test_languages(atlas, languages):
    codes = [each["alpha_3"] for each in languages]
    assert [each["code"] for each in atlas.get("/languages").json] == codes[:50]
    assert [each["code"] for each in atlas.get("/languages?limit=3&after=deu").json] == [
        code for code in codes if code > "deu"][:3]
    assert [each["code"] for each in atlas.get("/languages?q=esperanto").json] == ["epo"]
    assert {each["type"] for each in atlas.get("/languages?type=constructed").json} == {"constructed"}
    cut = atlas.get("/languages?limit=100000")
    assert len(cut.json) == 1000 and "1000" in cut.header("meantime-truncated")


def test_the_life_of_a_note(atlas, postgres):
    added = atlas.request("POST", "/notes",
                          {"country": "de", "body": "Grüße 😀", "tags": ["a", "b"], "extra": {"x": [1, 2.5]}})
    assert added.status == 201
    note = added.json
    assert (note["country"], note["body"], note["tags"]) == ("DE", "Grüße 😀", ["a", "b"])
    assert b'"extra":{"x": [1, 2.5]}' in added.body, "jsonb is not passed through byte for byte"
    path = f"/notes/{note['id']}"
    assert atlas.get(path).json == note

    replaced = atlas.request("PUT", path, {"country": "FR", "body": "changed"})
    assert replaced.status == 200
    assert {name: replaced.json[name] for name in ("id", "country", "body", "tags", "extra", "created_at")} == {
        "id": note["id"], "country": "FR", "body": "changed", "tags": [], "extra": {}, "created_at": note["created_at"]}

    changed = atlas.request("PATCH", path, {"tags": ["c"]}).json
    assert (changed["country"], changed["body"], changed["tags"]) == ("FR", "changed", ["c"])

    deleted = atlas.request("DELETE", path)
    assert (deleted.status, deleted.body) == (204, b"")
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"country": "FR", "body": "x"}),
                         ("PATCH", {"body": "x"})):
        assert_problem(atlas.request(method, path, body), 404)
    assert postgres.value(f"SELECT count(*) FROM note WHERE id = {note['id']}", "atlas") == "0"


def test_notes_a_page_at_a_time(atlas, mode):
    tag = f"page-{mode}"
    notes = [atlas.request("POST", "/notes", {"country": country, "body": f"note {number}", "tags": [tag]}).json["id"]
             for number, country in enumerate(("DE", "FR", "DE", "FR", "DE"))]

    def ids(query):
        return [each["id"] for each in atlas.get(f"/notes?tag={tag}&{query}").json]

    assert ids("limit=100") == notes
    assert ids("limit=2") == notes[:2]
    assert ids(f"limit=2&after={notes[1]}") == notes[2:4]
    assert ids("limit=2&offset=3") == notes[3:]
    assert ids("country=fr") == [notes[1], notes[3]]


def test_notes_that_are_refused(atlas):
    assert_problem(atlas.request("POST", "/notes", {"country": "XX", "body": "x"}), 409, sqlstate="23503")
    assert_problem(atlas.request("POST", "/notes", {"country": "DE", "body": ""}), 400, sqlstate="23514")
    assert_problem(atlas.request("POST", "/notes", {"country": "DE", "body": "x" * 2001}), 400, sqlstate="23514")
    assert_problem(atlas.request("POST", "/notes", {"country": "DE"}), 400, "body", "missing")
    assert_problem(atlas.request("POST", "/notes", {"country": "DE", "body": 1}), 400, "body")
    assert_problem(atlas.request("POST", "/notes", {"country": "DE", "body": "x", "colour": 1}), 400, "colour")
    assert_problem(atlas.get("/notes/abc"), 400, "id", "abc")


def test_wait(atlas):
    assert atlas.get("/wait/0").json == {"ms": 0}
    assert atlas.get("/wait/25").json == {"ms": 25}
    for wrong in ("-1", "60001", "long", "99999999999"):
        assert_problem(atlas.get(f"/wait/{wrong}"), 400)


def test_notes_as_they_happen(atlas, mode):
    with EventStream(atlas, "/notes/live?limit=1") as live:
        snapshot = live.next()
        assert snapshot.name == "snapshot" and len(json.loads(snapshot.data)) <= 1
        note = atlas.request("POST", "/notes", {"country": "DE", "body": "live"}).json["id"]
        atlas.request("PATCH", f"/notes/{note}", {"body": "changed"})
        assert atlas.request("DELETE", f"/notes/{note}").status == 204
        if mode != "async":
            assert live.next() is None
            return
        heard = []
        while len(heard) < 3:
            what = json.loads(live.next().data)
            heard += [what["what"]] if what["id"] == note else []
        assert heard == ["insert", "update", "delete"]
