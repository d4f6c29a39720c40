"""sweep, compare and diff: bounds that are known, modes of the real service, differences that are there or not."""

import json
import os
import pathlib
import subprocess

import pytest

from conftest import ROOT, HERE, program, sometimes
from lib.postgres import Postgres  # of tests/blackbox

QUICK = ["--duration", "0.4", "--warmup", "0.1"]


# sweep


@sometimes(3)
def test_sweep_finds_where_one_at_a_time_ends(meantime_load, queueing):
    """5 ms each, one at a time: 200 a second is all there is, from one client on."""
    run = meantime_load("sweep", "--levels", "1,2,3,4,6,8", "--rounds", 1, "--threads", 1, *QUICK, f"{queueing}/wait/5")
    curve = run.report["curves"][0]
    assert [level["concurrency"] for level in curve["levels"]] == [1, 2, 3, 4, 6, 8]
    assert curve["little_per_s"] == pytest.approx(200, rel=0.02)
    for level in curve["levels"]:
        assert level["throughput_per_s"] == pytest.approx(200, rel=0.1)
        assert level["p50_ms"] == pytest.approx(5 * level["concurrency"], rel=0.15)
    assert curve["usl"]["sigma"] == pytest.approx(1, abs=0.2)
    assert curve["knee"] == pytest.approx(1, rel=0.2)
    assert "Little's bound" in curve["bound_sentence"]  # near it, or at it
    assert "more clients cannot improve it" in run.out


@sometimes(3)
def test_sweep_over_rates_counts_good_answers(meantime_load, queueing):
    """5 ms each, one at a time: of 400 a second at most 200 are answered, and the others wait."""
    run = meantime_load("sweep", "--rates", "100,400", *QUICK, f"{queueing}/wait/5")
    assert [load["rate_per_s"] for load in run.report["loads"]] == [100, 400], run.report["loads"]
    said = [line for line in run.out.splitlines() if line.startswith("At ")]
    assert said[0].startswith("At 100/s: 1") and " 0 refused" in said[0] and said[0].endswith(" 0 failed otherwise."), said
    assert said[1].startswith("At 400/s: "), said
    assert "curves" not in run.report or run.report["curves"] == []


@sometimes(3)
def test_sweep_overlapped_grows_in_a_straight_line(meantime_load, overlapped):
    run = meantime_load("sweep", "--levels", "1,2,4,8,16,32", "--rounds", 2, *QUICK, f"{overlapped}/wait/20")
    curve = run.report["curves"][0]
    for level in curve["levels"]:
        assert level["throughput_per_s"] == pytest.approx(50 * level["concurrency"], rel=0.15)
        assert len(level["repeats_per_s"]) == 2
    assert curve["usl"]["lambda_per_s"] == pytest.approx(50, rel=0.1)
    assert curve["usl"]["sigma"] < 0.02


def test_sweep_ends_by_itself_when_nothing_is_gained(meantime_load, queueing):
    run = meantime_load("sweep", "--rounds", 1, "--duration", "0.2", "--warmup", 0, f"{queueing}/wait/2", expect=None)
    levels = [level["concurrency"] for level in run.report["curves"][0]["levels"]]
    assert levels == [2**i for i in range(len(levels))]
    assert 6 <= len(levels) < 11


@sometimes(3)
def test_sweep_finds_the_load_that_meets_the_goal(meantime_load, queueing):
    """10 ms each, one at a time: N clients wait 10 N ms, so that 55 ms allow five."""
    run = meantime_load("sweep", "--up-to", 16, "--rounds", 1, "--duration", 0.5, "--warmup", 0.2, "--slo", "mean<55ms",
                        f"{queueing}/wait/10")
    curve = run.report["curves"][0]
    assert curve["slo_load"] == 5
    assert curve["is_slo_confirmed"]
    assert [level["concurrency"] for level in curve["levels"]] == sorted(
        level["concurrency"] for level in curve["levels"])
    assert "up to 5 clients" in run.out


def test_sweep_says_when_no_load_meets_the_goal(meantime_load, overlapped):
    run = meantime_load("sweep", "--up-to", 4, "--rounds", 1, *QUICK, "--slo", "p50<1ms", f"{overlapped}/wait/20",
                        expect=1)
    assert "No load meets the goal" in run.out
    assert run.report["curves"][0]["slo_load"] is None


