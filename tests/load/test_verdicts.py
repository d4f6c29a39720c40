"""What is said is so: each verdict with the load that brings it about, and with one that does not.

The sentences and their conditions are in loadgen/figures/sentences.def; here are those that a whole program has to say.
"""

import math
import subprocess
import sys

import pytest

QUICK = ["--duration", "0.3", "--warmup", "0.05"]


def words(run):
    return " ".join(run.out.split())


def nearest_rank(values, percent):
    values = sorted(values)
    return values[max(0, math.ceil(len(values) * percent / 100 - 1e-9) - 1)]


# a goal that is not known is not missed


def test_a_level_with_too_few_requests_is_lengthened(meantime_load, overlapped):
    """One client of 5 ms: 100 requests in half a second, and a p99 needs 299."""
    run = meantime_load("sweep", "--up-to", 4, "--rounds", 1, "-d", 0.5, "--warmup", 0, "--slo", "p99<5s",
                        f"{overlapped}/wait/5")
    levels = run.report["curves"][0]["levels"]
    assert [level["meets_goal"] for level in levels] == [True] * 3
    assert all(level["p99_is_supported"] for level in levels)
    assert sum(load["requests"] for load in run.report["loads"] if load["concurrency"] == 1) >= 299
    assert "The goal is met by 4 clients at once" in words(run) and "the most that are known to" in words(run)
    assert run.report["curves"][0]["is_slo_confirmed"]


def test_a_level_that_would_take_too_long_is_passed_over(meantime_load, overlapped):
    """299 requests of 400 ms are two minutes."""
    run = meantime_load("sweep", "--levels", 1, "--up-to", 1, "--rounds", 1, "-d", 0.5, "--warmup", 0, "--slo", "p99<5s",
                        f"{overlapped}/wait/400", expect=3)
    assert run.report["curves"][0]["levels"][0]["meets_goal"] is None
    assert run.report["goals"][0]["is_known"] is False
    assert "Whether a load meets the goal is not known" in words(run)
    assert "1 client: too few requests to say whether the goal is met, so this level is passed over." in words(run)
    assert "No load meets" not in run.out


def test_a_goal_is_of_its_own_percentile(meantime_load, overlapped):
    """p97 is not p99, which a report has anyway."""
    run = meantime_load("run", "-c4", "--requests", 400, "--slo", "p97<10s", f"{overlapped}/wait/{{random:1-9}}")
    assert run.report["goals"][0]["value"] == pytest.approx(
        nearest_rank([row["response_ns"] / 1e6 for row in run.measured], 97), abs=1e-6)


def test_a_goal_is_judged_on_what_the_table_shows(meantime_load, overlapped):
    run = meantime_load("compare", "--target", f"a={overlapped}/wait/{{random:1-3}}", "--target",
                        f"b={overlapped}/wait/1", "--rounds", 2, "-c", 2, "--levels", "1", "--repeats", 1, *QUICK, "--slo",
                        "p99<10s", "--slo", "p50<10s", expect=None)
    for goal in run.report["goals"]:
        times = [row["response_ns"] / 1e6 for row in run.measured
                 if row["arm"] == goal["arm"] and "clients" in row["group"] and row["outcome"] == "answered"]
        assert goal["value"] == pytest.approx(nearest_rank(times, 99 if "99" in goal["text"] else 50), abs=1e-6)
    assert "percentiles of all rounds together" in words(run) and "medians of the rounds" in words(run)


@pytest.mark.parametrize("goal,status", [("p50<10s", 1), ("max<10s", 1), ("mean<10s", 1)])
def test_failures_meet_no_goal(meantime_load, overlapped, goal, status):
    run = meantime_load("run", "-c1", "--requests", 300, "--slo", goal, f"{overlapped}/every/4/500", expect=status)
    assert "MISSED (more than a tenth of the requests failed)" in words(run)


# what was not sent


def test_nothing_is_steady_when_requests_were_not_sent(meantime_load, overlapped):
    run = meantime_load("run", "--rate", 2000, "--max-in-flight", 5, "-d", 1.2, "--warmup", 0, f"{overlapped}/wait/100",
                        expect=3)
    assert "steady" not in run.out and "fails" not in run.out
    assert "The measurement is not sound: " in words(run) and "were not sent" in words(run)
    assert run.report["is_sound"] is False


def test_what_is_answered_is_steady(meantime_load, overlapped):
    run = meantime_load("run", "--rate", 100, "-d", 1.2, "--warmup", 0, f"{overlapped}/wait/5", expect=None)
    assert ("The load is steady: what comes in is answered." in words(run)) == (
        run.report["is_sound"] and run.load["steadiness"]["is_steady"])


