"""scripts/release says what is missing, and makes the tag only when nothing is."""

import re
import shutil
import subprocess

import pytest
from conftest import ROOT

USER = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@localhost", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@localhost",
        "GIT_CONFIG_GLOBAL": "/dev/null"}
VERSION = re.search(r"^project\(meantime VERSION ([0-9.]+) ", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]


class Release:
    """A repository in which everything is ready; the tests and the package are the test's own."""

    def __init__(self, checkout):
        self.checkout, self.folder = checkout, checkout.folder
        shutil.copy(ROOT / "CMakeLists.txt", self.folder)
        (self.folder / "packaging").mkdir()
        self.write("CHANGELOG.md", f"# Changes\n\n## {VERSION} (2026-01-02)\n\n* New: #1 of all.\n\n## 0.0.1 (2025-01-01)\n\n* Old.\n")
        self.write("packaging/changelog", f"meantime ({VERSION}) stable; urgency=medium\n")
        self.write(".gitignore", "/.local/\n/build/\n")
        self.script("scripts/test", 'echo "0 failed"')
        self.script("scripts/package", "echo build/package/meantime.deb")
        for program in ("meantime", "meantime-load"):
            self.script(f"build/package/{program}", f'echo "{program} {VERSION}"')
        self.package_has(VERSION)
        self.git("init", "-q", "-b", "main")
        self.commit()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def script(self, name, body):
        self.write(name, f"#!/bin/bash\n{body}\n")
        (self.folder / name).chmod(0o755)

    def package_has(self, version):
        self.checkout.add_program("dpkg-deb", f"echo {version}")

    def git(self, *arguments):
        return subprocess.run(["git", *arguments], cwd=self.folder, env={"PATH": "/usr/bin:/bin", **USER}, check=True,
                              capture_output=True, text=True).stdout

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "state")

    def run(self, *options):
        return self.checkout.run("scripts/release", *options, is_root=True, environment=USER)


@pytest.fixture
def release(checkout):
    return Release(checkout)


def test_ready(release):
    done = release.run("--check")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"v{VERSION} is ready"), done
    assert release.git("tag") == ""


def test_the_tag_says_what_has_changed(release):
    done = release.run()
    assert done.returncode == 0 and f"made the tag v{VERSION}" in done.stdout, done
    said = release.git("tag", "-l", "--format=%(contents)", f"v{VERSION}")
    assert said.startswith(f"Meantime {VERSION}\n") and "* New: #1 of all." in said and "Old" not in said, said


def unreleased(release):
    release.write("CHANGELOG.md", f"# Changes\n\n## {VERSION} (unreleased)\n")
    release.commit()


def other_version(release):
    release.write("CHANGELOG.md", "# Changes\n\n## 9.9.9 (2026-01-02)\n")
    release.commit()


def debian_unreleased(release):
    release.write("packaging/changelog", f"meantime ({VERSION}) UNRELEASED; urgency=medium\n")
    release.commit()


def tagged(release):
    release.git("tag", f"v{VERSION}")


def other_branch(release):
    release.git("checkout", "-q", "-b", "side")


def changed(release):
    release.write("new", "")


def failing_tests(release):
    release.script("scripts/test", "exit 1")
    release.commit()


def failing_package(release):
    release.script("scripts/package", "exit 1")
    release.commit()


def other_package(release):
    release.package_has("9.9.9")


def other_program(release):
    release.script("build/package/meantime-load", "echo meantime-load 9.9.9")


@pytest.mark.parametrize("spoil, expected", [
    (unreleased, f"CHANGELOG.md: the first section is '## {VERSION} (unreleased)', expected '## {VERSION} (YEAR-MONTH-DAY)'"),
    (other_version, f"CHANGELOG.md: the first section is '## 9.9.9 (2026-01-02)', expected '## {VERSION} (YEAR-MONTH-DAY)'"),
    (debian_unreleased, f"packaging/changelog:1: 'meantime ({VERSION}) UNRELEASED; urgency=medium', "
                        f"expected 'meantime ({VERSION}) stable; urgency=medium'"),
    (tagged, f"the tag v{VERSION} exists already"),
    (other_branch, "the branch is 'side', expected main"),
    (changed, "the checkout has changes that are not committed"),
    (failing_tests, "scripts/test failed"),
    (failing_package, "scripts/package failed"),
    (other_package, f"build/package/meantime.deb: the package's version is 9.9.9, expected {VERSION}"),
    (other_program, f"meantime-load says 'meantime-load 9.9.9', expected version {VERSION}"),
])
def test_what_is_missing_is_said(release, spoil, expected):
    spoil(release)
    before = release.git("tag")
    done = release.run()
    assert done.returncode == 1 and expected in done.stdout.splitlines(), done
    assert f"v{VERSION} is not ready" in done.stderr and release.git("tag") == before, done


def test_tests_that_have_passed_are_not_run_again(release):
    failing_tests(release)
    done = release.run("--check", "--tested")
    assert done.returncode == 0, done


def test_a_wrong_option(release):
    done = release.run("--chekc")
    assert done.returncode == 2 and "unexpected '--chekc'" in done.stderr, done
