"""Kept answers and identities: what is one's is never another's."""

import pytest

from lib.cache import await_listener, cache_url, counted, fresh_tag, status_of  # noqa: F401
from lib.service import assert_problem, run
from lib.tokens import SECRET, bearer, token

POLICIES = """
CREATE TABLE letter (id int PRIMARY KEY, receiver text NOT NULL);
INSERT INTO letter VALUES (1, 'ann'), (2, 'bob'), (3, 'ann');
ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON letter USING (receiver = current_setting('request.jwt.claims', true)::json ->> 'sub');
GRANT SELECT ON letter TO reader, writer;
"""

OF_IDENTITIES = """
-- name: letters :many
-- route: GET /letters
-- cache: 3600s by claim sub
-- settings: claims
-- roles: reader, writer
SELECT id, (SELECT counted(:tag)) AS tag, current_role::text AS role FROM letter ORDER BY id;

-- name: all_claims :many
-- route: GET /all-claims
-- cache: 3600s
-- settings: claims
SELECT id, (SELECT counted(:tag)) AS tag FROM letter ORDER BY id;

-- name: of_role :one
-- route: GET /of-role
-- cache: 3600s by role
-- settings: claims
-- roles: reader, writer
SELECT current_role::text AS role, counted(:tag) AS tag;

-- name: any_role :one
-- route: GET /any-role
-- cache: 3600s
SELECT current_role::text AS role, counted(:tag) AS tag;

-- name: open :one
-- route: GET /open
-- public
-- cache: 3600s by claim sub
-- param: name = claim sub
SELECT :name::text AS name, counted(:tag) AS tag;
"""


@pytest.fixture(scope="session")
def letters_url(cache_url, postgres):  # noqa: F811
    if postgres.value("SELECT count(*) FROM pg_class WHERE relname = 'letter'", "cached") == "0":
        postgres.execute(POLICIES, "cached")
    return cache_url


@pytest.fixture
def service(serve, letters_url, tmp_path):
    folder, key = tmp_path / "endpoints", tmp_path / "key"
    folder.mkdir()
    (folder / "letters.sql").write_text(OF_IDENTITIES)
    key.write_text(SECRET)
    service = serve("--admin", "127.0.0.1:0", "--jwt-keys", key, endpoints=folder, url=letters_url)
    await_listener(service)
    return service


def of(role, **claims):
    return dict(bearer(token(role=role, **claims)))


def ids(service, path, headers):
    response = service.get(path, headers)
    assert response.status == 200, response
    return [row["id"] for row in response.json]


def test_rows_of_one_claim_are_its_own(service, counted):  # noqa: F811
    tag = fresh_tag()
    path = f"/letters?tag={tag}"
    for _ in range(2):
        assert ids(service, path, of("reader", sub="ann")) == [1, 3]
        assert ids(service, path, of("reader", sub="bob")) == [2]
        assert ids(service, path, of("reader", sub="ann", jti="another token")) == [1, 3]
    assert counted(tag) == 2
    # the role counts, too
    assert service.get(path, of("writer", sub="ann")).json[0]["role"] == "writer"
    assert counted(tag) == 3


def test_without_the_claim_all_claims_count(service, counted):  # noqa: F811
    tag = fresh_tag()
    path = f"/letters?tag={tag}"
    for name in ("x", "y", "x"):
        assert ids(service, path, of("reader", name=name)) == []
    # no claim is another value than null, and than the word
    for sub in (None, "null"):
        assert ids(service, path, of("reader", sub=sub)) == []
    assert [status_of(service.get(path, of("reader", **claims))).split(";")[1] for claims in (
        {"name": "x"}, {"sub": None}, {"sub": "null"}, {"name": "z"})] == [" hit", " hit", " hit", " fwd=miss"]


def test_without_by_all_claims_count(service, counted):  # noqa: F811
    tag = fresh_tag()
    path = f"/all-claims?tag={tag}"
    for _ in range(2):
        assert ids(service, path, of("reader", sub="ann")) == [1, 3]
        assert ids(service, path, of("reader", sub="ann", jti="another token")) == [1, 3]
    assert counted(tag) == 2


def test_by_role_the_role_alone_counts(service, counted):  # noqa: F811
    tag = fresh_tag()
    for role in ("reader", "writer"):
        for sub in ("ann", "bob"):
            assert service.get(f"/of-role?tag={tag}", of(role, sub=sub)).json["role"] == role
            assert service.get(f"/any-role?tag={tag}", of(role, sub=sub)).json["role"] == role
    assert counted(tag) == 4


def test_access_comes_before_what_is_kept(service):
    tag = fresh_tag()
    assert service.get(f"/of-role?tag={tag}", of("reader")).status == 200
    assert_problem(service.get(f"/of-role?tag={tag}"), 401)
    assert_problem(service.get(f"/of-role?tag={tag}", of("postgres")), 403)


def test_one_without_an_identity_is_another(service, counted):  # noqa: F811
    tag = fresh_tag()
    for _ in range(2):
        assert service.get(f"/open?tag={tag}").json["name"] is None
        assert service.get(f"/open?tag={tag}", of("reader", sub="ann")).json["name"] == "ann"
    assert counted(tag) == 2


# What is refused before anything is served


def refused(tmp_path, url, text, *options):
    folder = tmp_path / "refused"
    folder.mkdir(exist_ok=True)
    (folder / "a.sql").write_text(text)
    outputs = []
    for command in ("check", "serve"):
        done = run(command, "--endpoints", folder, "--database", url, *options)
        assert done.returncode == 1
        outputs.append(done.stderr)
    return outputs


def test_roles_without_by_are_refused(letters_url, tmp_path):
    key = tmp_path / "key"
    key.write_text(SECRET)
    text = "-- name: a :one\n-- route: GET /a\n-- cache: 1s\n-- roles: reader\nSELECT 1 AS n;\n"
    for said in refused(tmp_path, letters_url, text, "--jwt-keys", key):
        assert "a.sql:3: `-- cache:` and `-- roles:`: by what do the answers differ? `by role`, or `by claim PATH`" in said


def test_by_needs_keys(letters_url, tmp_path):
    for said in refused(tmp_path, letters_url, "-- name: a :one\n-- route: GET /a\n-- cache: 1s by role\nSELECT 1 AS n;\n"):
        assert "a.sql:3: a names roles or claims, and no keys prove any" in said


def test_a_transaction_pooler_needs_another_way_to_listen(letters_url, tmp_path):
    text = "-- name: a :one\n-- route: GET /a\n-- cache: 1s\nSELECT 1 AS n;\n"
    for said in refused(tmp_path, letters_url, text, "--db-pooler", "transaction", "--events-database", ""):
        assert ("a.sql:3: the answers of a are kept, and NOTIFY is not heard through a transaction pooler: "
                "--events-database is to name PostgreSQL itself") in said


def test_the_document_names_the_headers(service):
    responses = service.get("/openapi.json").json["paths"]["/open"]["get"]["responses"]
    assert {"Age", "Cache-Status"} <= set(responses["200"]["headers"])