def test_a_short_load_is_not_called_steady(meantime_load, overlapped):
    run = meantime_load("run", "--rate", 100, "-d", 0.5, "--warmup", 0, f"{overlapped}/wait/5", expect=None)
    assert "Whether the load is steady cannot be said" in words(run)
    assert run.load["steadiness"]["is_known"] is False


def test_rates_say_what_was_not_sent(meantime_load, overlapped):
    run = meantime_load("sweep", "--rates", "50,1000", "--max-in-flight", 5, *QUICK, f"{overlapped}/wait/50", expect=3)
    said = [line for line in run.report["sentences"] if line.startswith("At ")]
    assert "not sent" not in said[0] and "of which" in said[1] and "were not sent" in said[1]
    assert "are left" not in run.out


# what fails


def fails_first(run, name):
    assert run.status == 1
    assert run.out.startswith(f"{name} fails: "), run.out
    assert "most often status 404" in words(run)
    assert run.report["has_failed"]


def test_an_arm_that_fails_is_named_first(meantime_load, overlapped):
    run = meantime_load("compare", "--target", f"good={overlapped}/wait/5", "--target", f"bad={overlapped}/status/404",
                        "--rounds", 4, "-c", 2, "--levels", "1", "--repeats", 1, *QUICK, expect=1)
    fails_first(run, "bad")
    assert "faster" not in run.out and "slower" not in run.out
    assert "Released at the same instant, 3 requests are all over" not in words(run)
    assert [burst["overlap"] is None for burst in run.report["bursts"]] == [False, True]
    assert all(d["ratio"] is None for d in run.report["differences"])
    assert "bad: status 404 " in words(run)


@pytest.mark.parametrize("command", [["run", "-c2", *QUICK], ["burst", "--repeats", 1],
                                     ["sweep", "--levels", "1,2", "--rounds", 1, *QUICK],
                                     ["sweep", "--rates", "50,100", *QUICK]])
def test_every_command_names_what_fails(meantime_load, overlapped, command):
    run = meantime_load(*command, f"{overlapped}/status/404", expect=1)
    fails_first(run, "target")
    assert "target: status 404 " in words(run)


def test_diff_names_what_fails(meantime_load, overlapped, tmp_path):
    files = []
    for name, path in ("a", "wait/5"), ("b", "every/2/404"):
        files.append(tmp_path / f"{name}.json")
        meantime_load("run", "-c2", "-d", 1, "--warmup", 0, f"{overlapped}/{path}", "--json", files[-1], outputs=False,
                      expect=None)
        files[-1].write_text(files[-1].read_text().replace(f"GET /{path}", "GET /x"))
    run = meantime_load("diff", *files, expect=1)
    fails_first(run, "B: target")
    assert "faster" not in run.out and "slower" not in run.out


def test_a_report_of_refused_requests_can_be_read(meantime_load, tmp_path):
    file = tmp_path / "a.json"
    meantime_load("run", "-c1", "-d", 0.3, "--warmup", 0, "http://127.0.0.1:1/", "--json", file, outputs=False, expect=1)
    run = meantime_load("diff", file, file, expect=1)
    assert run.out.startswith("A: target fails: ") and "B: target fails: " in words(run)


def test_some_failures_are_said_and_are_no_failing_arm(meantime_load, overlapped):
    run = meantime_load("run", "-c1", "--requests", 200, f"{overlapped}/every/50/503")
    assert run.out.startswith("4 of 200 requests to target failed, most often status 503.")
    assert run.load["response"]["count"] == 196
    assert "target: status 200 196 times, status 503 4 times" in words(run)


def test_a_limit_of_ones_own_on_errors(meantime_load, overlapped):
    words_of = ["run", "-c1", "--requests", 100, f"{overlapped}/every/4/503"]
    assert meantime_load(*words_of, expect=1).out.startswith("target fails: 25 of 100")
    assert not meantime_load(*words_of, "--max-errors", "50%").report["has_failed"]
    meantime_load(*words_of, "--max-errors", "10%", expect=1)


def test_above_capacity_a_curve_may_fail(meantime_load, truth):
    """The first rate is answered: it is the second that tells something."""
    run = meantime_load("sweep", "--rates", "20,200", "-d", 0.5, "--warmup", 0, "--timeout", 0.4,
                        f"{truth.url}/late-after/10", expect=None)
    assert not run.report["has_failed"] and "fails" not in run.out


