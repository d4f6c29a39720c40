"""Tokens of each algorithm, signed by the program openssl, and forged ones; keys that change; many forged at once."""

import base64
import hashlib
import hmac
import json
import subprocess
import threading
from collections import Counter

import pytest

from lib.service import wait_until
from lib.tokens import bearer, encoded

SCHEMA = """
CREATE ROLE door_login LOGIN NOINHERIT;
CREATE ROLE door_reader;
CREATE ROLE door_writer;
GRANT door_reader, door_writer TO door_login;
"""

ENDPOINTS = """
-- name: self :one
-- route: GET /self
-- settings: claims
SELECT current_user::text AS role, current_setting('request.jwt.claims', true)::json ->> 'sub' AS sub;

-- name: sum :one
-- route: GET /fibonacci/{n}
-- work: fibonacci_number
-- roles: door_writer
SELECT :n::integer AS n, NULL::integer AS digits, NULL::numeric AS value;
"""

COORDINATE_BYTES = {"256": 32, "384": 48, "512": 66}
CURVES = {"256": ("prime256v1", "P-256"), "384": ("secp384r1", "P-384"), "512": ("secp521r1", "P-521")}
ALGORITHMS = [f"{family}{bits}" for family in ("HS", "RS", "PS", "ES") for bits in ("256", "384", "512")] + ["EdDSA"]


def openssl(*words, data=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, check=True, capture_output=True, timeout=60).stdout


def take_integer(der):
    assert der[0] == 2
    return int.from_bytes(der[2:2 + der[1]], "big"), der[2 + der[1]:]


def raw_signature(der, size):
    """ECDSA's two numbers, out of a sequence of two integers."""
    rest = der[3:] if der[1] & 0x80 else der[2:]
    r, rest = take_integer(rest)
    s, _ = take_integer(rest)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


