"""docs/access.md: its ten minutes, command by command, print what the page says."""

import os
import re
import socket
import subprocess

import pytest

from lib.postgres import Postgres
from lib.service import ROOT, program

SECTION = re.compile(r"^## In ten minutes\n(.*?)^## ", re.S | re.M)


def commands_and_outputs():
    text = SECTION.search((ROOT / "docs/access.md").read_text())[1]
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.S | re.M):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], []])
            else:
                found[-1][1].append(line)
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def cluster():
    postgres = Postgres()
    postgres.execute("CREATE DATABASE page")
    yield postgres
    postgres.destroy()


def test_the_page(mode, cluster, tmp_path):
    if mode != "async":
        pytest.skip("the page says which mode it shows")
    steps = commands_and_outputs()
    assert len(steps) > 15
    port = str(free_port())
    # each command's output stands between marks; the service is ended at the end
    script = ["set -u", "cd " + str(tmp_path)]
    for index, (command, _) in enumerate(steps):
        script += [f"echo '<{index}>'", command.replace("8080", port)]
        if command.endswith("&"):
            script[-1] = script[-1][:-1] + f"--listen 127.0.0.1:{port} >served 2>log & server=$!"
            script += ["for i in $(seq 300); do grep -q serving served && break; sleep 0.1; done", "cat served"]
    script += ["echo '<end>'", "kill $server", "wait $server"]
    for name in ("config", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEANTIME_")}
    environment |= {"PATH": f"{os.path.dirname(program())}:{environment['PATH']}", "DATABASE_URL": cluster.url("page")}
    done = subprocess.run(["bash", "-c", "\n".join(script)], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    parts = re.split(r"^<(?:\d+|end)>\n", done.stdout, flags=re.M)[1:]
    for (command, expected), part in zip(steps, parts):
        if not command.startswith("scripts/postgres"):
            assert part.replace(port, "8080").splitlines() == expected, (command, done.stderr)