def test_what_ctrl_c_cut_off_did_not_fail(start_load, overlapped):
    import signal
    import time

    process, finish = start_load("run", "-c20", "-d", 60, "--warmup", 0, f"{overlapped}/wait/5000")
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    run = finish(timeout=20)
    assert not any("fail" in sentence for sentence in run.report["sentences"]) and not run.report["has_failed"]
    assert run.load["outcomes"] == {"cut off": 20}


# redirects


def test_redirects_are_named(meantime_load, overlapped):
    run = meantime_load("run", "-c1", "--requests", 20, f"{overlapped}/redirect/302/1")
    assert run.out.startswith("Every answer of target is a redirect")
    assert "target: status 302 (a redirect) 20 times" in words(run)
    run = meantime_load("run", "-c1", "--requests", 20, "--follow", 1, f"{overlapped}/redirect/302/1")
    assert run.report["sentences"] == [] and "target: status 200 20 times" in words(run)


@pytest.mark.parametrize("command", [["run", "-c1", "--requests", 5], ["burst", "--repeats", 1],
                                     ["sweep", "--levels", "1", "--rounds", 1, *QUICK], ["sweep", "--rates", "50", *QUICK]])
def test_statuses_are_in_every_report(meantime_load, overlapped, tmp_path, command):
    page = tmp_path / "page.html"
    run = meantime_load(*command, "--html", page, f"{overlapped}/status/201", expect=None)
    assert "target: status 201 " in words(run)
    if command[0] == "burst":
        assert run.report["bursts"][0]["statuses"] == {"201": 3}
    else:
        assert all(load["statuses"] == {"201": load["requests"]} for load in run.report["loads"])
    if command[0] == "run":
        assert "status 201 5 times" in page.read_text()


# bounds


@pytest.mark.parametrize("wait", [0.1, 2, 20])
@pytest.mark.parametrize("server", ["overlapped", "queueing"])
def test_an_overlap_is_from_0_to_1(meantime_load, request, server, wait):
    run = meantime_load("burst", "--repeats", 5, f"{request.getfixturevalue(server)}/wait/{wait}")
    burst = run.report["bursts"][0]
    assert 0 <= burst["overlap_range"][0] <= burst["overlap"] <= burst["overlap_range"][1] <= 1


def test_no_share_of_a_bound_is_above_all_of_it(meantime_load, queueing):
    """One at a time: every level is at the bound, a little above or below it."""
    run = meantime_load("sweep", "--levels", "1,2,3,4,6,8", "--rounds", 2, "--threads", 1, *QUICK, f"{queueing}/wait/5",
                        expect=None)
    curve = run.report["curves"][0]
    best = max(level["throughput_per_s"] for level in curve["levels"])
    said = curve["bound_sentence"]
    if best > curve["little_per_s"]:
        assert "are at Little's bound" in said and "within the noise of" in said or "more than Little's bound" in said
    else:
        assert f"are {100 * best / curve['little_per_s']:.0f} % of Little's bound" in said


def test_where_nobody_waits_in_line_no_knee_is_claimed(meantime_load, overlapped):
    run = meantime_load("sweep", "--levels", "1,2,4,8,16,32", "--rounds", 1, *QUICK, f"{overlapped}/wait/20", expect=None)
    curve = run.report["curves"][0]
    grown = curve["levels"][-1]["p50_ms"] > 1.4 * curve["levels"][0]["p50_ms"]
    assert grown or (curve["knee"] is None and curve["is_knee_reached"] is False and
                     "the knee: not reached; up to 32 clients do not wait in line" in words(run))


# other programs


def test_what_other_programs_take_is_part_of_the_self_check(meantime_load, overlapped):
    """A program that does nothing but compute takes a core, or its share of one."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        run = meantime_load("sweep", "--levels", "1,2,4,8,16,32", "--rounds", 1, *QUICK, f"{overlapped}/wait/1",
                            expect=None)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    curve = run.report["curves"][0]
    assert curve["others_share"] > 0.1
    assert all(load["self_check"]["others_share"] > 0 for load in run.report["loads"])
    assert "others' " in words(run)
    assert "what the fitted law allows" not in run.out


def test_the_measured_server_is_none_of_the_others(meantime_load, overlapped):
    """It takes most of a core here, as does the generator; without them the others' share would be theirs."""
    run = meantime_load("run", "-c", 64, "-d", 1, "--warmup", 0, f"{overlapped}/status/200", expect=None)
    assert run.load["self_check"]["cpu_share"] > 0.1
    assert 0 <= run.load["self_check"]["others_share"] <= 1
