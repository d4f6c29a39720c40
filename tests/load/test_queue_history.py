"""The queues lose nothing while services and PostgreSQL break, as a history tells; and the checker sees each fault in one."""

import json
import os

import pytest

from queue_history import drive
from queue_history.check import RULES, check
from queue_history.history import read

SECOND = 1_000_000


class Told:
    """A history that is written by hand: each request takes 10 us, and begins where the one before has ended."""

    def __init__(self):
        self.events, self.now, self.ops = [], 0, 0

    def note(self, event, **fields):
        self.now += 10
        self.events.append({"at": self.now, "event": event, **fields})
        return self

    def ask(self, what, answer, **fields):
        self.ops += 1
        self.note("sent", op=self.ops, what=what, **fields)
        return self.note("answered", op=self.ops, **answer) if answer is not None else self.note("cut", op=self.ops)

    def enqueue(self, *numbers, group=None, status=201, **more):
        jobs = [{"key": f"k{number}", "sum": number, "group": group} for number in numbers]
        return self.ask("enqueue", {"status": status, "ids": list(numbers), **more}, jobs=jobs)

    def give(self, *numbers, token="1-1", cause=None, group=None, lease=SECOND, attempt=1, **more):
        jobs = [{"id": number, "key": f"k{number}", "sum": number, "group": group, "attempt": attempt, "max_attempts": 3,
                 "redelivered": cause, "token": token, **more} for number in numbers]
        return self.ask("claim", {"status": 200, "jobs": jobs}, lease_us=lease)

    def cut_claim(self, lease=SECOND):
        return self.ask("claim", None, lease_us=lease)

    def settle(self, what, number, token="1-1", verdict="done", **more):
        answer = {"status": 200, verdict: [number]} if verdict else None
        return self.ask(what, answer, receipts=[[number, token]], **more)

    def ack(self, number, token="1-1", verdict="done"):
        return self.settle("ack", number, token, verdict)

    def fault(self, *names):
        for name in names:
            self.note("fault", what=name)
        return self

    def wait(self, time):
        self.now += time
        return self

    def end(self, rows=(), dead=()):
        self.note("rest", rows=list(rows), dead=[list(each) for each in dead])
        return self.events


def crash(told):
    return told.fault("postgres killed", "postgres started")


SOUND = {
    "nothing at all": Told().end(),
    "a job": Told().enqueue(1).give(1).ack(1).end(),
    "a job of which it is not known whether it was written": Told().ask("enqueue", None, jobs=[
        {"key": "k1", "sum": 1, "group": None}]).give(1).ack(1).end(),
    "the same, and it says so": Told().enqueue(1, status=503, title="outcome unknown").give(1).ack(1).end(),
    "refused": Told().enqueue(1, status=503, title="too busy").end(),
    "an ack without an answer": Told().enqueue(1).give(1).ack(1, verdict=None).end(),
    "expired": Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="expired", attempt=2)
    .ack(1, verdict="stale").ack(1, token="1-2").end(),
    "extended": Told().enqueue(1).give(1).settle("extend", 1, lease_us=9 * SECOND).wait(2 * SECOND).ack(1).end(),
    "nacked": Told().enqueue(1).give(1).settle("nack", 1).give(1, token="1-2", cause="nacked").ack(1, "1-2").end(),
    "dead": Told().enqueue(1).give(1, attempt=3).settle("nack", 1).end(dead=[(1, 3, 3)]),
    "disconnected": Told().enqueue(1).cut_claim().give(1, token="1-2", cause="disconnected").ack(1, "1-2").end(),
    "restarted": Told().enqueue(1).give(1).fault("service killed").give(1, token="2-1", cause="restarted")
    .ack(1, "2-1").end(),
    "an ack that a crash of PostgreSQL took back": crash(Told().enqueue(1).give(1).ack(1)).fault("service killed").give(
        1, token="2-1", cause="restarted").ack(1, "2-1").end(),
    "a group": Told().enqueue(1, 2, group="g").give(1, group="g").ack(1).give(2, token="1-2", group="g").ack(2, "1-2").end(),
    "a group whose first ack was taken back": crash(Told().enqueue(1, 2, group="g").give(1, group="g").ack(1).give(
        2, token="1-2", group="g")).fault("service killed").give(1, token="2-1", group="g", cause="restarted").ack(1, "2-1").give(
            2, token="2-2", group="g", cause="restarted").ack(2, "2-2").end(),
}

