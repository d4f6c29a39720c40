"""The keys that tokens are verified with: from a file and from a URL, and what stops the start."""

import glob
import http.server
import json
import re
import signal
import subprocess
import threading

import pytest

from lib.access import good
from lib.service import run, wait_until
from lib.tokens import SECRET, bearer, encoded, token


def test_keys_are_read_again(served, keys, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    door = served("--jwt-keys", secret)
    assert door.log_contains(f"keys of tokens: a secret of 64 bytes from {secret}")
    old, new = good(sub="a"), bearer(token(secret="n" * 40, role="access_reader"))
    assert door.get("/self", old).status == 200
    assert door.get("/self", new).status == 401
    secret.write_text("short")
    door.process.send_signal(1)
    assert door.log_contains("the reload is refused")
    assert "32 bytes" in door.log() and "short" not in door.log().replace("too short", "")
    assert door.get("/self", old).status == 200
    secret.write_text("n" * 40)
    door.process.send_signal(1)
    assert wait_until(lambda: door.get("/self", new).status == 200, 20)
    assert wait_until(lambda: door.get("/self", old).status == 401, 20), "what was verified with the old keys counts no more"


class KeyServer:
    """The host of a JWK set: what it answers may be changed at any time."""

    def __init__(self):
        self.status, self.body, self.count = 200, b"", 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.count += 1
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def show(self, *keys):
        public = [{name: value for name, value in key.items() if name != "d"} for key in keys]
        self.body = json.dumps({"keys": public}).encode()


@pytest.fixture
def key_server():
    server = KeyServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


def new_key(folder, kid):
    """A key pair of P-256 as a JWK, made by openssl, and a function that signs with it."""
    private = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-outform", "DER"], check=True,
                             capture_output=True, timeout=60).stdout
    public = subprocess.run(["openssl", "ec", "-inform", "DER", "-pubout", "-outform", "DER"], input=private, check=True,
                            capture_output=True, timeout=60).stdout[-64:]
    key = {"kty": "EC", "crv": "P-256", "kid": kid, "x": encoded(public[:32]), "y": encoded(public[32:]),
           "d": encoded(private[7:39])}
    file = folder / f"{kid}.jwk"
    file.write_text(json.dumps(key))

    def sign(**claims):
        done = run("token", "--jwt-keys", file, *[f"{name}={value}" for name, value in claims.items()])
        assert done.returncode == 0, done.stderr
        return bearer(done.stdout.strip())

    return key, sign


def test_keys_from_a_url(served, key_server, tmp_path):
    (old, sign_old), (_, sign_other) = (new_key(tmp_path, kid) for kid in ("old", "other"))
    key_server.show(old)
    door = served("--jwt-keys", key_server.url)
    assert door.log_contains(f"keys of tokens: 1 from {key_server.url}") and "is not https" in door.log()
    assert door.get("/self", sign_old(role="access_reader")).json["role"] == "access_reader"
    assert key_server.count == 1
    # a key that is not known is asked for once in a while, however many tokens name one
    for _ in range(5):
        refused = door.get("/self", sign_other(role="access_reader"))
        assert refused.status == 401 and refused.json["detail"] == "The token cannot be verified."
    assert key_server.count == 2
    assert door.metric('key_fetches_total{result="good"}') == 2
    assert door.metric("keys_fetched_timestamp_seconds") > 0
    assert door.get("/self", good()).status == 401, "a secret is no key of a set of public ones"


def test_keys_that_are_rotated_while_it_serves(served, key_server, tmp_path):
    """No good token is refused: one of a key that is not known yet waits for the set."""
    (old, sign_old), (new, sign_new) = (new_key(tmp_path, kid) for kid in ("old", "new"))
    key_server.show(old)
    door = served("--jwt-keys", key_server.url)
    assert door.get("/self", sign_old(role="access_reader")).status == 200
    key_server.show(old, new)
    assert door.get("/self", sign_new(role="access_reader")).status == 200
    assert key_server.count == 2
    assert door.get("/self", sign_old(role="access_reader")).status == 200
    # what is down, or shows something else, changes nothing
    key_server.status = 500
    assert door.get("/self", sign_new(role="access_reader", sub="a")).status == 200


