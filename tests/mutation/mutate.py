"""Puts small faults into a C source, runs the unit tests that link it with one fault at a time, and prints those that no test notices."""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import mutants
import schemata

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "tests/mutation/equivalent.txt"
TEST_TIMEOUT_S = 60  # without a fault
PATIENCE, PATIENCE_MIN_S = 3, 2  # with one: so many times as long as without, and no less


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


def linked_into(build, source):
    """The test programs of a build that the source is part of. Nothing is built, not even what says how to build."""

    def ask(*tool):
        return subprocess.run(["ninja", "-C", str(build), "-t", *tool], capture_output=True, text=True, check=True).stdout

    tests = re.findall(r"(?m)^(tests/(?:test|replay)_\S+): \S*EXECUTABLE_LINKER", ask("targets", "all"))
    return [test for test in tests if str(source) in ask("inputs", test).splitlines()]


class Workshop:
    """A copy of the tree, built, in which the faults of one file at a time are tried."""

    def __init__(self, folder, black_box, modes, sanitizers):
        self.source, self.black_box, self.modes = folder / "src", black_box, modes
        self.builds = [folder / ("build" if sanitizer == "address" else f"build-{sanitizer}") for sanitizer in sanitizers]
        tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                                 check=True).stdout.split(b"\0")
        for name in {os.fsdecode(name) for name in tracked if name}:
            there, here = ROOT / name, self.source / name
            if there.is_file() and not (here.is_file() and here.read_bytes() == there.read_bytes()):
                here.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(there, here)
        for build, sanitizer in zip(self.builds, sanitizers):
            run_quietly(["cmake", "-S", self.source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                         "-DCMAKE_C_FLAGS_DEBUG=-O0 -Werror=return-type", f"-DMEANTIME_SANITIZE={sanitizer}"])
            run_quietly(["ninja", "-C", build])

    def tests_of(self, name):
        """The test programs that link the file, by build, the nearest first: most faults are noticed there."""
        found = linked_into(self.builds[0], self.source / name)
        own = "tests/test_" + pathlib.PurePath(name).with_suffix("").as_posix().replace("/", "_")
        return [(build, test) for build in self.builds
                for test in sorted(found, key=lambda test: (-len(os.path.commonprefix([test, own])), test))]

    def targets_of(self, tests):
        """{build: what has to be built in it}"""
        return {build: [*(test for its, test in tests if its == build), *(["meantime"] if self.black_box and build == self.builds[0] else [])]
                for build in self.builds}

    def build_copies(self, name, source, placed, tests):
        """Builds the file with all faults in it that compile. Returns the numbers of those that do not."""
        dropped = set()
        for build, targets in self.targets_of(tests).items():
            while True:
                kept = {function: {number: mutant for number, mutant in faults.items() if number not in dropped}
                        for function, faults in placed.items()}
                text, copies = schemata.write(source, kept)
                (self.source / name).write_text(text)
                done = subprocess.run(["ninja", "-C", str(build), *targets], capture_output=True, text=True)
                if done.returncode == 0:
                    break
                bad = schemata.unbuildable(done.stdout, name, copies)
                if not bad:
                    sys.exit(f"{name} does not build with its faults:\n{done.stdout[-3000:]}")
                dropped |= bad
        return dropped

    def measure(self, tests):
        """Returns {(build, test): how long to wait for it}, the first first, then the quick ones; they have to pass as they are."""
        limits = {}
        for build, test in tests:
            began = time.monotonic()
            if self.run_test(build, test, TEST_TIMEOUT_S) is not True:
                sys.exit(f"{test} of {build.name} fails without any fault")
            limits[build, test] = PATIENCE * (time.monotonic() - began)
        order = [*tests[:1], *sorted(tests[1:], key=limits.get)]
        return {test: max(limits[test], PATIENCE_MIN_S) for test in order}

    def notices(self, limits, number=0):
        """Whether one of the tests fails with the fault of that number, or hangs; 0: what is built has one fault only."""
        return any(self.test_notices(build, test, limit, number) for (build, test), limit in limits.items()) or \
            bool(self.black_box) and self.run_black_box(number) is not True

    def test_notices(self, build, test, limit, number):
        passed = self.run_test(build, test, limit, number)
        # the machine may have become busy: without a fault, the same time has to be enough
        while number and passed is None and self.run_test(build, test, limit) is None:
            limit *= 2
            passed = self.run_test(build, test, limit, number)
        return not passed

    def try_alone(self, name, source, mutant, limits):
        """The slow way: the file is built with this fault only."""
        (self.source / name).write_text("\n".join(mutant.apply(source.split("\n"))))
        for build, targets in self.targets_of(limits).items():
            if subprocess.run(["ninja", "-C", str(build), *targets], capture_output=True).returncode != 0:
                return "no build"
        return "noticed" if self.notices(limits) else "not noticed"

    def run_test(self, build, test, timeout_s, number=0):
        corpus = [str(self.source / "tests/fuzz/corpus" / test.removeprefix("tests/replay_"))] if "replay_" in test else []
        return run([str(build / test), *corpus], self.source, timeout_s, {schemata.VARIABLE: str(number)})

    def run_black_box(self, number):
        environment = {"MEANTIME_PROGRAM": str(self.builds[0] / "meantime"), "MEANTIME_MODES": self.modes, "MEANTIME_SLOW": "1",
                       schemata.VARIABLE: str(number)}
        return run(["/usr/bin/python3", "-m", "pytest", "-q", "-x", *self.black_box], self.source / "tests/blackbox", 900, environment)


