"""Holds load generators against a server that takes what it is told, and prints what each says beside the truth.

The truth is the server's own record of the requests of that run: what it took for each, from reading the request to
sending the answer. The way there and back and the client's own delays are left out of it: they are some 0.1 ms.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import tools

CLIENTS = 3
# name, what the server does, options, path
CASES = [
    ("constant", "each request takes 20 ms", [], "/turns/20"),
    ("bimodal", "half take 10 ms, half 100", [], "/turns/10,100"),
    ("one in a hundred", "99 take 10 ms, the hundredth 500", [], "/turns/10x99,500"),
    ("one at a time", "1 s each, one after the other", ["--one-at-a-time"], "/wait/1000"),
    ("a third fails", "at once; each third is a 503", [], "/every/3/503"),
]


class Server:
    def __init__(self, program, options):
        self.folder = tempfile.TemporaryDirectory(prefix="meantime-truth-")
        self.times = pathlib.Path(self.folder.name) / "times"
        self.process = subprocess.Popen([program, *options, "--times", self.times], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().removeprefix("truth: serving ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()

    def truth(self):
        return Truth([line.split() for line in self.times.read_text().splitlines() if line.count(" ") == 1])


class Truth:
    """Of (status, milliseconds)."""

    def __init__(self, answers):
        self.good = sorted(float(took) for status, took in answers if status[0] in "23")
        self.failures = len(answers) - len(self.good)

    def percentile(self, percent):
        rank = math.ceil(len(self.good) * min(percent, 100) / 100)
        return self.good[max(0, rank - 1)] if self.good else None

    def surely_counted_max(self):
        """The largest of what a tool must have counted: what was under way at the end may be left out, whatever it took."""
        return self.good[-1 - CLIENTS] if len(self.good) > CLIENTS else None

    def is_off(self, said, percent):
        """Off by more than a twentieth, and by more than what the way there and back may take. Definitions of a percentile
        differ: half a per cent of the requests more or less is not off."""
        if said is None or not self.good:
            return False
        low, high = self.percentile(percent - 0.5), self.percentile(percent + 0.5)
        return said < low - max(0.05 * low, 1) or said > high + max(0.05 * high, 1)

    def is_miscounted(self, failures):
        """What was under way at the end may be counted or not."""
        return failures is not None and abs(failures - self.failures) > CLIENTS


def run(tool, url, clients, seconds, path):
    done = subprocess.run(tool.command(tool.programs[-1], url, clients, seconds), capture_output=True, text=True,
                          env={**os.environ, "PATH": path}, timeout=seconds * 4 + 60)
    return tool.read(done.stdout)


def compare(case, tool, arguments):
    with Server(arguments.truth_server, case[2]) as server:
        said = run(tool, server.url + case[3], CLIENTS, arguments.seconds, arguments.path)
        time.sleep(0.05)
        return said, server.truth()


# ---- what is shown


def show(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def rows_of(results):
    for case, tool, said, truth in results:
        times = [(said.p50, 50), (said.p99, 99), (said.max, 100)]
        failures = "-" if said.failures is None else said.failures
        yield [case, tool, *(f"{show(time)} ({show(truth.percentile(percent))})" + "!" * truth.is_off(time, percent)
                             for time, percent in times),
               f"{failures} ({truth.failures})" + "!" * truth.is_miscounted(said.failures)]


HEAD = ["server", "tool", "p50 ms", "p99 ms", "max ms", "failures"]


def print_table(rows, is_markdown):
    rows = [HEAD, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    for number, row in enumerate(rows):
        line = (" | " if is_markdown else "  ").join(text.ljust(width) for text, width in zip(row, widths))
        print(f"| {line} |" if is_markdown else line.rstrip())
        if is_markdown and number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def figures_of(truth):
    return {"p50": truth.percentile(50), "p99": truth.percentile(99), "max": truth.percentile(100),
            "surely_counted_max": truth.surely_counted_max(), "failures": truth.failures}


# ---- requests a second


def compare_rates(arguments):
    """The ratio of requests/s to wrk's, in rounds side by side: (median, least, most)."""
    ratios = []
    for round_number in range(arguments.rounds):
        order = [tools.Meantime, tools.Wrk] if round_number % 2 == 0 else [tools.Wrk, tools.Meantime]
        rates = {}
        for tool in order:
            with Server(arguments.truth_server, []) as server:
                rates[tool.name] = run(tool, server.url + "/quick", 64, 2, arguments.path).requests_per_s
        ratios.append(rates["meantime-load"] / rates["wrk"])
    return statistics.median(ratios), min(ratios), max(ratios)


def main():
    parser = argparse.ArgumentParser(prog="compare-load-tools", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=10, help="of each run (default 10)")
    parser.add_argument("--rounds", type=int, default=5, help="of requests/s beside wrk's (default 5; 0: none)")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    parser.add_argument("--json", metavar="FILE", help="all figures, for machines; - is standard output")
    parser.add_argument("--truth-server", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--path", default=os.environ["PATH"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    out = sys.stderr if arguments.json == "-" else sys.stdout
    missing = {tool.name: tools.why_missing(tool, arguments.path) for tool in tools.TOOLS}
    results = []
    for case in CASES:
        for tool in tools.TOOLS:
            if missing[tool.name] is None:
                print(f"{case[0]}: {tool.name}", file=sys.stderr)
                results.append((case[0], tool.name, *compare(case, tool, arguments)))
    sys.stdout, real = out, sys.stdout
    print(f"{CLIENTS} clients, closed loop, {arguments.seconds} s; in brackets the truth; ! marks what is off it\n")
    print_table(list(rows_of(results)), arguments.markdown)
    print()
    for name, what, _, _ in CASES:
        print(f"{name}: {what}")
    for name, why in missing.items():
        if why:
            print(f"left out: {name}: {why}")
    ratio = None
    if arguments.rounds and missing["wrk"] is None:
        ratio = compare_rates(arguments)
        print(f"\nrequests/s over wrk's, 64 clients of a quick server, {arguments.rounds} rounds: "
              f"{ratio[0]:.2f} ({ratio[1]:.2f} to {ratio[2]:.2f})")
    sys.stdout = real
    if arguments.json:
        text = json.dumps({"clients": CLIENTS, "seconds": arguments.seconds,
                           "results": [{"server": case, "tool": tool, "said": vars(said), "truth": figures_of(truth)}
                                       for case, tool, said, truth in results],
                           "left_out": {name: why for name, why in missing.items() if why},
                           "rate_over_wrk": ratio and {"median": ratio[0], "least": ratio[1], "most": ratio[2]}}, indent=1)
        if arguments.json == "-":
            print(text)
        else:
            pathlib.Path(arguments.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
