"""Producers and consumers that note all they do. Some are stopped beyond their leases, some leave in mid-answer."""

import json
import random
import threading
import time
import zlib

from lib.http_client import Connection, ConnectionEnded, encode_request

QUEUE = "history"
GROUPS = 20
PAUSE_S = 0.05


def sum_of(payload):
    return zlib.crc32(json.dumps(payload, sort_keys=True).encode())


class Caller(threading.Thread):
    """Asks one of the services, and another one after each failure."""

    def __init__(self, world, history, seed):
        super().__init__(daemon=True)
        self.world, self.history = world, history
        self.random = random.Random(seed)
        self.connection = None
        self.failure = None
        self.is_over = threading.Event()

    def run(self):
        try:
            while not self.is_over.is_set():
                self.turn()
        except Exception as failure:  # the test's own fault, or an answer that is none
            self.failure = failure
        finally:
            self.leave()

    def leave(self, with_reset=False):
        if self.connection is not None:
            (self.connection.reset if with_reset else self.connection.close)()
            self.connection = None

    def pause(self):
        self.is_over.wait(PAUSE_S)

    def ask(self, op, path, body=None, leave_after=None):
        """The response, or None where no whole one came. `leave_after`: so many bytes of it are read."""
        request = encode_request("POST", f"/queues/{QUEUE}/{path}", body)
        try:
            if self.connection is None:
                address = self.random.choice(self.world.addresses())
                small = 4096 if leave_after is not None else None
                self.connection = Connection(address, receive_buffer_bytes=small)
            self.connection.send(request)
            if leave_after is not None:
                self.connection.socket.settimeout(1 + leave_after)
                self.connection.read_bytes(leave_after)
                self.leave(with_reset=True)
                self.history.note("cut", op=op)
                return None
            response = self.connection.read_response("POST")
        except (OSError, ConnectionEnded, IndexError):
            self.leave(with_reset=leave_after is not None)
            self.history.note("cut", op=op)
            return None
        if response.status == 503 or response.header("connection") == "close":
            self.leave()
        return response


class Producer(Caller):
    """Goes on until so many jobs were answered 201."""

    def __init__(self, world, history, name, jobs):
        super().__init__(world, history, name)
        self.name_of_keys, self.left, self.count = name, jobs, 0

    def draft(self, group):
        self.count += 1
        key = f"{self.name_of_keys}-{self.count}"
        is_poison = self.random.random() < 0.01
        payload = {"key": key, "is_poison": is_poison, "filler": "x" * self.random.choice((0, 0, 10, 100, 5000))}
        job = {"payload": payload, "max_attempts": 2 if is_poison else 100}
        if group is not None:
            job["group"] = group
        elif self.random.random() < 0.05:
            job["delay"] = "200ms"
        if self.random.random() < 0.2:
            job["priority"] = self.random.randint(-3, 3)
        return job

    def turn(self):
        count = min(self.left, self.random.choice((1, 1, 1, 5, 20, 100)))
        group = f"g{self.random.randrange(GROUPS)}" if self.random.random() < 0.3 else None
        jobs = [self.draft(group) for _ in range(min(count, 5) if group else count)]
        noted = [{"key": job["payload"]["key"], "sum": sum_of(job["payload"]), "group": job.get("group")} for job in jobs]
        leaves = 0 if self.random.random() < 0.01 else None
        op = self.history.sent("enqueue", jobs=noted)
        answer = self.ask(op, "jobs", jobs if len(jobs) > 1 else jobs[0], leaves)
        if answer is None:
            self.pause()
        elif answer.status == 201:
            self.history.answered(op, 201, "written", len(jobs), ids=answer.json["ids"])
            self.left -= len(jobs)
            if self.left <= 0:
                self.is_over.set()
        else:
            self.history.answered(op, answer.status, title=answer.json["title"])
            self.pause()


class Consumer(Caller):
    LEASES_S = (1, 5, 30)

    def turn(self):
        lease_s = self.random.choice(self.LEASES_S)
        # some leave at once, some when the first bytes have come
        leaves = self.random.choice((0, 1, 300)) if self.random.random() < 0.02 else None
        wait = "&wait=2s" if self.world.mode != "sync" else ""
        most = self.random.choice((1, 1, 10, 100))
        op = self.history.sent("claim", lease_us=lease_s * 1_000_000)
        answer = self.ask(op, f"claim?max={most}&lease={lease_s}s{wait}", None, leaves)
        if answer is None or answer.status != 200:
            if answer is not None:
                self.history.answered(op, answer.status, title=answer.json["title"])
            self.pause()
            return
        jobs = answer.json
        self.history.answered(op, 200, jobs=[self.noted(job) for job in jobs])
        if jobs:
            self.work(jobs, lease_s)
        elif not wait:
            self.pause()

    @staticmethod
    def noted(job):
        kept = {name: job[name] for name in ("id", "token", "attempt", "max_attempts", "group", "redelivered")}
        return {**kept, "key": job["payload"]["key"], "sum": sum_of(job["payload"])}

    def work(self, jobs, lease_s):
        chance = self.random.random()
        if chance < 0.01 and lease_s == self.LEASES_S[0]:
            self.history.note("fault", what="consumer stopped")
            time.sleep(lease_s + self.random.random())
        elif chance < 0.05:
            self.settle("extend", jobs, lease="10s", lease_us=10_000_000)
        poison = [job for job in jobs if job["payload"]["is_poison"] or self.random.random() < 0.01]
        if poison:
            self.settle("nack", poison, delay=self.random.choice(("0s", "100ms")), reason="as the test wants it")
        self.settle("ack", [job for job in jobs if job not in poison])

    def settle(self, what, jobs, lease_us=None, **more):
        """One by one, or all at once. Asked again until it is known: each try is an operation of its own."""
        single = len(jobs) < 3
        for part in [[job] for job in jobs] if single else [jobs]:
            for _ in range(100):
                if self.try_to_settle(what, part, single, lease_us, more) or self.is_over.is_set():
                    break
                self.pause()

    def try_to_settle(self, what, jobs, is_single, lease_us, more):
        receipts = [{"id": job["id"], "token": job["token"], **more} for job in jobs]
        op = self.history.sent(what, receipts=[[each["id"], each["token"]] for each in receipts],
                               **({"lease_us": lease_us} if lease_us else {}))
        if is_single:
            number = receipts[0].pop("id")
            answer = self.ask(op, f"jobs/{number}/{what}", receipts[0])
            verdicts = answer and {204: {"done": [number]}, 409: {"stale": [number]}, 404: {"missing": [number]}}.get(answer.status)
        else:
            answer = self.ask(op, what, receipts)
            verdicts = answer and answer.status == 200 and answer.json
        if answer is None:
            return False
        if not verdicts:
            self.history.answered(op, answer.status, title=answer.json["title"])
            return False
        self.history.answered(op, answer.status, what, len(verdicts.get("done", ())), **verdicts)
        return True
