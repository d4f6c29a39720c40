"""Holds a history against what docs/queue.md promises, and names each event that breaks it.

Nothing here asks a service or the clock. A promise is held against times in the way that favours the queue: a request was
carried out at some time between `sent` and `answered`.
"""

import bisect
import collections
import operator

SETTLING = ("ack", "nack", "extend")
SERVICE_FAULTS = ("service killed", "service stopped", "service started", "service paused")
NOT_KNOWN = ("outcome unknown", "deadline passed, outcome unknown")
NEVER = float("inf")


def token_order(token):
    """A token is the epoch of an owner and a number, both in hex, so tokens are in the order of their leases."""
    epoch, number = token.split("-")
    return int(epoch, 16), int(number, 16)


class Delivery:
    def __init__(self, claim, job):
        self.id, self.token, self.cause = job["id"], token_order(job["token"]), job["redelivered"]
        self.sent_at, self.answered_at = claim["at"], claim["answered_at"]
        self.lease_ends_at = self.sent_at + claim["lease_us"]  # or later
        self.job = job

    @property
    def epoch(self):
        return self.token[0]


class Receipt:
    """One job's part of an ack, a nack or an extend. `verdict`: done, stale, missing, or None where it is not known."""

    def __init__(self, operation, number, token):
        self.what, self.id, self.token = operation["what"], number, token_order(token)
        self.sent_at, self.answered_at = operation["at"], operation.get("answered_at", NEVER)
        self.lease_us = operation.get("lease_us")
        self.verdict = next((each for each in ("done", "stale", "missing") if number in operation.get(each, ())), None)


class Facts:
    """What a history says, by job."""

    def __init__(self, events):
        self.operations, self.faults, self.rest = {}, [], None
        for event in events:
            self._take(event)
        self.written = {}  # by id: the job as it was sent
        self.twice = []
        self.produced = {}  # by key: (the job, the enqueue)
        self.deliveries = collections.defaultdict(list)
        self.receipts = collections.defaultdict(list)
        for operation in self.operations.values():
            self._take_operation(operation)
        for each in self.deliveries.values():
            each.sort(key=operator.attrgetter("token"))
        self._know_crashes()

    def _take(self, event):
        if event["event"] == "sent":
            self.operations[event["op"]] = dict(event)
        elif event["event"] == "answered":
            self.operations[event["op"]].update({**event, "at": self.operations[event["op"]]["at"],
                                                 "answered_at": event["at"]})
        elif event["event"] == "fault":
            self.faults.append(event)
        elif event["event"] == "rest":
            self.rest = event

    def _take_operation(self, operation):
        if operation["what"] == "enqueue":
            for place, job in enumerate(operation["jobs"]):
                self.produced[job["key"]] = (job, operation)
                if operation.get("status") == 201:
                    number = operation["ids"][place]
                    if number in self.written:
                        self.twice.append(number)
                    self.written[number] = job
        elif operation["what"] == "claim":
            for job in operation.get("jobs", ()):
                self.deliveries[job["id"]].append(Delivery(operation, job))
        else:
            for number, token in operation["receipts"]:
                self.receipts[number].append(Receipt(operation, number, token))

    def _know_crashes(self):
        """(begin, end) of PostgreSQL's, and the enqueues that made what was committed before them durable."""
        self.crashes, begun_at = [], None
        for fault in self.faults:
            if fault["what"] == "postgres killed":
                begun_at = fault["at"]
            elif fault["what"] == "postgres started" and begun_at is not None:
                self.crashes.append((begun_at, fault["at"]))
                begun_at = None
        commits = sorted((each["at"], each["answered_at"]) for each in self.operations.values()
                         if each["what"] == "enqueue" and each.get("status") == 201)
        self._commits_sent = [sent for sent, _ in commits]
        self._first_answer_from = [NEVER] * (len(commits) + 1)
        for i in reversed(range(len(commits))):
            self._first_answer_from[i] = min(commits[i][1], self._first_answer_from[i + 1])

    def may_be_taken_back(self, ack, until):
        """Whether a crash of PostgreSQL in between may have lost the ack: no commit behind it had reached the disk."""
        durable_at = self._first_answer_from[bisect.bisect_right(self._commits_sent, ack.answered_at)]
        return any(begin < until and ack.sent_at < end and durable_at >= begin for begin, end in self.crashes)

    def service_failed(self, since, until):
        return any(each["what"] in SERVICE_FAULTS and since < each["at"] < until for each in self.faults)

    def dead(self):
        return {number for number, _, _ in self.rest["dead"]}

    def known_jobs(self):
        """{id: the job} of those that were answered 201, or delivered."""
        known = dict(self.written)
        for number, deliveries in self.deliveries.items():
            key = deliveries[0].job["key"]
            if number not in known and key in self.produced:
                known[number] = self.produced[key][0]
        return known

    def unanswered_claims(self):
        return [each for each in self.operations.values() if each["what"] == "claim" and "answered_at" not in each]