def run_quietly(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")


def run(command, folder, timeout_s, environment):
    """Returns whether the command succeeds; None when it takes too long."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               start_new_session=True, env={**os.environ, **environment})
    under_way.add(process.pid)
    try:
        return process.wait(timeout_s) == 0
    except subprocess.TimeoutExpired:
        return None
    finally:
        under_way.discard(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it started in its own session, too
        process.wait()


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


def try_all(name, source, faults, workshop, tests, jobs):
    """Yields (number, 'no build', 'noticed' or 'not noticed') of {number: mutant}, in no order."""
    placed = schemata.place(source, faults)
    dropped = workshop.build_copies(name, source, placed, tests)
    yield from ((number, "no build") for number in dropped)
    limits = workshop.measure(tests)
    inside = [number for its in placed.values() for number in its if number not in dropped]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for number, is_noticed in zip(inside, pool.map(lambda number: workshop.notices(limits, number), inside)):
            yield number, "noticed" if is_noticed else "not noticed"
    for number in sorted(set(faults) - dropped - set(inside)):
        yield number, workshop.try_alone(name, source, faults[number], limits)


def mutate_file(name, workshop, options, listed):
    source = (ROOT / name).read_text()
    lines = source.split("\n")
    tests = workshop.tests_of(name)
    tally = Tally()
    if not tests and not options.blackbox:
        print(f"{name}: no unit test links it; name black box tests by --blackbox")
        tally.not_noticed = 1
        return tally
    faults = {}
    for number, mutant in enumerate(choose(source, options.most, options.seed), 1):
        if (name, lines[mutant.line - 1].strip(), mutant.mutated(lines)) in listed:
            tally.equivalent += 1
        else:
            faults[number] = mutant
    try:
        for done, (number, outcome) in enumerate(try_all(name, source, faults, workshop, tests, options.jobs), 1):
            setattr(tally, outcome.replace(" ", "_"), getattr(tally, outcome.replace(" ", "_")) + 1)
            if sys.stderr.isatty():
                print(f"\r{name}: {done} of {len(faults)}", end="\r", file=sys.stderr)
            if outcome == "not noticed":
                mutant = faults[number]
                print(f"{name}:{mutant.line}: {mutant.kind}: {lines[mutant.line - 1].strip()} -> {mutant.mutated(lines)}", flush=True)
    finally:
        (workshop.source / name).write_text(source)
    print(f"{name}: {tally} by {' '.join(pathlib.Path(test).name for _, test in tests)}", flush=True)
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
    workshop = Workshop(folder, options.blackbox, options.modes, options.sanitize.split(","))
    listed = read_equivalent()
    tallies = [mutate_file(name, workshop, options, listed) for name in options.files]
    if len(tallies) > 1:
        print(f"all: {Tally(*(sum(getattr(tally, field.name) for tally in tallies) for field in dataclasses.fields(Tally)))}")
    sys.exit(0 if all(tally.share() >= options.at_least for tally in tallies) else 1)


if __name__ == "__main__":
    main()
