"""What docs/getting-started.md says under "In containers", word for word: in a copy of the checkout, on a port of our own."""

import json
import os
import re
import shutil

import pytest

from conftest import PROJECT, ROOT, Project, compose_commands, run

SECTION = re.compile(r"^## In containers\n(.*?)^## ", re.S | re.M)


def blocks():
    section = SECTION.search((ROOT / "docs/getting-started.md").read_text())[1]
    return re.findall(r"^```sh\n(.*?)^```", section, re.S | re.M)


@pytest.fixture
def copy(images, tmp_path):
    """The checkout as a user has it, and a `docker compose` whichever of the two is here."""
    shutil.copytree(ROOT, tmp_path / "meantime", ignore=shutil.ignore_patterns(".git", ".local", "build", "__pycache__"))
    if compose_commands()[0] == ["docker-compose"]:
        shim = tmp_path / "bin/docker"
        shim.parent.mkdir()
        shim.write_text(f'#!/bin/sh\n[ "$1" = compose ] || exec {shutil.which("docker")} "$@"\nshift\n'
                        'exec docker-compose "$@"\n')
        shim.chmod(0o755)
    project = Project(compose_commands()[0], f"{PROJECT}-readme", tmp_path / "meantime/docker")
    project.environment["PATH"] = f"{tmp_path}/bin:{os.environ['PATH']}"
    yield project, tmp_path / "meantime"
    project.remove()


def test_the_examples(copy):
    project, folder = copy
    first, own = blocks()
    # a user has a moment between the two lines; and port 8080 may be in use
    script = "set -eu\n" + (first + own).replace("localhost:8080", f"localhost:{project.port}").replace(
        "curl -w '\\n' localhost", "curl -w '\\n' -sS --retry 20 --retry-connrefused --retry-delay 1 localhost", 1)
    done = run("bash", "-c", script, cwd=folder, env=project.environment, timeout_s=180)
    answers = [json.loads(found) for found in re.findall(r"[\[{].*?[\]}](?=[\[{]|$)", done.stdout.strip(), re.M)]
    assert answers[0]["name"] == "Germany"
    assert answers[1] == {"id": 1, "name": "Cox", "price": 0.9}
    assert answers[2] == [{"id": 1, "name": "Cox", "price": 0.9}]
    assert '"price":0.90' in done.stdout, "a digit was lost"