# diff


@pytest.fixture
def saved(meantime_load, tmp_path):
    def save(name, *words):
        file = tmp_path / f"{name}.json"
        meantime_load(*words, "--json", file, outputs=False, expect=None)
        return file

    return save


def figures(run):
    return {difference["what"]: difference for difference in run.report["differences"]}


def rewrite(file, url):
    """The same experiment on another server: what was asked for has to be the same words."""
    report = json.loads(file.read_text())
    for load in report["loads"]:
        load["what"] = "GET /wait"
    file.write_text(json.dumps(report))


@sometimes(3)
def test_diff_sees_what_is_slower(meantime_load, overlapped, saved):
    a = saved("a", "run", "-c2", "-d", 2, "--warmup", 0.1, f"{overlapped}/wait/5")
    b = saved("b", "run", "-c2", "-d", 2, "--warmup", 0.1, f"{overlapped}/wait/8")
    rewrite(a, overlapped)
    rewrite(b, overlapped)
    run = meantime_load("diff", a, b)
    found = figures(run)
    assert {name: difference["verdict"] for name, difference in found.items()} == {
        "requests/s": "slower", "p50": "slower", "p99": "slower"}
    assert 1.4 < found["p50"]["ratio"] < 1.7
    assert found["p50"]["ratio_interval"][0] <= found["p50"]["ratio"] <= found["p50"]["ratio_interval"][1]
    assert "slower" in run.out


def test_diff_of_the_same_is_no_difference(meantime_load, overlapped, saved):
    a = saved("a", "run", "-c2", "-d", 2, "--warmup", 0.1, f"{overlapped}/wait/5")
    run = meantime_load("diff", a, a)
    assert {difference["verdict"] for difference in run.report["differences"]} == {"no difference shown"}
    assert all(difference["ratio"] == 1 for difference in run.report["differences"])


def test_diff_needs_something_in_common(meantime_load, overlapped, saved):
    a = saved("a", "run", "-c2", "-d", 0.3, f"{overlapped}/wait/5")
    b = saved("b", "run", "-c3", "-d", 0.3, f"{overlapped}/wait/5")
    assert "no load in common" in meantime_load("diff", a, b, expect=2, outputs=False).said


# compare


@sometimes(3)
def test_compare_targets(meantime_load, queueing, overlapped):
    run = meantime_load("compare", "--target", f"one={queueing}/wait/20", "--target", f"all={overlapped}/wait/20",
                        "--rounds", 4, "-c", 8, "--levels", "1,8", "--repeats", 3, *QUICK)
    assert [arm["name"] for arm in run.report["arms"]] == ["one", "all"]
    overlaps = [burst["overlap"] for burst in run.report["bursts"]]
    assert abs(overlaps[0]) < 0.1 and abs(overlaps[1] - 1) < 0.1
    verdicts = figures(run)
    assert verdicts["requests/s"]["verdict"] == verdicts["p50"]["verdict"] == "faster"
    assert verdicts["requests/s"]["ratio"] == pytest.approx(8, rel=0.15)
    rounds = [(load["round"], load["arm"]) for load in run.report["loads"] if not load["group"].startswith("curve")]
    assert rounds == [(1, 0), (1, 1), (2, 1), (2, 0), (3, 0), (3, 1), (4, 1), (4, 0)]  # A B, B A
    assert "all is faster than one" in run.out


def test_compare_refuses_a_verdict_on_failures(meantime_load, overlapped):
    run = meantime_load("compare", "--target", f"good={overlapped}/wait/5", "--target", f"bad={overlapped}/status/500",
                        "--rounds", 4, "-c", 2, "--levels", "1", "--repeats", 1, "-d", "0.2", "--warmup", 0, expect=None)
    assert all(difference["verdict"].startswith("no verdict") for difference in run.report["differences"])
    assert "faster" not in run.out


