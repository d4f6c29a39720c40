"""docs/tutorial.md, command by command, in a copy of the checkout: what it adds is compiled, served and tested."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from lib.service import ROOT


def copy_checkout(folder):
    leave_out = shutil.ignore_patterns("build", "__pycache__", ".pytest_cache", ".git", ".local")
    shutil.copytree(ROOT, folder, symlinks=True, ignore=leave_out)


def test_the_tutorial(mode, is_slow, tmp_path):
    if is_slow:
        pytest.skip("the tutorial's program is a release build")
    if mode != "async":
        pytest.skip("its own test runs in the three modes")
    copy_checkout(tmp_path / "copy")
    page = (ROOT / "docs/tutorial.md").read_text()
    commands = "".join(re.findall(r"^```sh\n(.*?)^```", page, re.S | re.M))
    assert "cmake --build" in commands and "pytest" in commands
    commands = commands.replace("python3 -m pytest", f"{sys.executable} -m pytest -p no:cacheprovider")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MEANTIME_"))}
    done = subprocess.run(["bash", "-euc", commands], cwd=tmp_path / "copy", env=environment, capture_output=True,
                          text=True, timeout=540)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert re.search(r"^18 passed\b", done.stdout, re.M), done.stdout[-1000:]
    shutil.rmtree(tmp_path / "copy")
