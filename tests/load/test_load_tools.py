"""scripts/compare-load-tools: what it reads of the tools' words, what it calls wrong, and a short run of those that are there."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT, program

sys.path.insert(0, str(ROOT / "tests/load_tools"))
import compare  # noqa: E402
import tools  # noqa: E402

WRK = """\
Running 2s test @ http://127.0.0.1:57095/
  1 threads and 3 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    16.41ms   12.44ms   1.02s    83.86%
    Req/Sec   212.65      9.35   222.00     70.00%
  Latency Distribution
     50%  990.00us
     75%   12.86ms
     90%   35.94ms
     99%    1.01s
  426 requests in 2.01s, 21.63KB read
  Socket errors: connect 1, read 2, write 3, timeout 9
  Non-2xx or 3xx responses: 20
Requests/sec:    211.49
Transfer/sec:     10.74KB
"""
HEY = """
Summary:
  Total:	2.0416 secs
  Slowest:	0.0518 secs
  Fastest:	0.0101 secs
  Average:	0.0143 secs
  Requests/sec:	206.7005

Latency distribution:
  50% in 0.0101 secs
  99% in 0.0505 secs

Status code distribution:
  [200]	400 responses
  [302]	7 responses
  [404]	2 responses
  [503]	20 responses

Error distribution:
  [4]	Get "http://127.0.0.1:1/": EOF
"""
H2LOAD = """\
finished in 2.00s, 211.00 req/s, 10.71KB/s
requests: 422 total, 425 started, 422 done, 402 succeeded, 20 failed, 3 errored, 0 timeout
status codes: 402 2xx, 0 3xx, 0 4xx, 20 5xx
time for request:    10.03ms     51.73ms     14.08ms     11.88ms    90.28%
"""
AUTOCANNON = json.dumps({"duration": 2, "non2xx": 5, "errors": 2, "latency": {"p50": 10, "p99": 50, "max": 71},
                         "requests": {"total": 400}})
VEGETA = json.dumps({"latencies": {"50th": 10_000_000, "99th": 50_500_000, "max": 71_000_000}, "requests": 400,
                     "status_codes": {"200": 390, "302": 2, "503": 3, "0": 5}, "throughput": 196.0})


@pytest.mark.parametrize("tool, out, expected", [
    (tools.Wrk, WRK, tools.Said(0.99, 1010, 1020, 35, 211.49)),
    (tools.Hey, HEY, tools.Said(10.1, 50.5, 51.8, 26, 206.7005)),
    (tools.H2load, H2LOAD, tools.Said(None, None, 51.73, 20, 211.0)),
    (tools.Autocannon, AUTOCANNON, tools.Said(10, 50, 71, 7, 200)),
    (tools.Vegeta, VEGETA, tools.Said(10, 50.5, 71, 8, 196)),
])
def test_what_a_tool_says(tool, out, expected):
    said = tool.read(out)
    assert vars(said) == pytest.approx(vars(expected)), said


def test_what_a_tool_leaves_out_is_not_made_up():
    assert tools.Wrk.read("") == tools.Said(None, None, None, 0, None)
    assert tools.Hey.read(HEY.replace("  99% in 0.0505 secs\n", "")).p99 is None


def test_the_truth_is_by_rank_of_good_answers():
    truth = compare.Truth([("200", str(took)) for took in range(1, 101)] + [("503", "9999")] * 7)
    assert [truth.percentile(percent) for percent in (0, 50, 99, 100)] == [1, 50, 99, 100]
    assert truth.failures == 7
    assert truth.surely_counted_max() == 100 - compare.CLIENTS
    assert compare.Truth([("200", "5")] * compare.CLIENTS).surely_counted_max() is None
    assert compare.Truth([]).percentile(50) is None and not compare.Truth([]).is_off(1, 50)


def test_what_is_called_off():
    truth = compare.Truth([("200", "100")] * 1000)
    assert [truth.is_off(said, 99) for said in (94.9, 95, 100, 105, 105.1)] == [True, False, False, False, True]
    assert not truth.is_off(None, 99)
    quick = compare.Truth([("200", "1")] * 1000)
    assert [quick.is_off(said, 50) for said in (0, 2, 2.1)] == [False, False, True]
    # a hundredth is slow: whether it is in the p99 or not is a matter of definition, in the median it is not
    slow = compare.Truth([("200", "10")] * 990 + [("200", "500")] * 10)
    assert not slow.is_off(10, 99) and not slow.is_off(500, 99) and slow.is_off(500, 50)
    assert [slow.is_miscounted(failures) for failures in (None, 3, 4)] == [False, False, True]


def test_a_tool_that_is_missing_is_named():
    assert tools.why_missing(tools.Hey, "/nowhere") == "hey is not installed"
    assert tools.why_missing(tools.Vegeta, "/nowhere") == "sh is not installed"


def test_a_short_run(tmp_path):
    """What is here: wrk and meantime-load always."""
    report, folder = tmp_path / "report.json", pathlib.Path(program("MEANTIME_LOAD")).parent
    done = subprocess.run([sys.executable, ROOT / "tests/load_tools/compare.py", "--truth-server", program("TRUTH_SERVER"), "--seconds", "1",
                           "--rounds", "1", "--json", report, "--markdown"],
                          env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads(report.read_text())
    seen = {(each["server"], each["tool"]) for each in figures["results"]}
    names = [case[0] for case in compare.CASES]
    assert {(name, tool) for name in names for tool in ("wrk", "meantime-load")} <= seen
    assert figures["rate_over_wrk"]["least"] > 0
    for name in [tool.name for tool in tools.TOOLS]:
        assert (name in figures["left_out"]) != ((names[0], name) in seen)
        assert ("left out: " + name in done.stdout) == (name in figures["left_out"])
    for each in figures["results"]:
        said, truth = each["said"], each["truth"]
        assert f"| {each['server']} " in done.stdout and f"| {each['tool']} " in done.stdout
        if each["tool"] == "meantime-load":
            assert abs(said["failures"] - truth["failures"]) <= compare.CLIENTS, each
            # no client sees an answer sooner than the server sends it
            least = truth["surely_counted_max"]
            assert least is None or said["max"] is None or said["max"] >= least * 0.99, each
