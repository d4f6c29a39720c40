"""Bad input gets an error that names the thing and what was expected; --help is enough to get by."""

import json

import pytest

URL = "http://127.0.0.1:1/"

WRONG = [
    (["fly"], "unknown command 'fly'"),
    (["run"], "run: expected URL"),
    (["run", URL, URL], "run: expected URL, got 2 arguments"),
    (["run", "-c", "0", URL], "--connections 0: expected a number from 1 to"),
    (["run", "-c", "many", URL], "--connections many: expected a number"),
    (["run", "-c", "70000", URL], "--connections 70000"),
    (["run", "--connection", "3", URL], "unknown option --connection; is it --connections?"),
    (["run", "--no-such-thing", URL], "unknown option --no-such-thing; meantime-load run --help lists them"),
    (["run", "-d", "1h", URL], "--duration 1h: expected a time from"),
    (["run", "-d", "-1s", URL], "--duration -1s"),
    (["run", "-d"], "--duration needs a value"),
    (["run", "--rate", "0", URL], "--rate 0: expected"),
    (["run", "--rate", "10", "-c", "5", URL], "--rate is an open loop"),
    (["run", "--rate", "10", "--arrivals", "never", URL], "--arrivals never: expected constant or poisson"),
    (["run", "--max-in-flight", "5", URL], "--max-in-flight belongs to an open loop"),
    (["run", "--pipeline", "3", "--no-keep-alive", URL], "--pipeline needs connections that stay open"),
    (["run", "--quiet=yes", URL], "--quiet takes no value"),
    (["run", "--slo", "p99=5ms", URL], "--slo p99=5ms: expected something like p99<50ms"),
    (["run", "--slo", "p100<5ms", URL], "--slo p100<5ms"),
    (["run", "--slo", "p99<40", URL], "--slo p99<40: expected something like p99<50ms"),
    (["sweep", "--slo", "mean<0.5", URL], "with a unit"),
    (["compare", "--database-delay", "0,5"], "each with its unit"),
    (["run", "--slo", "p99<fast", URL], "--slo p99<fast"),
    (["run", "--max-errors", "few", URL], "--max-errors few: expected a number, or a share"),
    (["run", "--max-errors", "101%", URL], "--max-errors 101%"),
    (["run", "ftp://127.0.0.1/"], "ftp://127.0.0.1/"),
    (["run", "https://127.0.0.1/"], "https"),
    (["run", "http://127.0.0.1:99999/"], "99999"),
    (["run", "http:///x"], "http:///x"),
    (["run", URL + "{random:9-1}"], "{random:9-1}"),
    (["run", URL + "{what}"], "{what}"),
    (["run", "-H", "no colon", URL], "no colon"),
    (["run", "-H", "A: b\r\nC: d", URL], "control character"),
    (["run", "-X", "GE T", URL], "GE T"),
    (["run", "--body", "@/no/such/file", URL], "/no/such/file"),
    (["run", "--requests-file", "/no/such/file", URL], "/no/such/file"),
    (["run", "--modes", "sync", URL], "--modes is no option of run"),
    (["compare", "--target", "a=" + URL], "--target is needed at least twice"),
    (["compare", "--target", "a", "--target", "b"], "--target a: expected a name and a URL"),
    (["compare", "--modes", "sync,fast"], "--modes: 'fast' is none; expected sync, threads, async"),
    (["compare", "--program", "/no/such/program"], "/no/such/program"),
    (["compare", "--database-delay", "1ms,x"], "--database-delay 1ms,x"),
    (["sweep", "--levels", "1,,2", URL], "--levels 1,,2"),
    (["diff", "one.json"], "diff: expected A.json B.json, got 1 argument"),
    (["diff", "/no/such/a.json", "/no/such/b.json"], "/no/such/a.json"),
]


@pytest.mark.parametrize("words,expected", WRONG, ids=[" ".join(words).replace("\r\n", "|") for words, _ in WRONG])
def test_wrong(meantime_load, words, expected):
    run = meantime_load(*words, expect=2, outputs=False, timeout=30)
    assert run.said.startswith("meantime-load: ")
    assert expected.lower() in run.said.lower()
    assert run.said.count("\n") == 1
    assert run.out == ""