def test_compare_with_few_rounds_shows_no_difference_or_says_why(meantime_load, overlapped):
    """Two rounds are no four: then blocks of time within them have to tell."""
    run = meantime_load("compare", "--target", f"a={overlapped}/wait/5", "--target", f"b={overlapped}/wait/5",
                        "--rounds", 2, "-c", 2, "--levels", "1", "--repeats", 1, "-d", "0.4", "--warmup", 0)
    rate = figures(run)["requests/s"]
    assert rate["ratio_interval"][0] <= rate["ratio"] <= rate["ratio_interval"][1]


@pytest.fixture(scope="module")
def atlas():
    """The URL of a private PostgreSQL with the sample data."""
    cluster = Postgres()
    cluster.execute("CREATE DATABASE atlas")
    url = cluster.url("atlas")
    done = subprocess.run([ROOT / "scripts/load", url], env={**os.environ, "DATABASE_URL": url}, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, f"scripts/load: {done.stdout}{done.stderr}"
    yield url
    cluster.destroy()


def compare(meantime_load, atlas, *words, expect=None):
    return meantime_load("compare", "--program", program("MEANTIME_PROGRAM"), "--database", atlas, "--endpoints",
                         ROOT / "config/endpoints", *words, expect=expect)


@sometimes(3)
def test_compare_the_modes(meantime_load, atlas, tmp_path):
    """The story: sync queues, threads and async overlap; what 8 threads, and 40 connections, can wait for at once."""
    trace, page = tmp_path / "trace.json", tmp_path / "page.html"
    run = compare(meantime_load, atlas, "--rounds", 4, "--duration", 0.4, "--warmup", 0.1, "--repeats", 1, "--levels",
                  "1,32", "--trace", trace, "--html", page, expect=0)
    report = run.report
    assert [arm["name"] for arm in report["arms"]] == ["sync", "threads", "async"]
    assert [arm["threads"] for arm in report["arms"]] == [1, 8, 40]
    overlaps = [burst["overlap"] for burst in report["bursts"]]
    assert abs(overlaps[0]) < 0.1 and abs(overlaps[1] - 1) < 0.1 and abs(overlaps[2] - 1) < 0.1
    waiting = {(d["a"], d["b"]): d for d in report["differences"] if d["group"].startswith("/wait/20")
               and d["what"] == "requests/s"}
    assert {d["verdict"] for d in waiting.values()} == {"faster"}
    assert waiting[0, 2]["ratio"] > 15
    assert all(load["round"] <= 4 for load in report["loads"])
    curves = {report["arms"][curve["arm"]]["name"]: curve for curve in report["curves"]}
    assert curves["sync"]["levels"][-1]["throughput_per_s"] == pytest.approx(49, rel=0.15)
    assert curves["threads"]["levels"][-1]["throughput_per_s"] == pytest.approx(8 * 49, rel=0.15)
    assert curves["async"]["levels"][-1]["throughput_per_s"] > 900
    for load in report["loads"]:
        assert load["outcomes"] == {"answered": load["requests"]}
    assert report["is_sound"]
    check_trace(trace, ["sync", "threads", "async"])
    assert page.stat().st_size < 3_000_000
    assert "password" not in run.report["command_line"] and atlas not in run.report["command_line"]


def check_trace(file, names):
    """One process a mode; on a row nothing overlaps but what lies within."""
    events = json.loads(file.read_text())["traceEvents"]
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert sorted(processes.values()) == sorted(names)
    rows = {}
    for event in events:
        if event["ph"] == "X" and event["cat"] == "request":
            rows.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
    assert len(rows) > 3 * len(names)
    for spans in rows.values():
        spans.sort()
        assert all(a[1] <= b[0] + 0.002 for a, b in zip(spans, spans[1:]))


@sometimes(3)
def test_the_relay_delays_every_answer(meantime_load, atlas):
    run = compare(meantime_load, atlas, "--modes", "sync,async", "--database-delay", "0,20ms", "--rounds", 4,
                  "--duration", 0.4, "--warmup", 0.1, "--repeats", 1, "--levels", "1", "-c", 4, "--wait-path", "/wait/1",
                  "--waiting-clients", 1, "--burst-path", "/wait/10")
    for load in run.report["loads"]:
        if load["what"] == "GET /countries/DE":
            fastest = load["database"]["min_ms"]
            assert (20 <= fastest < 30) if load["delay_ms"] else (fastest < 10)
    gains = [d["ratio"] for d in run.report["differences"] if d["group"].startswith("/countries") and
             d["what"] == "requests/s"]
    assert gains[1] > gains[0]
    assert gains[1] == pytest.approx(4, rel=0.3)  # four clients, overlapped
    assert "by the distance of the database" in run.out


def test_services_end_with_the_run(meantime_load, atlas):
    compare(meantime_load, atlas, "--modes", "async", "--rounds", 1, "--duration", 0.1, "--warmup", 0, "--repeats", 1,
            "--levels", "1")
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes()
        except OSError:
            continue
        assert atlas.encode() not in line


SHORT = ["--modes", "async", "--rounds", 2, "--duration", 0.1, "--warmup", 0, "--repeats", 1, "--levels", "1"]


def test_compare_over_compute_threads(meantime_load, atlas, tmp_path):
    page = tmp_path / "page.html"
    run = compare(meantime_load, atlas, *SHORT, "--compute-path", "/primes/30000000", "--compute-threads", "1,2,3", "--html",
                  page)
    speedup = run.report["speedup"]
    assert speedup["path"] == "/primes/30000000" and speedup["cores"] == os.cpu_count()
    assert [point["threads"] for point in speedup["points"]] == [1, 2, 3]
    for point in speedup["points"]:
        assert point["range_ms"][0] <= point["median_ms"] <= point["range_ms"][1]
        assert point["speedup"] == pytest.approx(speedup["points"][0]["median_ms"] / point["median_ms"])
        threads = min(point["threads"], speedup["cores"])
        assert point["bound"] == pytest.approx(1 / (speedup["serial_share"] + (1 - speedup["serial_share"]) / threads))
    assert 0 <= speedup["serial_share"] <= 1
    assert "Work for the processor, /primes/30000000" in run.out
    assert ("no speed-up is said" in run.out) == (speedup["others_share"] > 0.1)
    assert '<section id="speedup">' in page.read_text() and "/primes/30000000" in page.read_text()


def test_compare_over_compute_threads_wants_good_answers(meantime_load, atlas):
    run = meantime_load("compare", "--program", program("MEANTIME_PROGRAM"), "--database", atlas, "--endpoints",
                        ROOT / "config/endpoints", *SHORT, "--compute-path", "/primes/0", outputs=False, expect=2)
    assert "/primes/0 was not answered with 2xx" in run.said


@pytest.mark.parametrize("options, words", [
    (["--compute-threads", "1,2"], "--compute-path"),
    (["--compute-path", "/primes/10", "--compute-threads", "2,4"], "the first"),
    (["--compute-path", "/x", "--target", "a=http://127.0.0.1:1/", "--target", "b=http://127.0.0.1:1/"], "--target"),
    (["--compute-path", "/x", "--compute-threads", "1,0"], "--compute-threads 1,0"),
])
def test_compare_over_compute_threads_refuses(meantime_load, options, words):
    assert words in meantime_load("compare", *options, outputs=False, expect=2).said


def test_compare_says_what_the_service_said(meantime_load, tmp_path):
    run = meantime_load("compare", "--program", program("MEANTIME_PROGRAM"), "--database",
                        f"host={tmp_path} dbname=none", "--endpoints", ROOT / "config/endpoints", outputs=False, expect=2,
                        timeout=60)
    assert "--mode sync" in run.said
    assert str(tmp_path) in run.said


def test_wrk_leaves_out_what_is_slow():
    """scripts/why-not-wrk: the facts that docs/load-generator.md shows."""
    if not os.access("/usr/bin/wrk", os.X_OK):
        pytest.skip("wrk is not installed")
    done = subprocess.run([ROOT / "scripts/why-not-wrk", "6"], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "MEANTIME_BUILD": str(pathlib.Path(program("TRUTH_SERVER")).parent.parent)})
    assert done.returncode == 0, done.stdout + done.stderr
    wrk, ours = done.stdout.split("meantime-load", 1)
    assert "Max" in wrk and "timeout" in wrk
    assert any(line.split()[:1] == ["99%"] and line.split()[1].startswith("1.0") for line in wrk.splitlines())
    for seconds in ("1.00 s", "2.00 s", "3.00 s"):
        assert seconds in ours
