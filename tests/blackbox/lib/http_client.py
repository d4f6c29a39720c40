"""An HTTP/1.1 client over raw sockets: exact bytes out, exact responses in, every wait bounded."""

import json as json_text
import re
import socket

from lib.codings import decoded

TIMEOUT_S = 30


class ConnectionEnded(Exception):
    """The other side closed before a whole response had come."""


class Response:
    def __init__(self, version, status, reason, headers):
        self.version, self.status, self.reason = version, status, reason
        self.headers = headers  # (lower-case name, value), in order
        self.body = b""
        self.is_chunked = False

    def header(self, name):
        """The value of a header that may be there once; None when it is not."""
        values = [value for each, value in self.headers if each == name.lower()]
        assert len(values) <= 1, f"header {name} is there {len(values)} times: {values}"
        return values[0] if values else None

    def varies_by(self, name):
        """Several lines of Vary are one list."""
        return ("vary", name) in self.headers

    @property
    def json(self):
        return json_text.loads(decoded(self))

    def __repr__(self):
        return f"<{self.status} {self.header('content-type')} {self.body[:300]!r}>"


def parse_head(head):
    lines = head.split(b"\r\n")
    version, status, reason = (lines[0].decode("latin-1").split(" ", 2) + [""])[:3]
    assert version in ("HTTP/1.1", "HTTP/1.0"), f"not an HTTP/1 status line: {lines[0]!r}"
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        assert colon and name == name.strip(), f"malformed header line {line!r}"
        headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
    return Response(version, int(status), reason, headers)


class Connection:
    """One connection, to an address or to the path of a unix socket. What was received and not yet read as a response is in `buffer`."""

    def __init__(self, address, timeout_s=TIMEOUT_S, receive_buffer_bytes=None, source=None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if source is not None:
            self.socket.bind((source, 0))
        if receive_buffer_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(timeout_s)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Leaves as a crashed client does: RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def request(self, method, path, body=None, headers=()):
        """Sends a well-formed request and reads its response."""
        self.send(encode_request(method, path, body, headers))
        return self.read_response(method)

    def _receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionEnded(f"closed with {self.buffer[:200]!r} unread")
        self.buffer += data

    def _read_until(self, mark):
        while mark not in self.buffer:
            self._receive()
        taken, _, self.buffer = self.buffer.partition(mark)
        return taken

    def read_bytes(self, count):
        while len(self.buffer) < count:
            self._receive()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read_response(self, method="GET"):
        """The next response; 100 Continue counts as one of its own."""
        response = self.read_response_head()
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if response.header("transfer-encoding") is not None:
            assert response.header("transfer-encoding") == "chunked"
            assert response.header("content-length") is None, "both Content-Length and Transfer-Encoding"
            response.is_chunked = True
            response.body = b"".join(self.read_chunks())
        elif response.header("content-length") is not None:
            response.body = self.read_bytes(int(response.header("content-length")))
        else:
            response.body = self.read_rest()
        return response

    def read_response_head(self):
        return parse_head(self._read_until(b"\r\n\r\n"))

    def read_chunks(self):
        while True:
            size_line = self._read_until(b"\r\n")
            if not re.fullmatch(rb"[0-9a-fA-F]+", size_line):
                # libh2o's way of breaking a body off, so that no client takes it for whole
                raise ConnectionEnded(f"not the size of a chunk: {size_line!r}")
            size = int(size_line, 16)
            chunk = self.read_bytes(size)
            assert self.read_bytes(2) == b"\r\n", "a chunk that does not end in CRLF"
            if size == 0:
                return
            yield chunk

    def read_rest(self):
        """Everything until the other side closes (by FIN, or by RST after it had answered)."""
        try:
            while True:
                self._receive()
        except (ConnectionEnded, ConnectionResetError):
            taken, self.buffer = self.buffer, b""
            return taken

    def is_closed_by_peer(self):
        """Waits for the end of the connection; False when bytes come instead, or nothing happens in time."""
        try:
            return not self.buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


def encode_request(method, path, body=None, headers=()):
    headers = dict(headers)
    if isinstance(body, (dict, list)):
        body = json_text.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {path} HTTP/1.1"]
    headers.setdefault("Host", "test")
    if body is not None:
        headers.setdefault("Content-Length", str(len(body)))
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def request(address, method, path, body=None, headers=(), timeout_s=TIMEOUT_S):
    """One request on a connection of its own."""
    with Connection(address, timeout_s) as connection:
        return connection.request(method, path, body, headers)


def exchange_raw(address, data, method="GET", timeout_s=TIMEOUT_S):
    """Sends exact bytes; returns all responses until the other side closes.

    The writing side is closed afterwards, so that a server which waits for more gives up and closes too.
    """
    with Connection(address, timeout_s) as connection:
        try:
            connection.send(data)
            connection.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError, OSError):
            pass  # the answer may have come before all was sent
        connection.buffer = connection.read_rest()
        responses = []
        while connection.buffer:
            responses.append(connection.read_response(method))
        return responses