@pytest.mark.parametrize("text,expected", [
    ("", "no request"), ("{", ":1: "), ('{"path":"/a"}\n{"path":5}', "path"), ('{"path":"/a","weight":0}', "weight"),
    ('{"path":"/a","metod":"GET"}', "metod"), ('{"path":"a"}', "path"), ('["x"]', "object"),
])
def test_wrong_request_files(meantime_load, tmp_path, text, expected):
    file = tmp_path / "requests.json"
    file.write_text(text)
    run = meantime_load("run", "--requests-file", file, URL, expect=2, outputs=False)
    assert str(file) in run.said
    assert expected in run.said


@pytest.mark.parametrize("text,expected", [
    ("", "JSON"), ("[]", "object"), ('{"format":"other"}', "format"),
    (json.dumps({"format": "meantime-load report", "version": 99}), "version"),
])
def test_wrong_reports(meantime_load, tmp_path, text, expected):
    file = tmp_path / "a.json"
    file.write_text(text)
    run = meantime_load("diff", file, file, expect=2, outputs=False)
    assert str(file) in run.said
    assert expected in run.said


@pytest.mark.parametrize("command", ["run", "burst", "sweep", "compare", "diff"])
def test_help(meantime_load, command):
    run = meantime_load(command, "--help", outputs=False)
    assert run.out.startswith(f"meantime-load {command} - ")
    assert "exit status: 0 met; 1" in run.out
    assert max(map(len, run.out.splitlines())) <= 120
    assert run.said == ""


def test_help_and_version(meantime_load):
    run = meantime_load("--help", outputs=False)
    assert all(command in run.out for command in ("run", "burst", "sweep", "compare", "diff", "version"))
    assert meantime_load("version", outputs=False).out.startswith("meantime-load ")
    assert meantime_load(outputs=False, expect=2).out == ""


SLO = [(["p50<1s"], 0), (["p50<1ms"], 1), (["p50<1s", "max<1us"], 1), (["mean<10s"], 0), (["p99.999<1s"], 3)]


@pytest.mark.parametrize("goals,status", SLO, ids=[" ".join(goals) for goals, _ in SLO])
def test_slo(meantime_load, overlapped, goals, status):
    words = [word for goal in goals for word in ("--slo", goal)]
    run = meantime_load("run", "-c4", "-d", 0.3, "--warmup", 0, *words, f"{overlapped}/wait/5", expect=status)
    assert [goal["text"] for goal in run.report["goals"]] == goals
    assert [goal["is_met"] and goal["is_known"] for goal in run.report["goals"]].count(False) == (0 if status == 0 else 1)


@pytest.mark.parametrize("limit,status", [("0", 1), ("5", 0), ("0.1%", 1), ("50%", 0)])
def test_max_errors(meantime_load, truth, tmp_path, limit, status):
    file = tmp_path / "requests.json"
    file.write_text(json.dumps([{"path": "/status/200", "weight": 300}, {"path": "/status/500", "weight": 1}]))
    run = meantime_load("run", "-c1", "--requests", 300, "--requests-file", file, "--max-errors", limit, truth.url,
                        expect=None)
    errors = run.load["statuses"].get("500", 0)
    assert errors == [line[0] for line in truth.asked()].count("GET /status/500")
    share = limit.endswith("%")
    most = float(limit.rstrip("%")) * (run.load["requests"] / 100 if share else 1)
    assert run.status == (0 if errors <= most else 1)
    assert run.report["goals"][0]["value"] == errors


def test_the_command_line_is_in_the_report_without_the_password(meantime_load, overlapped):
    run = meantime_load("run", "-c1", "--requests", 3, f"{overlapped}/wait/1")
    assert f"-c1 --requests 3 {overlapped}/wait/1" in run.report["command_line"]
    assert run.report["machine"]["cores"] >= 1
