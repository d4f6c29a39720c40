"""A history: all that producers, consumers and faults did to the queues, an event a line, in the order of their times.

`sent` is noted before the first byte of a request leaves, `answered` after the last one of its answer was read. A request
of which no whole answer came is `cut`: it may have been carried out. `fault` is what was done to the services and to
PostgreSQL, and `rest` is what its tables hold when all is over.
"""

import collections
import json
import threading
import time


class History:
    def __init__(self, path):
        self._file = open(path, "w")
        self._lock = threading.Lock()
        self._operations = 0
        self.counts = collections.Counter()  # of jobs answered 201 and of acks answered: what faults wait for

    def _write(self, event, fields):
        self._file.write(json.dumps({"at": time.monotonic_ns() // 1000, "event": event, **fields}) + "\n")

    def note(self, event, **fields):
        with self._lock:
            self._write(event, fields)

    def sent(self, what, **fields):
        """Returns the operation's number."""
        with self._lock:
            self._operations += 1
            self._write("sent", {"op": self._operations, "what": what, **fields})
            return self._operations

    def answered(self, op, status, counted=None, count=0, **fields):
        with self._lock:
            self._write("answered", {"op": op, "status": status, **fields})
            self.counts[counted] += count

    def close(self):
        self._file.close()


def read(path):
    with open(path) as file:
        return [json.loads(line) for line in file]
