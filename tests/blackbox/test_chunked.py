"""Chunked request bodies (RFC 9112 7.1): what is one, what it is decoded to, and that nothing else is."""

import random
import shutil
import subprocess

import pytest

from lib.service import assert_problem, check_sound

HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /numbers/1 HTTP/1.1\r\nHost: smuggled\r\n\r\n"
BODY = b'{"int4":7}'

# Each of these is BODY.
GOOD = {
    "one chunk": b'a\r\n{"int4":7}\r\n0\r\n\r\n',
    "upper case": b'A\r\n{"int4":7}\r\n0\r\n\r\n',
    "two chunks": b'4\r\n{"in\r\n6\r\nt4":7}\r\n0\r\n\r\n',
    "a chunk a byte": b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n",
    "leading zeros": b'000000000000000a\r\n{"int4":7}\r\n0000\r\n\r\n',
    "line breaks in the data": b'e\r\n{\r\n"int4":7\r\n}\r\n0\r\n\r\n',
    "an extension": b'a;name\r\n{"int4":7}\r\n0;last\r\n\r\n',
    "an extension with a value": b'a;name=value\r\n{"int4":7}\r\n0\r\n\r\n',
    "an extension that looks like a size": b'a;ff=5\r\n{"int4":7}\r\n0\r\n\r\n',
    "quoted extensions": b'a;a="b;c";d="\\"";e\r\n{"int4":7}\r\n0\r\n\r\n',
    "blanks in an extension": b'a; a = b ; c\r\n{"int4":7}\r\n0\r\n\r\n',
    "a trailer": b'a\r\n{"int4":7}\r\n0\r\nDigest: x\r\n\r\n',
    "trailers": b'a\r\n{"int4":7}\r\n0\r\nA: b\r\nC:\r\nD: \xe9 "e"\tf\r\n\r\n',
    "framing in a trailer": b'a\r\n{"int4":7}\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nHost: b\r\n'
                            b"Connection: close\r\n\r\n",
}

SIZE, EXTENSION, TRAILER = "hexadecimal digits alone", "chunk extension", "trailer line"
LF, CR, CONTROL, LONGER = "LF alone", "CR that is not followed by LF", "control byte", "longer than its size"