FAULTY = {
    "nothing_is_lost": [
        Told().enqueue(1).end(),
        Told().enqueue(1).give(1).end(),
        Told().enqueue(1).give(1).ack(1, verdict="stale").wait(SECOND).end(),
        Told().enqueue(1, 2).give(1).ack(1).end(dead=[(3, 3, 3)]),
        Told().enqueue(1).give(1).ack(1).end(rows=[1]),
    ],
    "ids_are_unique": [
        Told().enqueue(1).enqueue(1).give(1).ack(1).end(),
        Told().enqueue(1, 2).give(1).give(2).ack(1).ack(2).end(),
    ],
    "what_was_refused_is_not_there": [
        Told().enqueue(1, status=503, title="database unavailable").give(1).ack(1).end(),
        Told().enqueue(1, status=504, title="deadline passed").give(1).ack(1).end(),
    ],
    "jobs_are_as_they_were_sent": [
        Told().enqueue(1).give(1, sum=7).ack(1).end(),
        Told().enqueue(1).give(1, key="k7").ack(1).end(),
        Told().enqueue(1).give(1, group="g").ack(1).end(),
        Told().enqueue(1, 2).give(1, key="k2", sum=2).ack(1).give(2, token="1-2").ack(2, "1-2").end(),
    ],
    "attempts_are_bounded": [
        Told().enqueue(1).give(1, attempt=4).ack(1).end(),
        Told().enqueue(1).give(1, attempt=0).ack(1).end(),
        Told().enqueue(1).give(1).settle("nack", 1).end(dead=[(1, 1, 3)]),
    ],
    "an_ack_is_the_end": [
        Told().enqueue(1).give(1).ack(1).fault("service killed").give(1, token="2-1", cause="restarted").ack(1, "2-1").end(),
        # a commit behind the ack had reached the disk
        crash(Told().enqueue(1).give(1).ack(1).enqueue(2)).fault("service killed").give(1, 2, token="2-1", cause="restarted").ack(
            1, "2-1").ack(2, "2-1").end(),
        # the crash was before the ack, or after the delivery
        crash(Told().enqueue(1).give(1)).ack(1).fault("service killed").give(1, token="2-1", cause="restarted").ack(1, "2-1").end(),
        crash(Told().enqueue(1).give(1).ack(1).fault("service killed").give(1, token="2-1", cause="restarted")).ack(1, "2-1").end(),
        # by an owner of before, whose token is the smaller one
        Told().enqueue(1).cut_claim().fault("service killed").give(1, token="2-1", cause="restarted").ack(1, "2-1").give(1).end(),
    ],
    "a_stale_token_changes_nothing": [
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="expired").settle("nack", 1).ack(1, "1-2").end(),
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="expired").settle(
            "extend", 1, lease_us=SECOND).ack(1, "1-2").end(),
    ],
    "a_lease_lasts": [
        Told().enqueue(1).give(1).give(1, token="1-2", cause="expired").cut_claim(1).ack(1, "1-2").end(),
        Told().enqueue(1).give(1).settle("extend", 1, lease_us=9 * SECOND).wait(SECOND).give(
            1, token="1-2", cause="expired").ack(1, "1-2").end(),
        Told().enqueue(1).give(1).ack(1, verdict="stale").ack(1, verdict=None).end(),
        Told().enqueue(1).give(1).ack(1, verdict="missing").ack(1, verdict=None).end(),
    ],
    "every_duplicate_has_a_cause": [
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2").ack(1, "1-2").end(),
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="nacked").ack(1, "1-2").end(),
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="disconnected").ack(1, "1-2").end(),
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="restarted").ack(1, "1-2").end(),
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="1-2", cause="bored").ack(1, "1-2").end(),
        Told().enqueue(1).give(1, cause="expired").ack(1).end(),
        Told().enqueue(1).give(1).wait(SECOND).give(1, token="2-2", cause="expired").ack(1, "2-2").end(),
        Told().fault("service killed").enqueue(1).give(1, cause="restarted").ack(1).end(),
    ],
    "an_owner_of_before_gives_nothing": [
        Told().enqueue(1, 2).fault("service paused").give(1, token="2-1", cause="restarted").ack(1, "2-1").fault(
            "service resumed").give(2).ack(2).end(),
    ],
    "groups_are_in_order": [
        Told().enqueue(1, 2, group="g").give(1, group="g").give(2, token="1-2", group="g").ack(1).ack(2, "1-2").end(),
        Told().enqueue(1, 2, group="g").give(2, group="g").ack(2).give(1, token="1-2", group="g").ack(1, "1-2").end(),
        Told().enqueue(1, 2, 3, group="g").give(1, group="g").ack(1).give(3, token="1-2", group="g").ack(3, "1-2").give(
            2, token="1-3", group="g").ack(2, "1-3").end(),
        Told().enqueue(1, 2, group="g").give(1, group="g").ack(1, verdict=None).give(2, token="1-2", group="g").fault(
            "service killed").give(1, token="2-1", group="g", cause="restarted").ack(1, "2-1").ack(2, "1-2").end(),
    ],
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_history_passes(name):
    assert check(SOUND[name])[0] == []


def test_every_rule_has_a_faulty_history():
    assert set(FAULTY) == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize("rule, place", [(rule, place) for rule, histories in FAULTY.items() for place in range(len(histories))])
def test_a_faulty_history_is_refused(rule, place):
    assert rule in {each for each, _ in check(FAULTY[rule][place])[0]}


def test_a_history_without_its_end_is_refused():
    assert check(Told().enqueue(1).events)[0] == [("whole", "the history has no end")]


# The services themselves

JOBS = {"async": 3000, "threads": 600, "sync": 600}


@pytest.mark.parametrize("mode", JOBS)
def test_nothing_is_lost_while_things_break(mode, tmp_path):
    """The long form is scripts/queue-history."""
    assert os.access(os.environ["MEANTIME_PROGRAM"], os.X_OK)
    history = tmp_path / "history.ndjson"
    drive.run(history, mode, JOBS[mode], 8)
    faults, figures = check(read(history))
    print(json.dumps(figures))
    assert faults == []
    assert figures["jobs answered 201"] >= JOBS[mode]
    # what breaks has left its marks, so it did break
    assert figures["by cause"].get("restarted", 0) > 0 and figures["by cause"].get("nacked", 0) > 0
    assert set(figures["faults"]) >= {"service killed", "service paused", "service stopped", "postgres killed", "sessions ended"}
