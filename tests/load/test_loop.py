"""loop: the items all go through, the queue is bounded, the loop really turns; and other programs beside it."""

import json
import shlex

import pytest

from conftest import ROOT

GOOD = json.dumps({"seconds": 2.5, "p50_us": 1, "p99_us": 2, "max_us": 3})


@pytest.mark.parametrize("items, queue", [(100000, 1024), (100000, 1), (100001, 7), (1, 1), (2, 1), (3, 100)])
def test_the_loop_turns_between_actions(meantime_load, items, queue):
    row, = meantime_load("loop", "--actions", items, "--queue", queue, "--rounds", 1).report["turnings"]
    assert row["name"] == "meantime-load" and row["seconds"] > 0
    assert row["longest_queue"] == min(queue, row["longest_queue"]) > 0
    if items > 10 * queue:
        assert row["longest_queue"] == queue, "two producers do not fill it"
    # the consumer gets one item a turn at most; an event that is made is seen as I/O within a turn or two
    assert row["turns"] >= items - 1
    assert row["events_made"] == items // 1000
    assert row["events_made"] - 1 <= row["events_seen"] <= row["events_made"]
    assert row["p50_us"] <= row["p99_us"] <= row["max_us"]


def test_peers_are_measured_in_turns(meantime_load, tmp_path):
    log = tmp_path / "log"
    peers = [f"{name}=echo {name} >> {shlex.quote(str(log))}; echo {shlex.quote(GOOD)}" for name in ("one", "two")]
    run = meantime_load("loop", "--actions", 1000, "--rounds", 2, "--peer", peers[0], "--peer", peers[1])
    assert log.read_text().split() == ["one", "two"] * 2
    ours, one, two = run.report["turnings"]
    assert (one["name"], one["seconds"], one["p99_us"], one["rounds"]) == ("one", 2.5, 2, 2)
    assert f"two takes {2.5 / ours['seconds']:.1f} times as long" in " ".join(run.out.split())


@pytest.mark.parametrize("which", ["asyncio"])
def test_the_peer_in_python_does_the_same(meantime_load, which):
    peer = f"{which}=/usr/bin/python3 {shlex.quote(str(ROOT))}/tests/peers/loop_actions.py {which} 3001 16"
    row = meantime_load("loop", "--actions", 3001, "--rounds", 1, "--peer", peer).report["turnings"][1]
    assert row["name"] == which and 0 < row["p50_us"] <= row["p99_us"] <= row["max_us"]


@pytest.mark.parametrize("peer, words", [
    ("nothing", "NAME=COMMAND"), ("=true", "NAME=COMMAND"), ("a=", "NAME=COMMAND"), ("a=true", "nothing"),
    ("a=echo rubbish", "rubbish"), ("a=exit 3", "ended with 3"), ("a=kill -9 $$", "ended with 137"),
    (f"a=echo '{GOOD}'; exit 1", "ended with 1"), ("a=echo '{\"seconds\":0}'", "seconds"),
    ("a=head -c 100000 /dev/zero", "ended with"),
])
def test_peers_that_are_wrong(meantime_load, peer, words):
    run = meantime_load("loop", "--actions", 10, "--rounds", 1, "--peer", peer, expect=2, outputs=False)
    assert words in run.said and peer.split("=")[0] in run.said, run.said


@pytest.mark.parametrize("options", [["--actions", 0], ["--queue", 0], ["--rate", 5], ["--actions", "1e9"], ["x"]])
def test_options_that_are_wrong(meantime_load, options):
    meantime_load("loop", *options, expect=2, outputs=False)
