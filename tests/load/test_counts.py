"""Every request is counted once, where it belongs."""

import csv
import json
import math

import pytest


def nearest_rank(values, percent):
    values = sorted(values)
    return values[max(0, math.ceil(len(values) * percent / 100 - 1e-9) - 1)]


@pytest.mark.parametrize("options", [["-c8"], ["--rate", "3000"], ["-c2", "--pipeline", "4"]])
def test_percentiles_are_those_of_the_rows(meantime_load, overlapped, options):
    run = meantime_load("run", *options, "-d", 0.7, "--warmup", 0.2, f"{overlapped}/wait/{{random:1-3}}", expect=None)
    rows, load = run.measured, run.load
    assert load["requests"] == len(rows) > 300
    for name in ("response", "service"):
        times = [row[f"{name}_ns"] / 1e6 for row in rows]
        assert load[name]["count"] == len(times)
        assert load[name]["min_ms"] == pytest.approx(min(times), abs=1e-6)
        assert load[name]["max_ms"] == pytest.approx(max(times), abs=1e-6)
        assert load[name]["mean_ms"] == pytest.approx(sum(times) / len(times), abs=1e-6)
        for percentile in load[name]["percentiles"]:
            percent = percentile["percent"]
            assert percentile["is_supported"] == (len(times) >= math.log(0.05) / math.log(percent / 100))
            assert percentile["value_ms"] == pytest.approx(nearest_rank(times, percent), abs=1e-6)


def test_what_is_not_supported_is_not_printed(meantime_load, overlapped):
    run = meantime_load("run", "-c1", "--requests", 100, f"{overlapped}/wait/1")
    assert run.load["requests"] == 100
    row = next(line for line in run.out.splitlines() if line.split()[:1] == ["target"])
    # answers/s, p50, p90, p99, p99.9, max, failures
    assert row.split()[-5:-3] == ["-", "-"] or row.count(" - ") >= 2
    assert "p99 299" in run.out


def test_warmup_is_not_counted(meantime_load, overlapped):
    run = meantime_load("run", "-c2", "-d", 0.5, "--warmup", 0.5, f"{overlapped}/wait/10")
    warm = [row for row in run.rows if row["is_warmup"]]
    assert len(warm) >= 50
    assert all(row["intended_ns"] < 500e6 for row in warm)
    assert all(row["intended_ns"] >= 500e6 for row in run.measured)
    assert run.load["requests"] == len(run.measured)
    assert run.load["warmup_s"] == pytest.approx(0.5, abs=1e-3)


def test_late_answers_are_counted(meantime_load, overlapped):
    """Due within the window, done after it: in the percentiles, not in the throughput."""
    run = meantime_load("run", "-c5", "-d", 0.3, "--warmup", 0, f"{overlapped}/wait/500", expect=3)
    assert len(run.measured) == 5
    assert all(row["is_late"] and row["outcome"] == "answered" for row in run.measured)
    assert run.load["response"]["count"] == 5
    assert run.load["response"]["min_ms"] >= 500
    assert run.load["throughput_per_s"] == 0
    assert "no answer came within the window" in run.load["self_check"]["reasons"][0]


def test_the_drain_ends(meantime_load, overlapped):
    run = meantime_load("run", "-c2", "-d", 0.2, "--warmup", 0, "--drain", 0.3, "--timeout", 20,
                        f"{overlapped}/wait/10000", expect=None, timeout=10)
    assert [row["outcome"] for row in run.measured] == ["cut off"] * 2
    assert run.load["response"]["at_least_count"] == 2


def test_number_of_requests(meantime_load, truth):
    run = meantime_load("run", "-c4", "--requests", 57, f"{truth.url}/wait/1")
    assert len(run.rows) == run.load["requests"] == len(truth.asked()) == 57


def ends_of(rows):
    return min(row["intended_ns"] for row in rows), max(row["done_ns"] for row in rows)


