"""Live events with identities: roles, row security, channels named by claims, and tokens that expire."""

import time

import pytest

from lib.events import EventStream
from lib.live import folder, shown  # noqa: F401
from lib.tokens import SECRET, bearer, token


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="session")
def private_url(postgres):
    postgres.execute("CREATE DATABASE private")
    postgres.execute("CREATE ROLE live_reader NOLOGIN; CREATE ROLE live_other NOLOGIN")
    postgres.execute("""
CREATE TABLE letter (id int PRIMARY KEY, receiver text NOT NULL);
INSERT INTO letter VALUES (1, 'anna'), (2, 'bert');
ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON letter USING (receiver = current_setting('request.jwt.claims')::json ->> 'sub');
GRANT SELECT ON letter TO live_reader;
""", "private")
    return postgres.url("private")


PRIVATE = """
-- name: letters_live :many
-- route: GET /letters/live
-- roles: live_reader
-- settings: claims
-- param: receiver = claim sub
-- events: letters_of_{receiver}
SELECT id FROM letter WHERE :receiver::text IS NOT NULL ORDER BY id;
"""


@pytest.fixture
def private(serve, private_url, secret, tmp_path):
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "letters.sql").write_text(PRIVATE)
    return lambda *options: serve("--jwt-keys", secret, "--heartbeat-ms", 200, *options, url=private_url,
                                  endpoints=folder)


def test_roles_and_row_security_hold_for_the_snapshot(private):
    service = private()
    anna = dict(bearer(token(role="live_reader", sub="anna")))
    with EventStream(service, "/letters/live", headers=anna) as stream:
        assert stream.next().data == '[{"id":1}]'
    assert service.get("/letters/live").status == 401
    assert service.get("/letters/live", bearer(token(role="live_other", sub="anna"))).status == 403
    assert service.get("/letters/live", bearer(token(role="live_reader"))).status == 403


def test_a_claim_chooses_the_channel(private, notify, mode):
    if mode != "async":
        pytest.skip("in the other modes a stream ends with its snapshot")
    service = private()
    streams = {who: EventStream(service, "/letters/live", headers=dict(bearer(token(role="live_reader", sub=who))))
               for who in ("anna", "bert")}
    for stream in streams.values():
        stream.next()
    notify("for bert", "letters_of_bert", "private")
    notify("for anna", "letters_of_anna", "private")
    for who, stream in streams.items():
        assert shown(stream.take(1)) == [("change", f"for {who}")]
        stream.close()


def test_a_token_that_expires_ends_the_stream(private, mode):
    if mode != "async":
        pytest.skip("in the other modes a stream ends with its snapshot")
    service = private()
    # a token is good for 30 seconds more than it says
    expiring = dict(bearer(token(role="live_reader", sub="anna", exp=int(time.time()) - 22)))
    with EventStream(service, "/letters/live", headers=expiring, timeout_s=120) as stream:
        stream.next()
        assert stream.next() is None
        assert stream.comments[-1] == "the identity has expired"