def test_a_reload_fetches_the_keys(served, key_server, tmp_path):
    """A key that is revoked counts no more, and a stranger's token that names another key does not put that off."""
    (old, sign_old), (new, sign_new), (_, sign_other) = (new_key(tmp_path, kid) for kid in ("old", "new", "other"))
    key_server.show(old)
    door = served("--jwt-keys", key_server.url + "?key=topsecret")
    assert door.get("/self", sign_old(role="access_reader")).status == 200
    assert door.get("/self", sign_other(role="access_reader")).status == 401
    key_server.show(new)
    door.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: door.get("/self", sign_old(role="access_reader")).status == 401, 20)
    assert door.get("/self", sign_new(role="access_reader")).status == 200
    assert "topsecret" not in door.log()


def test_signals_are_not_for_the_thread_that_fetches_keys(served, key_server, tmp_path):
    """One of them that went there would end the service at once, with requests under way."""
    key, sign = new_key(tmp_path, "key")
    key_server.show(key)
    door = served("--jwt-keys", key_server.url)
    threads = [open(name).read() for name in glob.glob(f"/proc/{door.process.pid}/task/*/status")]
    masks = [int(re.search(r"^SigBlk:\t(\S+)$", status, re.M)[1], 16) for status in threads]
    assert len(masks) > 2 and sum(not mask >> (signal.SIGTERM - 1) & 1 for mask in masks) <= 1, "one thread waits for signals"
    door.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: door.metric('reloads_total{result="good"}') == 1, 20)
    assert door.get("/self", sign(role="access_reader")).status == 200


def test_a_url_that_gives_no_keys(served, key_server, tmp_path):
    key, sign = new_key(tmp_path, "late")
    for status, body, words in ((500, b"", "the answer has the status 500; 200 was expected"),
                                (200, b"<html>", "it holds no set of public keys"),
                                (200, b"x" * 300000, "it is longer than 262144 bytes"),
                                (302, b"", "the answer has the status 302")):
        key_server.status, key_server.body = status, body
        door = served("--jwt-keys", key_server.url)
        assert door.log_contains(f"the keys of tokens cannot be fetched from {key_server.url}: {words}")
        answer = door.get("/self", sign(role="access_reader"))
        assert door.metric('key_fetches_total{result="failed"}') >= 1
        assert answer.status == 503 and answer.json["detail"] == "the keys of tokens are not there yet; try again"
        assert door.get("/anonymous").status == 200
        door.stop()


@pytest.mark.parametrize("options, status, words", [
    (["--jwt-keys", "https://"], 1, 'jwt_keys: "https://" is no URL to fetch'),
    (["--jwt-keys", "http://a:b@c/"], 1, "it must not hold a user or a password"),
    ([], 1, "access.sql:4: self names roles or claims, and no keys prove any: --jwt-keys or --api-keys is expected"),
    (["--jwt-keys", "/nowhere"], 1, 'jwt_keys: "/nowhere" cannot be read'),
    (["--api-keys", "/nowhere"], 1, 'api_keys: "/nowhere" cannot be read'),
    (["--api-keys", "./nowhere"], 1, 'api_keys: "./nowhere" cannot be read'),
    (["--jwt-keys", SECRET], 1, "jwt_keys: there is no such file; expected the name of a file, or a URL with http:// or https://, "
     "and no key"),
    (["--api-keys", "mt_Yd9PXOoV4C"], 1, "api_keys: there is no such file; expected the name of a file, and no key"),
    (["--jwt-audience", "a"], 1, "jwt_audience: it is a rule for tokens, and jwt_keys names no keys for them"),
    (["--jwt-issuer", "a"], 1, "jwt_issuer: it is a rule for tokens"),
    (["--jwt-role-claim", "a..b"], 1, 'jwt_role_claim: "a..b" is no path of a claim'),
])
def test_what_stops_the_start(access_url, keys, options, status, words):
    done = run("check", "--database", access_url, "--endpoints", keys["endpoints"], *options)
    assert done.returncode == status and words in done.stderr, done.stderr
    assert SECRET not in done.stderr and "mt_Yd9" not in done.stderr, "it may be the key itself"