@pytest.mark.parametrize("requests", [10, 20])
def test_with_a_number_of_requests_the_window_ends_with_the_last_answer(meantime_load, overlapped, requests):
    run = meantime_load("run", "-c10", "--requests", requests, f"{overlapped}/wait/300")
    first, last = ends_of(run.rows)
    assert not any(row["is_late"] for row in run.rows)
    assert run.load["duration_s"] == pytest.approx(last / 1e9, abs=1e-6)
    assert run.load["throughput_per_s"] == pytest.approx(requests / (last / 1e9), rel=1e-6)
    assert 0.6 * 33.3 < run.load["throughput_per_s"] < 33.4  # never above the truth
    assert run.load["self_check"]["little_residual"] < 0.01


def test_batches_are_not_cut_in_half(meantime_load, overlapped):
    """Ten clients, 300 ms each: three batches of ten in a window of a second, the last one over at 900 ms."""
    run = meantime_load("run", "-c10", "-d", 1, "--warmup", 0, f"{overlapped}/wait/300", expect=None)
    done = [row["done_ns"] for row in run.measured if row["done_ns"] < 1e9]
    assert run.load["throughput_per_s"] == pytest.approx(len(done) / (max(done) / 1e9), rel=1e-6)


def test_a_standstill_counts(meantime_load, truth):
    """Thirty answers at once, then none: a rate is of the whole window."""
    run = meantime_load("run", "-c1", "-d", 1, "--warmup", 0, "--timeout", 0.7, f"{truth.url}/late-after/30", expect=None)
    assert run.load["throughput_per_s"] == pytest.approx(30, rel=1e-6)


@pytest.mark.parametrize("options", [["--rate", 2000], ["--rate", 2000, "--arrivals", "poisson"], ["-c", 4],
                                     ["--rate", 200, "--max-in-flight", 1000]])
def test_requests_under_way_and_their_times_have_one_definition(meantime_load, overlapped, options):
    """A server of 100 us: what the loop hears late is under way from when it was due, in both."""
    run = meantime_load("run", *options, "-d", 1.5, "--warmup", 0.2, f"{overlapped}/wait/0.1", expect=None)
    assert run.load["requests"] > 200
    assert run.load["self_check"]["little_residual"] < 0.001
    assert "Little" not in " ".join(run.load["self_check"]["reasons"])


def test_to_open_more_connections_is_not_to_open_them_again(meantime_load, overlapped):
    """An open loop grows as it has to; the server closes nothing."""
    run = meantime_load("run", "--rate", 1000, "-d", 1, "--warmup", 0, f"{overlapped}/wait/400", expect=None)
    assert len({row["connection"] for row in run.rows}) > 200
    assert run.load["self_check"]["reconnects"] == 0


def test_in_flight_is_littles(meantime_load, overlapped):
    run = meantime_load("run", "--rate", 1000, "-d", 1, "--warmup", 0.2, f"{overlapped}/wait/20")
    # each waits for 20 ms at least; how much longer a busy machine lets it wait, the rows say
    begin_ns, end_ns = 200e6, 1200e6
    under_way_ns = sum(max(0, min(row["done_ns"], end_ns) - max(row["intended_ns"], begin_ns)) for row in run.rows)
    assert run.load["in_flight"] == pytest.approx(under_way_ns / (end_ns - begin_ns), rel=0.05)
    assert run.load["in_flight"] > 19
    assert run.load["self_check"]["little_residual"] < 0.05


def test_more_than_the_limit_is_not_sent(meantime_load, truth):
    run = meantime_load("run", "--rate", 100, "--max-in-flight", 3, "-d", 1, "--warmup", 0, f"{truth.url}/wait/200",
                        expect=None)
    outcomes = run.load["outcomes"]
    assert outcomes["answered"] + outcomes["not sent"] == run.load["requests"] == 100
    assert 12 <= outcomes["answered"] <= 18  # 3 in 200 ms
    assert len(truth.asked()) == outcomes["answered"]
    assert "were not sent" in run.out
    refused = [row for row in run.rows if row["outcome"] == "not sent"]
    assert all(row["sent_ns"] in (0, None) for row in refused)


