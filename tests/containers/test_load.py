"""The profile `load`: the three modes compared over the network, and its report in a real browser."""

import json
import os
import subprocess

import pytest

from conftest import ROOT

CHROMIUM = "/usr/bin/chromium"
REPORT = ROOT / "docker/report"
UNSOUND = 3  # this machine was busy; the report is whole all the same


@pytest.fixture(scope="module")
def report(project):
    for file in REPORT.glob("re*"):
        file.unlink()
    done = project.compose("run", "--rm", "load", check=False)
    assert done.returncode in (0, UNSOUND), done.stdout[-3000:] + done.stderr[-3000:]
    yield json.loads((REPORT / "report.json").read_text())
    for file in REPORT.glob("re*"):
        file.unlink()
    project.compose("rm", "-sf", "sync", "threads")


def test_the_three_modes_are_compared(report):
    assert [arm["name"] for arm in report["arms"]] == ["sync", "threads", "async"]
    assert [arm["url"] for arm in report["arms"]] == [f"http://{name}:8080" for name in ("sync", "threads", "meantime")]
    overlaps = [burst["overlap"] for burst in report["bursts"]]
    assert overlaps[0] < 0.3 and overlaps[1] > 0.7 and overlaps[2] > 0.7, overlaps
    groups = {load["group"] for load in report["loads"]}
    assert {"/countries/DE, 64 clients", "/wait/20, 32 clients"} <= groups
    assert all(load["requests"] > 0 for load in report["loads"])


def test_every_request_is_there(report):
    """The raw results: a line a request, and a timeline."""
    with open(REPORT / "requests.csv", encoding="utf-8") as file:
        lines = sum(1 for _ in file) - 1
    assert lines >= sum(load["requests"] for load in report["loads"])
    assert json.loads((REPORT / "report.trace.json").read_text())["traceEvents"]


def test_the_page_in_a_browser(report, tmp_path):
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("chromium is not installed")
    done = subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           "--disable-background-networking", f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000",
                           "--dump-dom", (REPORT / "report.html").as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "<svg" in done.stdout, "the pictures were not drawn"
    for words in ("sync", "threads", "async", "/wait/400"):
        assert words in done.stdout
