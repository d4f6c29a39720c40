"""`meantime key` and `meantime token`, held to Python's own HMAC and SHA-256 and to the program openssl."""

import base64
import hashlib
import hmac
import json
import subprocess
import time

import pytest

from lib.service import ROOT, clean_environment, program, run

SECRET = "0123456789abcdef0123456789abcdef"


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def openssl(*words, **more):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60, **more).stdout


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return path


def claims_of(token):
    return json.loads(decoded(token.split(".")[1]))


def test_a_key_and_its_line():
    done = run("key", "billing", "--role", "biller")
    assert done.returncode == 0, done.stderr
    key, line = done.stderr.rstrip("\n"), done.stdout.rstrip("\n")
    name, digest, role = line.split(" ")
    assert (name, role) == ("billing", "biller")
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    assert key.startswith("mt_") and len(decoded(key[3:])) == 32
    assert run("key", "billing", "--role=biller").stderr.rstrip("\n") != key


def test_a_key_with_claims():
    done = run("key", "billing", "--role", "biller", "--claims", '{"tenant": 7, "a": "b c"}')
    assert done.returncode == 0 and done.stdout.endswith(' biller {"tenant": 7, "a": "b c"}\n')


@pytest.mark.parametrize("words, status, text", [
    ([], 2, "NAME --role ROLE"),
    (["a"], 2, "NAME --role ROLE"),
    (["--role", "a"], 2, "NAME --role ROLE"),
    (["a", "b", "--role", "a"], 2, '"b"'),
    (["a", "--role"], 2, "--role has no value"),
    (["a", "--mode", "async"], 2, '"--mode"'),
    (["a/b", "--role", "a"], 1, "a name has"),
    (["#a", "--role", "a"], 1, "a name has"),
    (["a", "--role", "none"], 1, "none"),
    (["a", "--role", "a" * 64], 1, "63 bytes"),
    (["a", "--role", "a b"], 1, "blanks"),
    (["a", "--role", "a", "--claims", "[]"], 1, "one JSON object"),
    (["a", "--role", "a", "--claims", '{"a":1,"a":2}'], 1, "duplicate"),
])
def test_a_key_that_cannot_be_made(words, status, text):
    done = run("key", *words)
    assert done.returncode == status and text in done.stderr and done.stdout == ""
    assert "mt_" not in done.stderr


def test_a_token_of_a_secret(secret):
    before = int(time.time())
    done = run("token", "--jwt-keys", secret, "sub=zoe", "role=writer", "exp=1h", "n=5", "is=true", "no=null",
               'teams=["a","b"]', "version=1.2.3", 'quoted="5"', "nbf=-1m")
    assert done.returncode == 0, done.stderr
    header, payload, signature = done.stdout.rstrip("\n").split(".")
    assert json.loads(decoded(header)) == {"alg": "HS256", "typ": "JWT"}
    expected = hmac.new(SECRET.encode(), f"{header}.{payload}".encode(), "sha256").digest()
    assert decoded(signature) == expected
    claims = json.loads(decoded(payload))
    assert before + 3600 <= claims.pop("exp") <= time.time() + 3600
    assert before - 60 <= claims.pop("nbf") <= time.time() - 60
    assert claims == {"sub": "zoe", "role": "writer", "n": 5, "is": True, "no": None, "teams": ["a", "b"],
                      "version": "1.2.3", "quoted": "5"}


def test_a_token_of_an_rsa_key(tmp_path):
    key, public, text, signed = (tmp_path / name for name in ("key", "public", "text", "signed"))
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    done = run("token", f"--jwt-keys={key}", "sub=zoe")
    assert done.returncode == 0, done.stderr
    content, _, signature = done.stdout.rstrip("\n").rpartition(".")
    assert json.loads(decoded(content.split(".")[0]))["alg"] == "RS256"
    text.write_text(content)
    signed.write_bytes(decoded(signature))
    openssl("dgst", "-sha256", "-verify", public, "-signature", signed, text)
    done = run("token", "--jwt-keys", public, "sub=zoe")
    assert done.returncode == 1 and "expected a private key" in done.stderr


def test_the_kid_picks_the_key(tmp_path):
    path = tmp_path / "keys.json"
    short, long = (base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in (SECRET, SECRET + SECRET))
    path.write_text(json.dumps({"keys": [{"kty": "oct", "k": short, "kid": "first"},
                                         {"kty": "oct", "k": long, "kid": "second", "alg": "HS384"}]}))
    for words, kid, alg in ([], "first", "HS256"), (["--kid", "second"], "second", "HS384"):
        done = run("token", "--jwt-keys", path, *words, "sub=zoe")
        assert done.returncode == 0, done.stderr
        assert json.loads(decoded(done.stdout.split(".")[0])) == {"alg": alg, "typ": "JWT", "kid": kid}
        assert claims_of(done.stdout) == {"sub": "zoe"}
    done = run("token", "--jwt-keys", path, "--kid", "third")
    assert done.returncode == 1 and "kid" in done.stderr


@pytest.mark.parametrize("words, status, text", [
    ([], 2, "--jwt-keys FILE"),
    (["sub=zoe"], 2, "--jwt-keys FILE"),
    (["--jwt-keys"], 2, "--jwt-keys has no value"),
    (["--jwt-keys", "SECRET", "--mode", "async"], 2, '"--mode"'),
    (["--jwt-keys", "/nonexistent/keys"], 1, "/nonexistent/keys: it cannot be read: No such file"),
    (["--jwt-keys", "SECRET", "zoe"], 1, "NAME=VALUE"),
    (["--jwt-keys", "SECRET", "exp=soon"], 1, "exp is a Unix time"),
    (["--jwt-keys", "SECRET", "a=1", "a=2"], 1, "twice"),
    (["--jwt-keys", "SECRET", "a=" + "b" * 8000], 1, "too long"),
])
def test_a_token_that_cannot_be_signed(secret, words, status, text):
    done = run("token", *[str(secret) if word == "SECRET" else word for word in words])
    assert done.returncode == status and text in done.stderr and done.stdout == ""
    assert SECRET not in done.stderr


@pytest.mark.parametrize("content, text", [
    ("short-and-secret", "32 bytes"),
    ('{"keys":[{"kty":"oct","k":"short-and-secret"}]}', "keys.json: key 1: the secret is too short"),
    ('{"keys":[{"kty":"oct","k":"short-and-secret"', "keys.json:1: "),
    ("-----BEGIN PRIVATE KEY-----\nshort-and-secret\n-----END PRIVATE KEY-----\n", "PEM block 1"),
    ("ssh-ed25519 short-and-secret, which is long enough to be one", "OpenSSH"),
])
def test_no_key_is_shown(tmp_path, content, text):
    path = tmp_path / "keys.json"
    path.write_text(content)
    done = run("token", "--jwt-keys", path, "sub=zoe")
    assert done.returncode == 1 and text in done.stderr and str(path) in done.stderr
    assert "short-and" not in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["key", "token"])
def test_help(command):
    done = run(command, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"meantime {command} - ") and done.stderr == ""
    assert f"  {command} " in run("--help").stdout


def test_output_that_is_lost_is_no_success(secret):
    for words in (["key", "a", "--role", "b"], ["token", "--jwt-keys", secret, "sub=zoe"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([program(), *words], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT,
                                  env=clean_environment(), timeout=60)
        assert done.returncode == 1 and "cannot write to stdout" in done.stderr
