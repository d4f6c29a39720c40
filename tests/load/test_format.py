"""docs/report-format.md names every field there is, and no other."""

import csv
import json
import re
import subprocess

from conftest import ROOT

TEXT = (ROOT / "docs/report-format.md").read_text()
# What `queue` alone has needs a service with queues: test_queue_command.py holds it.
BEFORE_ITEMS, ITEMS = TEXT.split("### `items`")
ITEMS, AFTER_ITEMS = ITEMS.split("\n### ", 1)
# Keys that are data: how a request ended, its status, and words that the text explains as values.
VALUES = {"answered", "refused", "unreachable", "reset", "closed", "timed out", "malformed", "not sent", "cut off"}


def keys(value, found):
    if isinstance(value, dict):
        for key, child in value.items():
            found.add(key)
            keys(child, found)
    elif isinstance(value, list):
        for child in value:
            keys(child, found)
    return found


def documented(text):
    return set(re.findall(r"`([a-z][a-z0-9_]*)`", text))


def test_every_field_of_the_report(meantime_load, overlapped, tmp_path):
    """Reports of several kinds together have all fields."""
    found = set()
    for words in (["run", "--rate", 50, "-d", 0.5, "--slo", "p50<1s", f"{overlapped}/wait/5"],
                  ["burst", f"{overlapped}/wait/5"],
                  ["sweep", "--up-to", 32, "--rounds", 2, "-d", 0.1, "--warmup", 0, "--threads", 2, f"{overlapped}/wait/5"],
                  ["compare", "--target", f"a={overlapped}/wait/5", "--target", f"b={overlapped}/wait/5", "--rounds", 1,
                   "-d", 0.1, "--warmup", 0, "--levels", "1", "--repeats", 1, "-c", 1], ["loop", "--actions", 10]):
        found |= keys(meantime_load(*words, expect=None).report, set())
    found = {key for key in found if key not in VALUES and not key.isdigit()}
    report = (BEFORE_ITEMS + "### " + AFTER_ITEMS).split("## --ndjson")[0]
    missing = found - documented(report)
    assert not missing
    words = {"a", "b", "open", "closed", "burst", "ms", "errors", "clients", "faster", "slower", "answered", "refused",
             "unreachable", "reset", "malformed", "p50", "p99", "diff", "loop", "version", "null",
             "median_ms", "range_ms", "bound"}  # of compare --compute-path: test_commands.py
    assert documented(report) - found <= words


def test_every_field_of_a_row(meantime_load, overlapped, tmp_path):
    table = tmp_path / "rows.csv"
    run = meantime_load("run", "-c1", "--requests", 5, "--csv", table, f"{overlapped}/wait/1")
    rows = TEXT.split("## --ndjson")[1].split("## --trace")[0]
    with table.open() as file:
        assert set(next(csv.reader(file))) == set(run.rows[0]) == documented(rows)
