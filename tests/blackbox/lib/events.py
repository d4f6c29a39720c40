"""text/event-stream, read as HTML's section 9.2.6 has it: what a browser's EventSource would hand over."""

import dataclasses

from lib import http_client
from lib.http_client import ConnectionEnded


@dataclasses.dataclass
class Event:
    name: str
    data: str
    id: str = ""  # the last one there was


class EventStream:
    """One subscriber. Comments and `retry` are kept beside the events."""

    def __init__(self, service, path, last_id=None, headers=(), **options):
        self.connection = http_client.Connection(service.address, **options)
        headers = {"Accept": "text/event-stream", **dict(headers)}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        self.connection.send(http_client.encode_request("GET", path, headers=headers))
        self._response = None
        self._chunks = None
        self.comments, self.retry, self.last_id = [], None, last_id or ""
        self._lines, self._rest = [], ""

    @property
    def response(self):
        """Its head; of a problem, all of it."""
        if self._response is None:
            self._response = self.connection.read_response_head()
            if self._response.status != 200:
                self._response.body = self.connection.read_bytes(int(self._response.header("content-length")))
            elif self._response.header("content-length") is not None:
                self._chunks = iter([self.connection.read_bytes(int(self._response.header("content-length")))])
            else:
                self._chunks = self.connection.read_chunks()
        return self._response

    def next(self):
        """The next event; None: the stream has ended well."""
        assert self.response.status == 200, self.response.body
        while True:
            event = self._dispatch()
            if event is not None:
                return event
            chunk = next(self._chunks, None)
            if chunk is None:
                assert not self._rest and not self._lines, "the stream ended within an event"
                return None
            self._take(chunk.decode())

    def take(self, count):
        return [self.next() for _ in range(count)]

    def until_comment(self, words):
        """Reads on until the comment was there; no event may come before it."""
        assert self.response.status == 200, self.response.body
        while words not in self.comments:
            self._take(next(self._chunks).decode())
            assert self._dispatch() is None

    def _take(self, text):
        *lines, self._rest = (self._rest + text).split("\n")
        assert "\r" not in text, "lines end with LF here"
        self._lines += lines

    def _dispatch(self):
        while "" in self._lines:
            end = self._lines.index("")
            block, self._lines = self._lines[:end], self._lines[end + 1:]
            event = self._read(block)
            if event is not None:
                return event
        return None

    def _read(self, block):
        name, data = "message", []
        for line in block:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "":
                self.comments.append(value)
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                self.last_id = value
            else:
                assert field == "retry", f"an unknown field: {line}"
                self.retry = int(value)
        return Event(name, "\n".join(data), self.last_id) if data else None

    def is_broken_off(self):
        """Reads to the end. True: it is no end that a client takes for a good one."""
        try:
            while self.next() is not None:
                pass
        except (ConnectionEnded, ConnectionResetError):
            return True
        return False

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
