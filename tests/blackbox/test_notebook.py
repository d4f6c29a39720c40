"""The second sample, config/examples/notebook: what each role reads, changes and removes, by row-level security."""

import pytest

from lib.service import ROOT, Service, run
from lib.tokens import SECRET, bearer, token

NOTEBOOK = ROOT / "config/examples/notebook"


@pytest.fixture(scope="session")
def notebook_url(postgres):
    url = postgres.create_database("notebook", NOTEBOOK / "schema.sql")
    postgres.execute(f"\\i {NOTEBOOK / 'schema.sql'}", "notebook")  # again
    return url.replace("//postgres@", "//notebook@")


@pytest.fixture(scope="session")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("notebook") / "secret"
    path.write_text(SECRET)
    return path


@pytest.fixture
def notebook(mode, notebook_url, secret, postgres):
    postgres.execute("TRUNCATE notebook.note RESTART IDENTITY", "notebook")
    with Service(notebook_url, NOTEBOOK / "endpoints", mode, "--jwt-keys", secret) as running:
        yield running


def identity(name, role="notebook_writer"):
    return bearer(token(sub=name, role=role))


zoe, max_, eva = identity("zoe"), identity("max"), identity("eva", "notebook_editor")


def add(service, identity_, body, **more):
    answer = service.request("POST", "/notes", {"body": body, **more}, identity_)
    assert answer.status == 201, answer
    return answer.json["id"]


def bodies(service, identity_):
    return [note["body"] for note in service.get("/notes", identity_).json]


def test_each_reads_what_is_shared_and_what_is_its_own(notebook):
    add(notebook, zoe, "zoe, private")
    add(notebook, zoe, "zoe, shared", is_shared=True)
    add(notebook, max_, "max, private")
    assert bodies(notebook, zoe) == ["zoe, shared", "zoe, private"]
    assert bodies(notebook, max_) == ["max, private", "zoe, shared"]
    assert bodies(notebook, eva) == ["max, private", "zoe, shared", "zoe, private"]
    assert notebook.get("/notes").status == 401
    assert notebook.get("/about").json["name"] == "notebook"


def test_only_its_owner_changes_a_note(notebook):
    note = add(notebook, zoe, "first", is_shared=True)
    change = {"body": "second", "is_shared": True}
    assert notebook.request("PUT", f"/notes/{note}", change, max_).status == 404
    assert notebook.request("PUT", f"/notes/{note}", change, eva).status == 404
    assert notebook.request("PUT", f"/notes/{note}", change, zoe).json["body"] == "second"
    assert notebook.get(f"/notes/{note}", max_).json["body"] == "second"


def test_an_editor_removes_any_note(notebook):
    first, second = add(notebook, zoe, "first"), add(notebook, zoe, "second", is_shared=True)
    assert notebook.request("DELETE", f"/notes/{second}", None, max_).status == 404
    assert notebook.request("DELETE", f"/notes/{second}", None, zoe).status == 204
    assert notebook.request("DELETE", f"/notes/{first}", None, eva).status == 204
    assert bodies(notebook, eva) == []


def test_an_owner_cannot_be_made_up(notebook):
    answer = notebook.request("POST", "/notes", {"body": "a", "owner": "max"}, zoe)
    assert answer.status == 400 and "owner" in answer.json["detail"]
    assert notebook.request("POST", "/notes", {"body": "a"}, bearer(token(role="notebook_writer"))).status == 403
    assert notebook.request("POST", "/notes", {"body": ""}, zoe).status == 400


def test_what_is_for_editors(notebook):
    add(notebook, zoe, "a")
    assert notebook.get("/owners", eva).json == [{"owner": "zoe", "notes": 1}]
    refused = notebook.get("/owners", zoe)
    assert refused.status == 403 and "notebook_editor" in refused.json["detail"]
    assert notebook.get("/notes", identity("zoe", "notebook")).status == 403, "the login role itself may do nothing"


def test_it_is_checked_without_a_warning(notebook_url, secret):
    done = run("check", "--database", notebook_url, "--endpoints", NOTEBOOK / "endpoints", "--jwt-keys", secret)
    assert done.returncode == 0 and "7 endpoints are good" in done.stdout
    assert "warning" not in done.stderr, done.stderr