def test_csv_is_the_ndjson(meantime_load, overlapped, tmp_path):
    table = tmp_path / "rows.csv"
    run = meantime_load("run", "-c3", "-d", 0.2, "--warmup", 0.1, f"{overlapped}/wait/5", "--csv", table)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(run.rows)
    for a, b in zip(rows, run.rows):
        assert list(a) == list(b)
        for name, value in b.items():
            text = "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)
            assert a[name] == text, name


def test_several_requests_by_weight(meantime_load, truth, tmp_path):
    file = tmp_path / "requests.ndjson"
    lines = [{"path": "/wait/1", "weight": 3}, {"method": "POST", "path": "/status/201", "body": {"a": 1}, "weight": 1},
             {"method": "DELETE", "path": "/status/404", "headers": {"X-Mark": "m-{n}"}}]
    file.write_text("\n".join(map(json.dumps, lines)))
    run = meantime_load("run", "-c2", "--requests", 1000, "--requests-file", file, truth.url, expect=None)
    asked = truth.asked()
    counts = [sum(line[0] == target for line in asked) for target in ("GET /wait/1", "POST /status/201",
                                                                     "DELETE /status/404")]
    assert sum(counts) == 1000
    assert all(abs(count - expected) < 80 for count, expected in zip(counts, (600, 200, 200)))
    assert run.load["statuses"]["404"] == counts[2]
    assert json.loads(next(line[2] for line in asked if line[0].startswith("POST"))) == {"a": 1}
    marks = [line[1] for line in asked if line[0].startswith("DELETE")]
    assert len(set(marks)) == len(marks) and all(mark.startswith("m-") for mark in marks)


def test_numbers_and_random_numbers_in_paths_headers_and_bodies(meantime_load, truth):
    meantime_load("run", "-c1", "--requests", 200, "-X", "PUT", "-H", "X-Mark: {random:1-6}", "--body", '{"n":{n}}',
                  f"{truth.url}/status/200?n={{n}}&r={{random:5-7}}", expect=None)
    asked = truth.asked()
    assert len(asked) == 200
    numbers = [int(line[0].split("n=")[1].split("&")[0]) for line in asked]
    assert len(set(numbers)) == 200
    assert {int(line[0].split("r=")[1]) for line in asked} == {5, 6, 7}
    assert {int(line[1]) for line in asked} == {1, 2, 3, 4, 5, 6}
    assert [json.loads(line[2])["n"] for line in asked] == numbers


def test_one_connection_serves_all_its_requests(meantime_load, overlapped):
    run = meantime_load("run", "-c3", "-d", 0.3, "--warmup", 0, f"{overlapped}/wait/5")
    assert {row["connection"] for row in run.rows} == {0, 1, 2}
    assert run.load["self_check"]["connections_up"] == 3


@pytest.mark.parametrize("path,status,size", [("chunked", 200, None), ("nothing", 204, None), ("big/100000", 200, 1e5)])
def test_framing(meantime_load, overlapped, path, status, size):
    run = meantime_load("run", "-c2", "-d", 0.3, "--warmup", 0, f"{overlapped}/{path}")
    assert run.load["outcomes"] == {"answered": run.load["requests"]}
    assert run.load["statuses"] == {str(status): run.load["requests"]}
    assert {row["connection"] for row in run.rows} == {0, 1}
    if size:
        assert all(row["bytes"] > size for row in run.rows)


def test_head_has_no_body(meantime_load, overlapped):
    """The length is said, the body does not come: the next answer must not be taken for it."""
    run = meantime_load("run", "-c1", "-X", "HEAD", "-d", 0.2, "--warmup", 0, f"{overlapped}/nothing")
    assert run.load["outcomes"] == {"answered": run.load["requests"]}