BAD = {
    "a plus": (SIZE, b'+a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a minus": (SIZE, b'-a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a prefix": (SIZE, b'0xa\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a blank before the size": (SIZE, b' a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a blank behind the size": (SIZE, b'a \r\n{"int4":7}\r\n0\r\n\r\n'),
    "a tab behind the size": (SIZE, b'a\t\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a blank before the extension": (SIZE, b'a ;b\r\n{"int4":7}\r\n0\r\n\r\n'),
    "no size": (SIZE, b'\r\n{"int4":7}\r\n0\r\n\r\n'),
    "an extension without a size": (SIZE, b';a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a size that is no number": (SIZE, b'xyz\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a separator in the size": (SIZE, b'0_a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a dot in the size": (SIZE, b'a.0\r\n{"int4":7}\r\n0\r\n\r\n'),
    "no framing at all": (SIZE, b'{"int4":7}'),
    "a fullwidth digit": (SIZE, "\uff11".encode() + b'0\r\n{"int4":7}\r\n0\r\n\r\n'),
    "NUL in the size": (CONTROL, b'a\0\r\n{"int4":7}\r\n0\r\n\r\n'),
    "17 digits": ("16 digits", b'0000000000000000a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a last chunk of 17 digits": ("16 digits", b'a\r\n{"int4":7}\r\n00000000000000000\r\n\r\n'),
    "a negative last chunk": (SIZE, b'a\r\n{"int4":7}\r\n-0\r\n\r\n'),
    "data longer than its size": (LONGER, b'9\r\n{"int4":7}\r\n0\r\n\r\n'),
    "data shorter than its size": (LF, b'b\r\n{"int4":7}\r\n0\r\n\r\n'),
    "data shorter by two": (LONGER, b'c\r\n{"int4":7}\r\n0\r\n\r\n'),
    "no line break behind the data": (LONGER, b'a\r\n{"int4":7}0\r\n\r\n'),
    "two line breaks behind the data": (SIZE, b'a\r\n{"int4":7}\r\n\r\n0\r\n\r\n'),
    "LF behind the size": (LF, b'a\n{"int4":7}\r\n0\r\n\r\n'),
    "LF behind the data": (LF, b'a\r\n{"int4":7}\n0\r\n\r\n'),
    "LF behind the last chunk": (LF, b'a\r\n{"int4":7}\r\n0\n\r\n'),
    "LF at the end": (LF, b'a\r\n{"int4":7}\r\n0\r\n\n'),
    "LF in an extension": (LF, b'a;b\n{"int4":7}\r\n0\r\n\r\n'),
    "LF in a quoted extension": (LF, b'a;b="\n"\r\n{"int4":7}\r\n0\r\n\r\n'),
    "LF behind a trailer": (LF, b'a\r\n{"int4":7}\r\n0\r\nA: b\n\r\n'),
    "CR behind the size": (CR, b'a\r{"int4":7}\r\n0\r\n\r\n'),
    "two CRs behind the size": (CR, b'a\r\r\n{"int4":7}\r\n0\r\n\r\n'),
    "two CRs behind the data": (CR, b'a\r\n{"int4":7}\r\r\n0\r\n\r\n'),
    "CR at the end": (CR, b'a\r\n{"int4":7}\r\n0\r\n\r'),
    "CR in a trailer": (CR, b'a\r\n{"int4":7}\r\n0\r\nA: b\rC: d\r\n\r\n'),
    "an empty extension": (EXTENSION, b'a;\r\n{"int4":7}\r\n0\r\n\r\n'),
    "an extension without a name": (EXTENSION, b'a;=b\r\n{"int4":7}\r\n0\r\n\r\n'),
    "an extension without its value": (EXTENSION, b'a;b=\r\n{"int4":7}\r\n0\r\n\r\n'),
    "an open quote": (EXTENSION, b'a;b="c\r\n{"int4":7}\r\n0\r\n\r\n'),
    "two words": (EXTENSION, b'a;b c\r\n{"int4":7}\r\n0\r\n\r\n'),
    "an extension that is no token": (EXTENSION, b'a;b@c\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a control byte in an extension": (CONTROL, b'a;b\x01\r\n{"int4":7}\r\n0\r\n\r\n'),
    "a NUL in an extension": (CONTROL, b'a;b="\0"\r\n{"int4":7}\r\n0\r\n\r\n'),
    "an extension of 5 KB": ("4096 bytes", b"a;" + b"b" * 5000 + b'\r\n{"int4":7}\r\n0\r\n\r\n'),
    "extensions of 5 KB": ("4096 bytes", b"".join(b"1;%s\r\n \r\n" % (b"b" * 500) for _ in range(10)) +
                           b'a\r\n{"int4":7}\r\n0\r\n\r\n'),
    "trailers of 5 KB": ("4096 bytes", b'a\r\n{"int4":7}\r\n0\r\n' + b"A: b\r\n" * 1500 + b"\r\n"),
    "a request for a trailer": (TRAILER, b'a\r\n{"int4":7}\r\n0\r\n' + NEXT),
    "a folded trailer": (TRAILER, b'a\r\n{"int4":7}\r\n0\r\nA: b\r\n c\r\n\r\n'),
    "a trailer that begins with a blank": (TRAILER, b'a\r\n{"int4":7}\r\n0\r\n A: b\r\n\r\n'),
    "a blank before a trailer's colon": (TRAILER, b'a\r\n{"int4":7}\r\n0\r\nA : b\r\n\r\n'),
    "a trailer without a colon": (TRAILER, b'a\r\n{"int4":7}\r\n0\r\nA\r\n\r\n'),
    "a trailer without a name": (TRAILER, b'a\r\n{"int4":7}\r\n0\r\n: b\r\n\r\n'),
    "a NUL in a trailer": (CONTROL, b'a\r\n{"int4":7}\r\n0\r\nA: b\0\r\n\r\n'),
    "100,000 chunks of a byte": ("too small", b"1\r\n \r\n" * 100000 + b'a\r\n{"int4":7}\r\n0\r\n\r\n'),
}

TOO_LARGE = {
    "a chunk larger than the limit": b"fffffff\r\n",
    "a chunk of 2^32 + 10": b'10000000a\r\n{"int4":7}\r\n0\r\n\r\n',
    "a chunk of 2^64 + 10": b'1000000000000000a\r\n{"int4":7}\r\n0\r\n\r\n',
    "a chunk of 17 digits": b"fffffffffffffffff\r\n",
    "a second chunk that is too large": b"a\r\n          \r\nfffffff\r\n",
}


def assert_echo(answer, number=7):
    check_sound(answer)
    assert answer.status == 200 and answer.json["int4"] == number, answer


@pytest.mark.parametrize("what", GOOD)
def test_a_chunked_body_is_the_same_at_every_split(service, what):
    data = HEAD + GOOD[what] + NEXT
    with service.connect() as connection:
        for cut in range(len(HEAD) - 3, len(data) - len(NEXT) + 3):
            connection.send(data[:cut])
            connection.send(data[cut:])
            assert_echo(connection.read_response())
            assert connection.read_response().json == {"n": 1}
        for at in range(len(data)):
            connection.send(data[at:at + 1])
        assert_echo(connection.read_response())
        assert connection.read_response().json == {"n": 1}


@pytest.mark.parametrize("what", BAD)
def test_framing_that_is_not_strict_is_refused_and_the_connection_closed(service, what):
    says, data = BAD[what]
    responses = service.raw(HEAD + data + NEXT)
    # of what is sent after the refusal the kernel may make a reset
    assert len(responses) == 1 or (responses == [] and len(data) > 50000), responses
    for response in responses:
        assert_problem(response, 400, says)
        assert response.header("connection").lower() == "close"
    with service.connect() as connection:
        connection.send(HEAD)
        # one byte too few, then the rest: nothing is taken for a request of its own
        connection.send(data[:1])
        try:
            for byte in data[1:200]:
                connection.send(bytes([byte]))
            connection.send(data[200:] + NEXT)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent
        assert connection.read_rest().count(b"HTTP/1.1 ") in ((1,) if len(data) < 50000 else (0, 1))
    assert service.get("/numbers/1").json == {"n": 1}


@pytest.mark.parametrize("what", TOO_LARGE)
def test_a_chunk_beyond_the_limit_is_refused_before_it_comes(service, what):
    [response] = service.raw(HEAD + TOO_LARGE[what] + NEXT)
    assert_problem(response, 413, "max_body_bytes")
    assert response.header("connection").lower() == "close"


def test_pipelined_requests_behind_chunked_bodies(service):
    with service.connect() as connection:
        count = 0
        data = b""
        for number, body in enumerate(GOOD.values()):
            data += HEAD + body + b"GET /numbers/%d1 HTTP/1.1\r\nHost: a\r\n\r\n" % number
            data += b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + BODY
            count += 1
        connection.send(data)
        for number in range(count):
            assert_echo(connection.read_response())
            assert connection.read_response().json == {"n": int(f"{number}1")}
            assert_echo(connection.read_response())


@pytest.mark.parametrize("ending", [b"", b"a\r\n", b"a\r\n{", b'a\r\n{"int4":7}', b'a\r\n{"int4":7}\r\n0\r\n',
                                    b'a\r\n{"int4":7}\r\n0\r\nA: b\r\n'])
def test_a_body_that_is_cut_off_is_not_run(service, ending):
    assert service.raw(HEAD + ending) == []


def test_a_chunked_body_of_no_bytes_is_no_body(service):
    with service.connect() as connection:
        for line in (b"GET /numbers/1", b"DELETE /nowhere", b"OPTIONS /types", b"OPTIONS *", b"POST /echo"):
            connection.send(line + b" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            assert connection.read_response().status == {b"GET": 200, b"DEL": 404, b"OPT": 204, b"POS": 200}[line[:3]]
        connection.send(b"HEAD /types HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert connection.read_response("HEAD").status == 200
        connection.send(b"GET /numbers/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        assert_problem(connection.read_response(), 400, "no body")
        connection.send(NEXT)
        assert connection.read_response().json == {"n": 1}, "a request that is understood closes nothing"


@pytest.mark.parametrize("method,body,status", [("PUT", '{"name":"x"}', 404), ("PATCH", '{"amount":1}', 404), ("DELETE", "{}", 404),
                                                ("PATCH", '{"amount":"x"}', 400), ("PUT", "{}", 400)])
def test_other_methods(service, method, body, status):
    """Of an item that is not there, so that nothing changes."""
    head = f"{method} /items/999999 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
    [answer] = service.raw(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    [chunked] = service.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode())
    assert (chunked.status, chunked.body) == (answer.status, answer.body)
    assert chunked.status == status, chunked


def test_expect_continue(service):
    expecting = HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with service.connect() as connection:
        for body in GOOD.values():
            connection.send(expecting)
            assert connection.read_response().status == 100
            connection.send(body)
            assert_echo(connection.read_response())
            connection.send(expecting + body + NEXT)
            assert connection.read_response().status == 100
            assert_echo(connection.read_response())
            assert connection.read_response().json == {"n": 1}
        connection.send(expecting)
        assert connection.read_response().status == 100
        connection.send(b"+1\r\n")
        assert_problem(connection.read_response(), 400, SIZE)
        assert connection.is_closed_by_peer()


def test_a_refused_coding_is_told_before_the_body(service):
    with service.connect() as connection:
        connection.send(HEAD.replace(b"chunked", b"gzip, chunked\r\nExpect: 100-continue"))
        assert_problem(connection.read_response(), 501, "chunked is the only")
        assert connection.is_closed_by_peer()


def test_content_coding_and_type_of_a_chunked_body(service):
    chunks = b"a\r\n\x1f\x8b345678\0\0\r\n0\r\n\r\n"
    with service.connect() as connection:
        connection.send(HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + chunks)
        assert_problem(connection.read_response(), 415, '"gzip"')
        connection.send(HEAD.replace(b"application/json", b"text/plain") + chunks)
        assert_problem(connection.read_response(), 415, "text/plain")
        connection.send(HEAD + chunks)
        assert_problem(connection.read_response(), 400, "not UTF-8")
        connection.send(HEAD + GOOD["one chunk"])
        assert_echo(connection.read_response())


def test_size(serve):
    service = serve("--max-body-bytes", 1000)
    service.get("/numbers/1")  # while it connects, in sync mode, a client that has closed its half counts as gone

    def ask(sizes):
        body = b'{"text":"' + b"x" * (sum(sizes) - 11) + b'"}'
        data = HEAD
        for size in sizes:
            data += b"%x\r\n%s\r\n" % (size, body[:size])
            body = body[size:]
        responses = service.raw(data + b"0\r\n\r\n" + NEXT)
        check_sound(responses[0])
        return [response.status for response in responses]

    for sizes in ([1000], [999, 1], [1, 999], [500, 500], [10] * 100):
        assert ask(sizes) == [200, 200]
    for sizes in ([1001], [1000, 1], [1, 1000], [500, 501], [10] * 101, [1000, 1000]):
        assert ask(sizes) == [413]


def test_a_large_body_in_chunks_of_any_size(service):
    rng = random.Random(23)
    text = "".join(chr(0x61 + number % 26) for number in range(250000))
    body = b'{"text":"%s"}' % text.encode()
    data = [HEAD]
    while body:
        size = rng.choice((1, 2, 3, 100, 1000, 4096, 65536))
        data.append(b"%x\r\n%s\r\n" % (len(body[:size]), body[:size]))
        body = body[size:]
    with service.connect() as connection:
        connection.send(b"".join(data) + b"0\r\n\r\n" + NEXT)
        assert connection.read_response().json["text"] == text
        assert connection.read_response().json == {"n": 1}


def test_a_slow_chunked_body_is_cut(serve):
    service = serve("--read-timeout-ms", 400)
    with service.connect() as slow:
        slow.send(HEAD + b"a\r\n{")
        assert service.get("/numbers/1").status == 200, "others are served meanwhile"
        assert slow.read_rest() == b""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("size", [10, 100000])
def test_curl(service, size):
    text = "x" * (size - 9)
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "-w", " %{http_code}", "-H", "Transfer-Encoding: chunked",
                           "-H", "Content-Type: application/json", "-d", "@-", "http://%s:%d/echo" % service.address],
                          input=f'{{"text":"{text}"}}', capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout.endswith(" 200") and f'"text":"{text}"' in done.stdout, done
