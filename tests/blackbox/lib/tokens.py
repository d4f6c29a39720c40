"""Tokens, made by Python's own HMAC: what the service is held to is not its own code."""

import base64
import hashlib
import hmac
import json

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


def encoded(data):
    if not isinstance(data, (bytes, bytearray)):
        data = json.dumps(data).encode() if not isinstance(data, str) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret=SECRET, header=None, **claims):
    head = encoded({"alg": "HS256", **(header or {})})
    payload = encoded(claims)
    signature = hmac.new(secret.encode(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    return f"{head}.{payload}.{encoded(signature)}"


def bearer(text):
    return [("Authorization", f"Bearer {text}")]
