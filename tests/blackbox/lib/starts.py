"""What the tests of the start share: a folder of endpoint files, and `meantime check`."""

import pytest

from lib.service import run

GOOD = "-- name: good :one\n-- route: GET /good\nSELECT 1 AS one;\n"


@pytest.fixture
def folder(tmp_path):
    """A folder of endpoints: write(file=text)."""

    def write(text, name="a.sql"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write


def check(url, endpoints, *options, **more):
    return run("check", "--database", url, "--endpoints", endpoints, *options, **more)
