"""Load generators: how each is called, and what it says of p50, p99, the longest time and failures; times in ms."""

import dataclasses
import json
import re
import shutil


@dataclasses.dataclass
class Said:
    """What a tool prints; None: it does not say."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None
    failures: int | None = None
    requests_per_s: float | None = None


UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


def ms_of(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


def found(pattern, text):
    match = re.search(pattern, text, re.M)
    return match[1] if match else None


def number(pattern, text, scale=1.0):
    said = found(pattern, text)
    return None if said is None else float(said) * scale


class Wrk:
    name = "wrk"
    programs = ["wrk"]

    @staticmethod
    def command(program, url, clients, seconds):
        return [program, "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", url]

    @staticmethod
    def read(out):
        latency = re.search(r"^\s+Latency\s+\S+\s+\S+\s+(\S+)", out, re.M)
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
        failures = int(found(r"Non-2xx or 3xx responses: (\d+)", out) or 0) + sum(map(int, errors.groups() if errors else ()))
        return Said(*(ms_of(time) if time else None for time in (found(r"^\s+50%\s+(\S+)", out), found(r"^\s+99%\s+(\S+)", out),
                                                                 latency and latency[1])),
                    failures, number(r"^Requests/sec:\s+([0-9.]+)", out))


class Hey:
    name = "hey"
    programs = ["hey"]

    @staticmethod
    def command(program, url, clients, seconds):
        return [program, "-z", f"{seconds}s", "-c", str(clients), url]

    @staticmethod
    def read(out):
        errors = out.partition("Error distribution:")[2]
        statuses = out.partition("Status code distribution:")[2].partition("Error distribution:")[0]
        failures = sum(int(count) for status, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", statuses) if status[0] not in "23")
        failures += sum(map(int, re.findall(r"^\s+\[(\d+)\]\s", errors, re.M)))
        return Said(number(r"^\s+50%+ in ([0-9.]+) secs", out, 1e3), number(r"^\s+99%+ in ([0-9.]+) secs", out, 1e3),
                    number(r"^\s+Slowest:\s+([0-9.]+) secs", out, 1e3), failures, number(r"^\s+Requests/sec:\s+([0-9.]+)", out))


class H2load:
    name = "h2load"
    programs = ["h2load"]

    @staticmethod
    def command(program, url, clients, seconds):
        return [program, "--h1", "-t1", "-c", str(clients), "-D", str(seconds), url]

    @staticmethod
    def read(out):
        times = re.search(r"^time for request:\s+\S+\s+(\S+)", out, re.M)
        failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", out)
        return Said(None, None, ms_of(times[1]) if times else None, int(failed[1]) if failed else None,
                    number(r"^finished in \S+ ([0-9.]+) req/s", out))


class Autocannon:
    name = "autocannon"
    programs = ["autocannon"]

    @staticmethod
    def command(program, url, clients, seconds):
        return [program, "--connections", str(clients), "--duration", str(seconds), "--json", url]

    @staticmethod
    def read(out):
        report = json.loads(out)
        latency = report["latency"]
        return Said(latency["p50"], latency["p99"], latency["max"], report["non2xx"] + report["errors"],
                    report["requests"]["total"] / report["duration"])


class Vegeta:
    name = "vegeta"
    programs = ["sh", "vegeta"]

    @staticmethod
    def command(program, url, clients, seconds):
        return ["sh", "-c", f"echo 'GET {url}' | vegeta attack -rate=0 -max-workers={clients} -duration={seconds}s | "
                            "vegeta report -type=json"]

    @staticmethod
    def read(out):
        report = json.loads(out)
        latency = report["latencies"]
        good = sum(count for status, count in report["status_codes"].items() if status[0] in "23")
        return Said(latency["50th"] / 1e6, latency["99th"] / 1e6, latency["max"] / 1e6, report["requests"] - good, report["throughput"])


class Meantime:
    name = "meantime-load"
    programs = ["meantime-load"]

    @staticmethod
    def command(program, url, clients, seconds):
        return [program, "run", f"-c{clients}", f"-d{seconds}s", "--warmup", "0", "--json", "-", url]

    @staticmethod
    def read(out):
        load = json.loads(out)["loads"][0]
        times = {each["percent"]: each["value_ms"] for each in load["response"]["percentiles"]}
        failures = sum(count for status, count in load["statuses"].items() if status[0] not in "23")
        failures += sum(count for outcome, count in load["outcomes"].items() if outcome != "answered")
        return Said(times.get(50), times.get(99), load["response"].get("max_ms"), failures, load["throughput_per_s"])


TOOLS = [Meantime, Wrk, Hey, H2load, Autocannon, Vegeta]


def why_missing(tool, path):
    """None when it can be run."""
    missing = [program for program in tool.programs if shutil.which(program, path=path) is None]
    return f"{missing[0]} is not installed" if missing else None