# Rules. Each yields what breaks it.

def nothing_is_lost(facts):
    dead = facts.dead()
    for number, job in facts.written.items():
        acked = any(each.what == "ack" and each.verdict in ("done", None) for each in facts.receipts[number])
        if not acked and number not in dead:
            yield f"job {number} ({job['key']}) was answered 201, and is neither acked nor dead"
    for number in facts.rest["rows"]:
        yield f"job {number} is still there when all is over"


def ids_are_unique(facts):
    for number in facts.twice:
        yield f"id {number} was answered twice"
    seen = set()
    for number, deliveries in facts.deliveries.items():
        for each in deliveries:
            if each.token in seen:
                yield f"job {number} has a token that was given before: {each.job['token']}"
            seen.add(each.token)


def what_was_refused_is_not_there(facts):
    for number, deliveries in facts.deliveries.items():
        _, enqueue = facts.produced.get(deliveries[0].job["key"], (None, None))
        status = enqueue and enqueue.get("status")
        if status and status != 201 and enqueue.get("title") not in NOT_KNOWN:
            yield f"job {number} was given, though its enqueue was answered {status} {enqueue.get('title')}"


def jobs_are_as_they_were_sent(facts):
    for number, deliveries in facts.deliveries.items():
        for each in deliveries:
            sent, _ = facts.produced.get(each.job["key"], (None, None))
            if sent is None:
                yield f"job {number} was never sent: {each.job['key']}"
            elif number in facts.written and facts.written[number]["key"] != sent["key"]:
                yield f"job {number} is {each.job['key']}, and {facts.written[number]['key']} was answered with its id"
            elif (sent["sum"], sent["group"]) != (each.job["sum"], each.job["group"]):
                yield f"job {number} ({sent['key']}) was given with another payload or group than it was sent with"


def attempts_are_bounded(facts):
    for number, deliveries in facts.deliveries.items():
        for each in deliveries:
            if not 1 <= each.job["attempt"] <= each.job["max_attempts"]:
                yield f"job {number} was given for attempt {each.job['attempt']} of {each.job['max_attempts']}"
    for number, attempt, most in facts.rest["dead"]:
        if attempt != most:
            yield f"job {number} is dead after attempt {attempt} of {most}"


def an_ack_is_the_end(facts):
    """Else the job was given after its ack, or its ack counted though the token was stale."""
    for number, receipts in facts.receipts.items():
        for ack in (each for each in receipts if each.what == "ack" and each.verdict == "done"):
            for given in facts.deliveries[number]:
                is_later = given.token > ack.token or given.sent_at > ack.answered_at
                if is_later and not facts.may_be_taken_back(ack, given.answered_at):
                    yield f"job {number} was given at {given.answered_at}, after its ack was answered at {ack.answered_at}"


def a_stale_token_changes_nothing(facts):
    for number, receipts in facts.receipts.items():
        for each in receipts:
            if each.verdict == "done" and any(given.token > each.token and given.answered_at < each.sent_at
                                              for given in facts.deliveries[number]):
                yield f"{each.what} of job {number} at {each.sent_at} was answered as done, with a token that was stale"


def a_lease_lasts(facts):
    """While a lease lasts its token is good, and no other consumer has the job."""
    for number, deliveries in facts.deliveries.items():
        for given, later in zip(deliveries, deliveries[1:]):
            if given.epoch == later.epoch and later.answered_at < lease_end(facts, given) and not \
                    was_nacked(facts, given, later.answered_at):
                yield f"job {number} was given at {later.answered_at}, and its lease of before lasted longer"
        for given in deliveries:
            yield from refused_too_early(facts, given)


def refused_too_early(facts, given):
    tries = [each for each in facts.receipts[given.id] if each.token == given.token and each.what != "extend"]
    for each in (each for each in facts.receipts[given.id] if each.token == given.token):
        is_first = not any(other is not each and other.sent_at <= each.sent_at for other in tries)
        if each.verdict in ("stale", "missing") and is_first and each.answered_at < lease_end(facts, given) and not \
                facts.service_failed(given.sent_at, each.answered_at):
            yield f"{each.what} of job {given.id} at {each.sent_at} was refused as {each.verdict}, though its lease lasted"


def lease_end(facts, given):
    """Not before this time. An extend of which it is not known whether it counted leaves the earlier end."""
    end = given.lease_ends_at
    for each in facts.receipts[given.id]:
        if each.what == "extend" and each.token == given.token:
            end = each.sent_at + each.lease_us if each.verdict == "done" else min(end, each.sent_at + each.lease_us)
    return end


def was_nacked(facts, given, until):
    return any(each.what == "nack" and each.token == given.token and each.sent_at < until
               for each in facts.receipts[given.id])


