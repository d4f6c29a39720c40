"""What goes wrong is named and counted, never swallowed; a run always ends with a report."""

import fcntl
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from conftest import program


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("options", [["-c3"], ["--rate", "50"]])
def test_nobody_listens(meantime_load, options):
    run = meantime_load("run", *options, "-d", 0.3, "--warmup", 0, f"http://127.0.0.1:{free_port()}/", expect=None)
    assert run.status in (1, 3)
    assert set(run.load["outcomes"]) == {"refused"}
    assert run.load["outcomes"]["refused"] == run.load["requests"] > 0
    assert "refused" in run.out
    assert run.out.startswith(f"target fails: {run.load['requests']} of {run.load['requests']} requests, most often refused.")


@pytest.mark.parametrize("path,outcome", [("reset", "reset"), ("close-early", "closed"), ("malformed/text", "malformed"),
                                          ("malformed/length", "malformed"), ("malformed/lengths", "malformed"),
                                          ("malformed/chunk", "malformed"), ("malformed/status", "malformed")])
def test_classes(meantime_load, overlapped, path, outcome):
    run = meantime_load("run", "-c2", "-d", 0.3, "--warmup", 0, f"{overlapped}/{path}", expect=None)
    assert run.status == 1
    assert set(run.load["outcomes"]) == {outcome}
    assert run.load["self_check"]["reconnects"] > 0
    assert outcome in run.out
    if outcome == "malformed":
        assert run.load["malformed_what"]


def test_bytes_that_nobody_asked_for(meantime_load, overlapped):
    run = meantime_load("run", "-c1", "-d", 0.3, "--warmup", 0, f"{overlapped}/malformed/extra", expect=None)
    assert run.load["malformed_what"]
    assert "malformed" in run.out


def test_a_server_that_closes_politely_is_no_error(meantime_load, overlapped):
    run = meantime_load("run", "-c2", "-d", 0.3, "--warmup", 0, f"{overlapped}/close")
    assert run.load["outcomes"] == {"answered": run.load["requests"]}
    assert run.load["self_check"]["reconnects"] > 10


@pytest.mark.parametrize("options", [["-c4"], ["--rate", "20"]])
def test_timeouts_stay_in_as_at_least(meantime_load, truth, options):
    run = meantime_load("run", *options, "-d", 0.5, "--warmup", 0, "--timeout", 0.2, f"{truth.url}/never", expect=None)
    assert set(run.load["outcomes"]) == {"timed out"}
    assert run.load["response"]["at_least_count"] == run.load["response"]["count"] == run.load["requests"]
    assert run.load["response"]["min_ms"] >= 200
    assert all(p["is_at_least"] for p in run.load["response"]["percentiles"])
    assert ">=" in run.out


def test_a_percentile_above_the_timeouts_is_a_lower_bound(meantime_load, truth):
    run = meantime_load("run", "-c1", "-d", 1.5, "--warmup", 0, "--timeout", 0.5, f"{truth.url}/late-after/400",
                        expect=None)
    percentiles = {p["percent"]: p for p in run.load["response"]["percentiles"]}
    assert run.load["outcomes"]["timed out"] >= 1
    assert not percentiles[50]["is_at_least"]
    assert percentiles[99.999]["is_at_least"]
    assert percentiles[99.999]["value_ms"] >= 500


@pytest.mark.parametrize("status,expected", [(200, 0), (302, 0), (404, 1), (500, 1)])
def test_statuses(meantime_load, overlapped, status, expected):
    run = meantime_load("run", "-c2", "-d", 0.2, "--warmup", 0, f"{overlapped}/status/{status}", expect=expected)
    assert run.load["statuses"] == {str(status): run.load["requests"]}
    assert f"target: status {status}" in run.out


def test_a_server_that_dies_yields_a_report(start_load, truth):
    process, finish = start_load("run", "-c4", "-d", 2, "--warmup", 0, f"{truth.url}/wait/5")
    time.sleep(0.7)
    truth.process.send_signal(signal.SIGKILL)
    run = finish(timeout=20)
    outcomes = run.load["outcomes"]
    assert outcomes["answered"] > 50
    assert sum(outcomes.values()) == run.load["requests"] == len(run.rows)
    assert outcomes.get("refused", 0) + outcomes.get("reset", 0) + outcomes.get("closed", 0) > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [["-c4"], ["--rate", "100"]])
def test_a_signal_ends_with_what_there_is(start_load, overlapped, number, options):
    process, finish = start_load("run", *options, "-d", 60, "--warmup", 0, f"{overlapped}/wait/5")
    time.sleep(0.7)
    process.send_signal(number)
    run = finish(timeout=20)
    assert run.report["is_interrupted"] and run.load["is_interrupted"]
    assert "Interrupted" in run.out
    assert run.load["outcomes"]["answered"] > 20
    assert run.load["duration_s"] < 20


