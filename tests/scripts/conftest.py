"""Scripts of a copy of the project, run as a user that is not root, with programs of the test's own in front of PATH."""

import os
import pathlib
import pty
import shutil
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT_S = 120


def as_user(is_root):
    """In front of a command: what makes it run as a user that is not root."""
    if is_root or os.geteuid() != 0:
        return []
    return [shutil.which("setpriv"), "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


class Checkout:
    def __init__(self, folder):
        self.folder, self.programs, self.calls = folder / "project", folder / "programs", folder / "calls"
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        shutil.copytree(ROOT / "config", self.folder / "config")
        self.programs.mkdir()
        self.calls.write_text("")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else path.stat().st_mode | 0o666)

    def add_program(self, name, body):
        """A shell script; `called` in it writes down with what it was called."""
        path = self.programs / name
        path.write_text(f'#!/bin/bash\ncalled() {{ echo "{name} $*" >>"{self.calls}"; }}\n{body}\n')
        path.chmod(0o755)

    def called(self):
        return self.calls.read_text().splitlines()

    def run(self, *command, is_root=False, has_terminal=False, environment=None):
        """Without a terminal unless asked for one; stdin is empty."""
        taken = {"PATH": f"{self.programs}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", **(environment or {})}
        terminal, master = None, None
        if has_terminal:
            master, slave = pty.openpty()
            terminal = os.ttyname(slave)
            os.close(slave)

        def leave_terminal():
            os.setsid()
            if terminal:
                os.open(terminal, os.O_RDWR)  # a session's first terminal is its own

        try:
            return subprocess.run([*as_user(is_root), *map(str, command)], cwd=self.folder, env=taken, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=TIMEOUT_S, preexec_fn=leave_terminal)
        finally:
            if master is not None:
                os.close(master)


@pytest.fixture
def checkout():
    with tempfile.TemporaryDirectory(prefix="meantime-scripts-") as folder:
        yield Checkout(pathlib.Path(folder))