def every_duplicate_has_a_cause(facts):
    unanswered = facts.unanswered_claims()
    first_cut = min((each["at"] for each in unanswered), default=NEVER)
    first_lost = min((each["at"] + each["lease_us"] for each in unanswered), default=NEVER)
    for number, deliveries in facts.deliveries.items():
        for place, given in enumerate(deliveries):
            before = deliveries[:place]
            if given.cause is None:
                why = "it names no cause" if before else None
            elif given.cause == "nacked":
                why = None if any(each.what == "nack" and each.sent_at < given.answered_at
                                  for each in facts.receipts[number]) else "no consumer nacked it"
            elif given.cause == "expired":
                ends = [lease_end(facts, each) for each in before] + [first_lost]
                why = None if min(ends) < given.answered_at else "no lease of it had ended"
            elif given.cause == "disconnected":
                why = None if first_cut < given.answered_at else "no consumer had left"
            elif given.cause == "restarted":
                since = facts.produced[given.job["key"]][1]["at"] if given.job["key"] in facts.produced else 0
                why = None if facts.service_failed(since, given.answered_at) else "no service was started"
            else:
                why = "there is no such cause"
            if before and before[-1].epoch < given.epoch and not why and not \
                    facts.service_failed(before[-1].sent_at, given.answered_at):
                why = "the owner changed, and no service had failed"
            if why:
                yield f"job {number} was given at {given.answered_at} as {given.cause}, and {why}"


def an_owner_of_before_gives_nothing(facts):
    """A service that stood still while another one gave jobs out."""
    given = [each for deliveries in facts.deliveries.values() for each in deliveries]
    for resumed_at in (each["at"] for each in facts.faults if each["what"] == "service resumed"):
        epoch = max((each.epoch for each in given if each.answered_at < resumed_at), default=0)
        for each in given:
            if each.answered_at > resumed_at and each.epoch < epoch:
                yield f"job {each.id} was given at {each.answered_at} in epoch {each.epoch}, after jobs of epoch {epoch}"


def groups_are_in_order(facts):
    groups, dead = collections.defaultdict(list), facts.dead()
    for number, job in facts.known_jobs().items():
        if job["group"] is not None:
            groups[job["group"]].append(number)
    for group, numbers in groups.items():
        numbers.sort()
        yield from group_is_in_order(facts, group, numbers, dead)


def group_is_in_order(facts, group, numbers, dead):
    places = {number: place for place, number in enumerate(numbers)}
    given = sorted((each for number in numbers for each in facts.deliveries[number]), key=operator.attrgetter("token"))
    last = -1  # the place of the latest job that was given
    for each in given:
        place = places[each.id]
        if place < last and not is_taken_back(facts, each):
            yield f"group {group}: job {each.id} was given at {each.answered_at}, after job {numbers[last]}"
        for earlier in numbers[max(last, 0):place]:
            if not is_finished(facts, earlier, each.answered_at, dead):
                yield f"group {group}: job {each.id} was given at {each.answered_at}, before job {earlier} had ended"
        last = max(last, place)


def is_taken_back(facts, given):
    """By a crash of PostgreSQL its ack, or its death, was undone after the next one of its group had begun."""
    return any(each.token < given.token and each.what != "extend" and facts.may_be_taken_back(each, given.answered_at)
               for each in facts.receipts[given.id])


def is_finished(facts, number, until, dead):
    return number in dead or any(each.what == "ack" and each.sent_at < until for each in facts.receipts[number])


RULES = (nothing_is_lost, ids_are_unique, what_was_refused_is_not_there, jobs_are_as_they_were_sent, attempts_are_bounded,
         an_ack_is_the_end, a_stale_token_changes_nothing, a_lease_lasts, every_duplicate_has_a_cause,
         an_owner_of_before_gives_nothing, groups_are_in_order)


def check(events):
    """Returns [(rule, what breaks it)], and the figures."""
    facts = Facts(events)
    if facts.rest is None:
        return [("whole", "the history has no end")], {}
    return [(rule.__name__, fault) for rule in RULES for fault in rule(facts)], figures(facts)


def figures(facts):
    given = [each for deliveries in facts.deliveries.values() for each in deliveries]
    receipts = [each for receipts in facts.receipts.values() for each in receipts]
    answers = collections.Counter(each.get("status", "cut") for each in facts.operations.values()
                                  if each["what"] == "enqueue")
    return {
        "jobs answered 201": len(facts.written),
        "enqueues by answer": dict(sorted(answers.items(), key=str)),
        "deliveries": len(given),
        "by cause": dict(collections.Counter(str(each.cause) for each in given)),
        "claims cut": len(facts.unanswered_claims()),
        "receipts": dict(collections.Counter(f"{each.what} {each.verdict}" for each in receipts)),
        "acks that a crash took back": sum(
            each.what == "ack" and each.verdict == "done" and any(later.token > each.token
                                                                  for later in facts.deliveries[each.id])
            for each in receipts),
        "dead": len(facts.rest["dead"]),
        "faults": dict(collections.Counter(each["what"] for each in facts.faults)),
    }