def test_the_name_of_nobody(meantime_load):
    run = meantime_load("run", "http://nobody.invalid/", expect=2)
    assert "nobody.invalid" in run.said


def test_missing_connections_are_unsound(start_load, overlapped, meantime_load):
    """Half of the connections do not come up: the figures are of another load than was asked for."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    line = f"ulimit -n 64; exec {program('MEANTIME_LOAD')} run -c 200 -d 0.3 --warmup 0 {overlapped}/wait/5"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert done.returncode in (2, 3), done.stdout + done.stderr
    assert "connections did not come up" in done.stdout or "file" in done.stderr
    assert (soft, hard) == resource.getrlimit(resource.RLIMIT_NOFILE)


def on_terminal(words, columns=100):
    """What a run writes to a terminal of so many columns."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([program("MEANTIME_LOAD"), *words], stdout=subprocess.DEVNULL, stderr=side)
    os.close(side)
    said = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # the run has ended
            break
        said += part
    assert process.wait(timeout=20) in (0, 3)
    os.close(main)
    return said.decode()


def test_the_live_line_is_for_terminals(overlapped, meantime_load):
    words = ["run", "-c2", "-d", "1", "--warmup", "0.3", f"{overlapped}/wait/5"]
    said = on_terminal(words)
    assert "GET /wait/5" in said and "under way" in said and "p99" in said
    assert on_terminal([*words, "--quiet"]) == ""
    assert meantime_load(*words).said == ""


VALUES = [r"\[[#.]{20}\]", r"\d+ %", r"\d+:\d\d left", r"(one|two)", r"round [12] of 2", r"[12] clients", r"GET /wait/5",
          r"burst of 3", r"[\d.]+k?/s", r"p99 [\d.]+ [um]?s", r"\d+ under way", r"warm-up", r"draining"]


@pytest.mark.parametrize("columns", [100, 80, 60])
def test_the_live_line_fits_and_tells_how_far_the_whole_is(overlapped, columns):
    said = on_terminal(["compare", "--target", f"one={overlapped}/wait/5", "--target", f"two={overlapped}/wait/5",
                        "--rounds", "2", "-d", "0.5", "--warmup", "0.2", "--up-to", "2", "--repeats", "1", "-c2"], columns)
    lines = [line for line in said.split("\r\033[K") if line]
    assert len(lines) > 20
    for line in lines:
        assert len(line) < columns
        for value in re.split(r"  |, |: |(?<=\]) ", line):
            assert any(re.fullmatch(each, value) for each in VALUES), (value, line)
    shares = [int(re.search(r"(\d+) %", line)[1]) for line in lines]
    assert shares == sorted(shares) and shares[0] < 20 and shares[-1] > 80
    assert all("left" in line for line in lines)
    assert any("one, round 1 of 2" in line for line in lines) and any("two, round 2 of 2" in line for line in lines)


def test_a_file_that_can_not_be_written_is_said_before_measuring(meantime_load, overlapped):
    begin = time.monotonic()
    run = meantime_load("run", "-d", 20, "--html", "/no/such/folder/x.html", f"{overlapped}/wait/5", expect=2)
    assert time.monotonic() - begin < 10
    assert "/no/such/folder/x.html" in run.said


def memory_kib(connections, url):
    process = subprocess.Popen([program("MEANTIME_LOAD"), "run", "-c", str(connections), "-d", "3", "--warmup", "0",
                                "--timeout", "20", f"{url}/never"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    try:
        for _ in range(40):
            time.sleep(0.1)
            if process.poll() is not None:
                break
            for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    most = max(most, int(line.split()[1]))
    finally:
        process.kill()
        process.wait()
    return most


def test_ten_thousand_connections_in_less_than_a_kib_each(meantime_load, truth, is_slow):
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 11000:
        pytest.skip(f"at most {hard} open files are allowed here; 11000 are needed")
    run = meantime_load("run", "-c10000", "-d", 1, "--warmup", 2, "--timeout", 30, f"{truth.url}/wait/500",
                        expect=None, outputs=True)
    assert run.load["self_check"]["connections_up"] == 10000
    assert run.load["outcomes"] == {"answered": run.load["requests"]}
    assert len({row["connection"] for row in run.rows}) == 10000
    if not is_slow:
        few, many = memory_kib(100, truth.url), memory_kib(10000, truth.url)
        assert few > 500  # it was measured at all
        assert (many - few) / 9900 < 1.0
