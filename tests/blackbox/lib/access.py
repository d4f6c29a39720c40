"""What the tests of tokens, API keys and roles share."""

from lib.tokens import bearer, token

SCHEMA = """
CREATE ROLE access_login LOGIN NOINHERIT;
CREATE ROLE access_reader;
CREATE ROLE access_writer;
CREATE ROLE access_foreign;
GRANT access_reader, access_writer TO access_login;
"""

TABLES = """
CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, owner text NOT NULL, text text NOT NULL);
GRANT SELECT ON note TO access_reader;
GRANT SELECT, INSERT ON note TO access_writer;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note USING (owner = current_setting('request.jwt.claims', true)::json ->> 'sub')
    WITH CHECK (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
CREATE POLICY shown ON note FOR SELECT TO access_reader USING (owner = 'all');
INSERT INTO note (owner, text) VALUES ('all', 'for all'), ('zoe', 'of zoe'), ('max', 'of max');
"""

ENDPOINTS = """
-- name: self :one
-- route: GET /self
-- settings: claims, method, path
SELECT current_user::text AS role, session_user::text AS login, current_setting('request.jwt.claims', true) AS claims,
       current_setting('request.method', true) AS method, current_setting('request.path', true) AS path;

-- name: anonymous :one
-- route: GET /anonymous
-- public
SELECT current_user::text AS role, current_setting('request.jwt.claims', true) AS claims,
       current_setting('request.headers', true) AS headers;

-- name: heads :one
-- route: GET /heads
-- public
-- settings: headers
SELECT current_setting('request.headers', true)::json AS headers;

-- name: editors :one
-- route: GET /editors
-- roles: access_writer, access_editor
SELECT 1 AS one;

-- name: edit :one
-- route: POST /editors
-- roles: access_writer
-- param: text
SELECT :text::text AS text;

-- name: notes :many
-- route: GET /notes
-- settings: claims
SELECT id, owner, text FROM note ORDER BY id;

-- name: stream_notes :many
-- route: GET /notes/stream
-- stream
-- settings: claims
SELECT id, owner, text FROM note ORDER BY id;

-- name: add_note :one
-- route: POST /notes
-- settings: claims
-- param: owner = claim sub
-- param: text
INSERT INTO note (owner, text) VALUES (:owner, :text) RETURNING id, owner;

-- name: places :one
-- route: GET /places
-- public
-- param: tenant = header X-Tenant
-- param: session = cookie session
-- param: address = address
-- param: number = claim app.number
SELECT :tenant::text AS tenant, :session::text AS session, :address::text AS address, :number::int AS number;

-- name: fails :one
-- route: GET /fails
SELECT 1 / 0 AS one;
"""


def good(role="access_reader", **claims):
    return bearer(token(role=role, **claims))


def assert_refused(response, status, word, challenge):
    assert response.status == status, response
    assert response.header("content-type") == "application/problem+json"
    assert response.json["type"] == f"urn:meantime:problem:{word}"
    assert response.header("www-authenticate") == challenge


BARE = 'Bearer realm="meantime"'


def invalid(sentence):
    return f'{BARE}, error="invalid_token", error_description="{sentence}"'


JSON = [("Content-Type", "application/json")]
FRAMINGS = (b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 9\r\nExpect: 100-continue\r\n")


def post_head(headers, framing):
    """Of a request to edit."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in [*headers, *JSON])
    return b"POST /editors HTTP/1.1\r\nHost: a\r\n" + framing + lines.encode() + b"\r\n"


def new_writer(name):
    return good("access_writer", sub=name)
