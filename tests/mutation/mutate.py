"""Puts one small fault after the other into a C source, builds, runs the unit tests that link it, and says what nobody noticed."""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "tests/mutation/equivalent.txt"
TEST_TIMEOUT_S = 60  # without a fault
PATIENCE, PATIENCE_MIN_S = 10, 5  # with one: so many times as long as without, and no less


def read_equivalent(path=LIST):
    """Returns {(file, line's text, mutated text): reason} of `FILE | LINE | MUTATED | REASON`."""
    listed = {}
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 4 or not all(parts):
            sys.exit(f"{path}:{number}: expected FILE | LINE | MUTATED LINE | REASON")
        listed[tuple(parts[:3])] = parts[3]
    return listed


under_way = set()  # process groups of tests


def end_tests(*_):
    """A test with a fault may never end by itself."""
    for group in list(under_way):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    os._exit(1)


class Workshop:
    """A copy of the tree, built, in which one fault at a time is tried."""

    def __init__(self, folder, black_box, modes, sanitizers):
        self.folder, self.black_box, self.modes = folder, black_box, modes
        self.builds = [folder / ("build" if sanitizer == "address" else f"build-{sanitizer}") for sanitizer in sanitizers]
        tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                                 check=True).stdout.split(b"\0")
        wanted = {os.fsdecode(name) for name in tracked if name}
        for name in wanted:
            there, here = ROOT / name, folder / "src" / name
            if not there.is_file() or (here.is_file() and here.read_bytes() == there.read_bytes()):
                continue
            here.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(there, here)
        for build, sanitizer in zip(self.builds, sanitizers):
            self.run_quietly(["cmake", "-S", folder / "src", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                              "-DCMAKE_C_FLAGS_DEBUG=-O0 -Werror=return-type", f"-DMEANTIME_SANITIZE={sanitizer}"])
            self.run_quietly(["ninja", "-C", build])

    @staticmethod
    def run_quietly(command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")

    def tests_of(self, name):
        """The test programs that link the file."""
        path = self.folder / "src" / name
        os.utime(path)
        said = subprocess.run(["ninja", "-C", str(self.builds[0]), "-n"], capture_output=True, text=True, check=True).stdout
        found = set(re.findall(r"Linking C executable (tests/(?:test|replay)_\S+)", said))
        own = "tests/test_" + pathlib.PurePath(name).with_suffix("").as_posix().replace("/", "_")
        # the nearest first: most faults are noticed there
        return sorted(found, key=lambda test: (-len(os.path.commonprefix([test, own])), test))

    def measure(self, tests):
        """Returns {(build's name, test): how long to wait for it}; they have to pass as they are."""
        limits = {}
        for build in self.builds:
            self.run_quietly(["ninja", "-C", build, *tests])  # the last fault of another file may still be in it
            for test in tests:
                began = time.monotonic()
                if not self.passes(self.command_of(build, test), self.folder / "src", TEST_TIMEOUT_S):
                    sys.exit(f"{test} of {build.name} fails without any fault")
                limits[build.name, test] = max(PATIENCE * (time.monotonic() - began), PATIENCE_MIN_S)
        return limits

    def build_and_test(self, limits):
        """Returns 'no build', 'noticed' or 'not noticed'."""
        for build in self.builds:
            tests = {test: limit for (name, test), limit in limits.items() if name == build.name}
            targets = [*tests, *(["meantime"] if self.black_box and build == self.builds[0] else [])]
            if subprocess.run(["ninja", "-C", str(build), *targets], capture_output=True).returncode != 0:
                return "no build"
            for test, limit in tests.items():
                if not self.passes(self.command_of(build, test), self.folder / "src", limit):
                    return "noticed"
        if self.black_box and not self.passes_black_box():
            return "noticed"
        return "not noticed"

    def command_of(self, build, test):
        corpus = [str(self.folder / "src/tests/fuzz/corpus" / test.removeprefix("tests/replay_"))] if "replay_" in test else []
        return [str(build / test), *corpus]

    def passes_black_box(self):
        environment = {"MEANTIME_PROGRAM": str(self.builds[0] / "meantime"), "MEANTIME_MODES": self.modes, "MEANTIME_SLOW": "1"}
        return self.passes(["/usr/bin/python3", "-m", "pytest", "-q", "-x", *self.black_box], self.folder / "src/tests/blackbox", 900,
                           environment)

    @staticmethod
    def passes(command, folder, timeout_s, environment=None):
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   start_new_session=True, env={**os.environ, **(environment or {})})
        under_way.add(process.pid)
        try:
            return process.wait(timeout_s) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            under_way.discard(process.pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it started in its own session, too
            process.wait()

    def try_out(self, name, mutant, limits):
        path = self.folder / "src" / name
        source = path.read_text()
        path.write_text("\n".join(mutant.apply(source.split("\n"))))
        try:
            return self.build_and_test(limits)
        finally:
            path.write_text(source)


@dataclasses.dataclass
class Tally:
    noticed: int = 0
    not_noticed: int = 0
    no_build: int = 0
    equivalent: int = 0

    def share(self):
        """Of those that build and are not equivalent, in per cent."""
        counted = self.noticed + self.not_noticed
        return 100 * self.noticed / counted if counted else 100

    def __str__(self):
        return (f"{self.noticed} of {self.noticed + self.not_noticed} faults noticed ({self.share():.0f} %), "
                f"{self.equivalent} equivalent, {self.no_build} do not build")


def choose(source, most, seed):
    """Returns the mutants of a source: all, or `most` of them, the same for the same seed."""
    found = mutants.of_source(source)
    if most and most < len(found):
        found = sorted(random.Random(seed).sample(found, most), key=lambda mutant: (mutant.line, mutant.begin))
    return found


def mutate_file(name, workshops, options, listed):
    source = (ROOT / name).read_text()
    lines = source.split("\n")
    tests = workshops[0].tests_of(name)
    limits = workshops[0].measure(tests)
    tally = Tally()
    if not tests and not options.blackbox:
        print(f"{name}: no unit test links it; name black box tests by --blackbox")
        tally.not_noticed = 1
        return tally
    free = queue.Queue()
    for workshop in workshops:
        free.put(workshop)

    def try_one(mutant):
        workshop = free.get()
        try:
            return workshop.try_out(name, mutant, limits)
        finally:
            free.put(workshop)

    chosen = []
    for mutant in choose(source, options.most, options.seed):
        if (name, lines[mutant.line - 1].strip(), mutant.mutated(lines)) in listed:
            tally.equivalent += 1
        else:
            chosen.append(mutant)
    with concurrent.futures.ThreadPoolExecutor(len(workshops)) as pool:
        for done, (mutant, outcome) in enumerate(zip(chosen, pool.map(try_one, chosen)), 1):
            setattr(tally, outcome.replace(" ", "_"), getattr(tally, outcome.replace(" ", "_")) + 1)
            if sys.stderr.isatty():
                print(f"\r{name}: {done} of {len(chosen)}", end="\r", file=sys.stderr)
            if outcome == "not noticed":
                print(f"{name}:{mutant.line}: {mutant.kind}: {lines[mutant.line - 1].strip()} -> {mutant.mutated(lines)}", flush=True)
    print(f"{name}: {tally} by {' '.join(pathlib.Path(test).name for test in tests)}", flush=True)
    return tally


def main():
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__, epilog="Exit status: 0 when at least --at-least per cent "
                                     "of each file's faults are noticed, 1 when not, 2 when the command line is wrong.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="C sources, from the root of the project")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="try N faults of each file, picked evenly; default: all")
    parser.add_argument("--seed", type=int, default=1, help="which ones --most picks (default 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="faults tried at once (default: the cores)")
    parser.add_argument("--blackbox", nargs="*", default=[], metavar="TEST", help="black box tests to run where no unit test noticed")
    parser.add_argument("--modes", default="async", help="of the black box tests (default async)")
    parser.add_argument("--sanitize", default="address", metavar="LIST", help="sanitizers to build with, one after the other: only "
                        "thread notices a lock that is not taken (default address)")
    parser.add_argument("--at-least", type=float, default=90, metavar="PERCENT", help="default 90")
    options = parser.parse_args()
    for name in options.files:
        if not (ROOT / name).is_file():
            parser.error(f"there is no file {name}")
    signal.signal(signal.SIGTERM, end_tests)
    signal.signal(signal.SIGINT, end_tests)
    folder = ROOT / "build/mutate"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("scripts/mutate: another one is at work in build/mutate")
    workshops = [Workshop(folder / str(number), options.blackbox, options.modes, options.sanitize.split(","))
                 for number in range(options.jobs)]
    listed = read_equivalent()
    tallies = [mutate_file(name, workshops, options, listed) for name in options.files]
    if len(tallies) > 1:
        print(f"all: {Tally(*(sum(getattr(tally, field.name) for tally in tallies) for field in dataclasses.fields(Tally)))}")
    sys.exit(0 if all(tally.share() >= options.at_least for tally in tallies) else 1)


if __name__ == "__main__":
    main()
