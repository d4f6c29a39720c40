"""A TypeScript client made from the OpenAPI document compiles under --strict, and works against the service."""

import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import ATLAS_ENDPOINTS
from lib.service import run

CLIENT = pathlib.Path(__file__).resolve().parent / "client"
PACKAGES = ["openapi-typescript@7", "openapi-fetch@0", "typescript@5", "@types/node@20"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, atlas_database):
    """The client and the types of the document, and all that compiles them."""
    folder = tmp_path_factory.mktemp("client")
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is not installed")
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install what makes the client: {done.stderr.splitlines()[-1:]}")
    done = run("openapi", "--database", atlas_database, "--endpoints", ATLAS_ENDPOINTS)
    assert done.returncode == 0, done.stderr
    (folder / "openapi.json").write_text(done.stdout)
    tool(folder, "openapi-typescript", "openapi.json", "--output", "schema.ts", is_good=True)
    shutil.copytree(CLIENT, folder, dirs_exist_ok=True)
    return folder


def tool(folder, name, *arguments, is_good):
    done = subprocess.run([folder / "node_modules/.bin" / name, *arguments], cwd=folder, capture_output=True, text=True)
    assert (done.returncode == 0) == is_good, done.stdout + done.stderr
    return done.stdout


def compile_strictly(folder, file, is_good):
    return tool(folder, "tsc", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext",
                "--skipLibCheck", file, is_good=is_good)


def test_the_client_compiles_and_works(folder, serve, atlas_database):
    compile_strictly(folder, "client.ts", is_good=True)
    service = serve(url=atlas_database, endpoints=ATLAS_ENDPOINTS)
    done = subprocess.run(["node", "client.js", "http://%s:%d" % service.address], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "good\n", done.stderr


def test_what_the_document_does_not_say_does_not_compile(folder):
    said = compile_strictly(folder, "wrong.ts", is_good=False)
    assert re.findall(r"^wrong\.ts\((\d+),", said, re.M) == ["7", "8", "9"], said