class Signer:
    """A key of one algorithm, by another program than the one that is tested."""

    def __init__(self, folder, algorithm, kid):
        self.algorithm, self.kid = algorithm, kid
        self.family, self.bits = algorithm[:2], algorithm[2:]
        self.file = folder / f"{kid}.pem"
        self.jwk = {"alg": algorithm, "kid": kid, "use": "sig", **getattr(self, f"_make_{self.family.lower()}")()}

    def _make_hs(self):
        self.secret = hashlib.sha512(self.kid.encode()).digest()
        return {"kty": "oct", "k": encoded(self.secret)}

    def _make_rs(self):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.file)
        modulus = openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().partition("=")[2]
        return {"kty": "RSA", "n": encoded(bytes.fromhex(modulus)), "e": "AQAB"}

    _make_ps = _make_rs

    def _make_es(self):
        curve, name = CURVES[self.bits]
        size = COORDINATE_BYTES[self.bits]
        openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", self.file)
        point = openssl("ec", "-in", self.file, "-pubout", "-outform", "DER")[-2 * size:]
        return {"kty": "EC", "crv": name, "x": encoded(point[:size]), "y": encoded(point[size:])}

    def _make_ed(self):
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.file)
        return {"kty": "OKP", "crv": "Ed25519", "x": encoded(openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")[-32:])}

    def signature(self, text):
        if self.family == "HS":
            return hmac.new(self.secret, text, f"sha{self.bits}").digest()
        if self.family == "Ed":
            message = self.file.with_suffix(".message")
            message.write_bytes(text)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", message)
        words = ["dgst", f"-sha{self.bits}", "-sign", self.file]
        if self.family == "PS":
            words += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
        made = openssl(*words, data=text)
        return raw_signature(made, COORDINATE_BYTES[self.bits]) if self.family == "ES" else made

    def token(self, header=None, **claims):
        content = f"{encoded({'alg': self.algorithm, 'kid': self.kid, **(header or {})})}.{encoded(claims)}"
        return f"{content}.{encoded(self.signature(content.encode()))}"


@pytest.fixture(scope="session")
def signers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signers")
    return {algorithm: Signer(folder, algorithm, algorithm.lower()) for algorithm in ALGORITHMS}


@pytest.fixture(scope="session")
def door_url(postgres):
    postgres.execute(SCHEMA)
    return postgres.url("postgres").replace("//postgres@", "//door_login@")


@pytest.fixture
def keys(tmp_path, signers):
    (tmp_path / "endpoints").mkdir()
    (tmp_path / "endpoints/door.sql").write_text(ENDPOINTS)
    write_keys(tmp_path / "keys.json", *signers.values())
    return tmp_path / "keys.json"


@pytest.fixture
def door(serve, door_url, keys):
    return serve("--jwt-keys", keys, "--admin", "127.0.0.1:0", endpoints=keys.parent / "endpoints", url=door_url)


def write_keys(file, *signers):
    """As a whole: a service that reads the file meanwhile reads the old or the new one."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"keys": [signer.jwk for signer in signers]}))
    new.replace(file)


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def with_signature(token, change):
    content, _, signature = token.rpartition(".")
    return f"{content}.{encoded(change(decoded(signature)))}"


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def forged(signer, signers):
    """What a client can make that knows the public keys, and one good token."""
    good = signer.token(role="door_reader", sub="zoe")
    content, _, signature = good.rpartition(".")
    header, payload = content.split(".")
    other = next(one for one in signers.values() if one.family != signer.family)
    yield "first bit", with_signature(good, lambda data: flipped(data, 0))
    yield "last bit", with_signature(good, lambda data: flipped(data, len(data) - 1))
    yield "shorter", with_signature(good, lambda data: data[:-1])
    yield "longer", with_signature(good, lambda data: data + b"\0")
    yield "zeros", with_signature(good, lambda data: bytes(len(data)))
    yield "ones", with_signature(good, lambda data: b"\xff" * len(data))
    yield "no signature", f"{content}."
    yield "other claims", f"{header}.{encoded({'role': 'door_writer', 'sub': 'zoe'})}.{signature}"
    yield "none", f"{encoded({'alg': 'none', 'kid': signer.kid})}.{payload}."
    yield "another's signature", f"{content}.{encoded(other.signature(content.encode()))}"
    yield "another's name", signer.token(header={"kid": other.kid}, role="door_reader")
    for algorithm in {*ALGORITHMS, "HS1", "ES256K", signer.algorithm.lower()} - {signer.algorithm}:
        yield f"as {algorithm}", f"{encoded({'alg': algorithm, 'kid': signer.kid})}.{payload}.{signature}"
    for material in {value for name, value in signer.jwk.items() if name in ("n", "x")}:
        for secret in (material.encode(), decoded(material)):
            text = f"{encoded({'alg': 'HS256', 'kid': signer.kid})}.{payload}"
            yield "the public key as a secret", f"{text}.{encoded(hmac.new(secret, text.encode(), 'sha256').digest())}"
    if signer.family == "ES":
        yield "as DER", f"{content}.{encoded(openssl('dgst', f'-sha{signer.bits}', '-sign', signer.file, data=content.encode()))}"


def test_each_algorithm_good_and_forged(door, signers):
    count = 0
    for signer in signers.values():
        good = bearer(signer.token(role="door_reader", sub=signer.kid))
        for _ in range(2):
            assert door.get("/self", good).json == {"role": "door_reader", "sub": signer.kid}, signer.algorithm
        for what, token in forged(signer, signers):
            response = door.get("/self", bearer(token))
            assert (response.status, response.json["detail"]) == (401, "The token cannot be verified."), (signer.algorithm, what)
            assert response.header("www-authenticate") == \
                'Bearer realm="meantime", error="invalid_token", error_description="The token cannot be verified."'
            count += 1
    assert door.metric('credentials_verified_total{result="good"}') == len(signers)
    assert count >= 300


def test_a_work_has_roles_too(door, signers):
    signer = signers["ES256"]
    assert door.get("/fibonacci/10").status == 401
    refused = door.get("/fibonacci/10", bearer(signer.token(role="door_reader")))
    assert refused.status == 403 and "the roles that may: door_writer" in refused.json["detail"]
    assert door.get("/fibonacci/10", bearer(signer.token(role="door_writer"))).json["value"] == 55


def test_keys_are_rotated_without_a_refused_token(door, keys, signers):
    """Old, both, new: the old key's token is good until its key is gone, and the new one's from then on that it is there."""
    old, new = signers["ES256"], signers["EdDSA"]
    of_old, of_new = (bearer(signer.token(role="door_reader", sub=signer.kid)) for signer in (old, new))
    wrong, is_over = [], threading.Event()

    def reload(*those):
        write_keys(keys, *those)
        before = door.metric('reloads_total{result="good"}')
        door.process.send_signal(1)
        assert wait_until(lambda: door.metric('reloads_total{result="good"}') > before, 30)

    def use_the_old():
        with door.connect() as connection:
            while not is_over.is_set():
                response = connection.request("GET", "/self", None, of_old)
                if response.status != 200:
                    wrong.append(response)

    reload(old)
    assert wait_until(lambda: door.get("/self", of_new).status == 401, 20)
    client = threading.Thread(target=use_the_old)
    client.start()
    reload(old, new)
    try:
        assert wait_until(lambda: door.get("/self", of_new).status == 200, 20)
        reload(new, old)
        assert door.get("/self", of_new).status == 200
    finally:
        is_over.set()
        client.join()
    assert not wrong, wrong[:3]
    reload(new)
    assert wait_until(lambda: door.get("/self", of_old).status == 401, 20)
    assert door.get("/self", of_new).status == 200


FORGED, CLIENTS = 5000, 10


def test_many_forged_tokens_beside_good_ones(door, signers):
    """Every good one is answered, and every forged one is refused: by its signature, or since too many wait."""
    signer = signers["ES256"]
    good = [bearer(signer.token(role="door_reader", sub=f"user-{i}")) for i in range(4)]
    content, _, signature = signer.token(role="door_writer", sub="forged").rpartition(".")
    signature = decoded(signature)
    counts, wrong, lock = Counter(), [], threading.Lock()

    def forge(number):
        return bearer(f"{content}.{encoded(signature[:32] + number.to_bytes(32, 'big'))}")

    def client(number):
        with door.connect() as connection:
            for i in range(number, FORGED, CLIENTS):
                refused = connection.request("GET", "/self", None, forge(i + 1))
                kind = "busy" if refused.status == 503 and refused.header("retry-after") else refused.status
                answer = connection.request("GET", "/self", None, good[i % 4]) if i % 100 < CLIENTS else None
                with lock:
                    counts[kind] += 1
                    if answer is not None and (answer.status, answer.json["sub"]) != (200, f"user-{i % 4}"):
                        wrong.append(answer)

    for headers in good:
        assert door.get("/self", headers).status == 200
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    assert counts[401] + counts["busy"] == FORGED and counts[401] > 0, counts
    assert door.metric('credentials_verified_total{result="signature"}') == counts[401]
    assert door.metric('credentials_verified_total{result="good"}') == 4
