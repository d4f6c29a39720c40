"""The HTTP border: what is and what is not a request, and how many there are on a connection."""

import shutil
import subprocess
import time

import pytest

from lib import http_client
from lib.service import assert_problem, check_sound

GET = b"GET /types/void HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

# What another server in front might read differently: one answer, then the end of the connection.
SMUGGLING = {
    "two equal Content-Lengths": (400, POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    "two different Content-Lengths": (400, POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + GET + b"\r\n"),
    "the larger Content-Length first": (400,
                                        POST + b"Content-Length: 40\r\nContent-Length: 2\r\n\r\n{}" + GET + b"\r\n"),
    "a list of Content-Lengths": (400, POST + b"Content-Length: 2, 2\r\n\r\n{}"),
    "Content-Length and Transfer-Encoding": (400, POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             b"0\r\n\r\n" + GET + b"\r\n"),
    "Transfer-Encoding and Content-Length": (400, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                                             b"0\r\n\r\n" + GET + b"\r\n"),
    "two Transfer-Encodings": (400,
                               POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    "Transfer-Encoding on HTTP/1.0": (400,
                                      POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "an unknown Transfer-Encoding": (400, POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "chunked, identity": (400, POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    "chunked twice": (400, POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "chunked with a parameter": (400, POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
    "chunked behind a vertical tab": (400, POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    "chunked in quotes": (400, POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n'),
    "chunked folded": (400, POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    "Transfer-Encoding identity": (400, POST + b"Transfer-Encoding: identity\r\n\r\n"),
    "an empty Transfer-Encoding": (400, POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n"),
    "gzip, chunked": (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "Transfer-Encoding on a HTTP/1.0 that is kept": (400, b"POST /echo HTTP/1.0\r\nConnection: keep-alive\r\n"
                                                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a plus in Content-Length": (400, POST + b"Content-Length: +2\r\n\r\n{}"),
    "a minus in Content-Length": (400, POST + b"Content-Length: -2\r\n\r\n{}"),
    "a blank in Content-Length": (400, POST + b"Content-Length: 2 2\r\n\r\n{}"),
    "an empty Content-Length": (400, POST + b"Content-Length:\r\n\r\n{}"),
    "a hexadecimal Content-Length": (400, POST + b"Content-Length: 0x2\r\n\r\n{}"),
    "a Content-Length of 30 digits": ((400, 413), POST + b"Content-Length: 100000000000000000000000000002\r\n\r\n{}"),
    "a Content-Length of 2^64 + 2": ((400, 413), POST + b"Content-Length: 18446744073709551618\r\n\r\n{}"),
    "a blank before the colon": (400, POST + b"Content-Length : 2\r\n\r\n{}"),
    "a folded line": (400, GET + b"X-A: b\r\n c\r\n\r\n"),
    "a folded Content-Length": (400, POST + b"Content-Length:\r\n 2\r\n\r\n{}"),
    "a folded Transfer-Encoding": (400, POST + b"Content-Length: 2\r\nX: y\r\n\tTransfer-Encoding: chunked\r\n\r\n{}"),
    "a first header line that is folded": (400, b"GET /types/void HTTP/1.1\r\n Host: a\r\n\r\n"),
    "a line without a colon": (400, GET + b"nonsense\r\n\r\n"),
    "an empty header name": (400, GET + b": x\r\n\r\n"),
    "a NUL in a header": (400, GET + b"X-A: b\0c\r\n\r\n"),
    "a control byte in a header": (400, GET + b"X-A: b\x01c\r\n\r\n"),
    "a control byte in a header name": (400, GET + b"X\x01A: b\r\n\r\n"),
    "a bare LF after a header": (400, b"GET /types/void HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n"),
    "bare LFs everywhere": (400, b"GET /types/void HTTP/1.1\nHost: a\n\n"),
    "a bare LF before Content-Length": (400, POST + b"X: y\nContent-Length: 2\r\n\r\n{}"),
    "a bare CR in a header": (400, GET + b"X-A: b\rContent-Length: 2\r\n\r\n{}"),
    "no Host": (400, b"GET /types/void HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, GET + b"Host: b\r\n\r\n"),
    "two equal Hosts": (400, GET + b"Host: a\r\n\r\n"),
    "absolute-form of another scheme": (400, b"GET ftp://a/types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "absolute-form without a host": (400, b"GET http:///types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "absolute-form with a user": (400, b"GET http://u:p@a/types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "absolute-form without Host": (400, b"GET http://a/types/void HTTP/1.1\r\n\r\n"),
    "authority-form": ((400, 405), b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
    "asterisk-form of GET": (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    "more empty lines than one bears": (400, b"\r\n" * 9 + b"GET /types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "an empty line that ends with LF": (400, b"\nGET /types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a path without a slash": (400, b"GET types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no path": (400, b"GET  HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no method": (400, b" /types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a method that is no token": (400, b"G@T /types/void HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a fragment": (400, b"GET /types/void#x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no version": (400, b"GET /types/void\r\nHost: a\r\n\r\n"),
    "version 1.2": ((400, 505), b"GET /types/void HTTP/1.2\r\nHost: a\r\n\r\n"),
    "version 2.0": ((400, 505), b"GET /types/void HTTP/2.0\r\nHost: a\r\n\r\n"),
    "a lower-case version": (400, b"GET /types/void http/1.1\r\nHost: a\r\n\r\n"),
    "a blank in the path": (400, b"GET /types/void x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "rubbish": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
}


@pytest.mark.parametrize("what", SMUGGLING)
def test_framing_that_no_two_servers_read_alike(service, what):
    expected, data = SMUGGLING[what]
    responses = service.raw(data + b"GET /numbers/1 HTTP/1.1\r\nHost: smuggled\r\n\r\n")
    assert len(responses) == 1, f"{len(responses)} answers: {responses}"
    assert responses[0].status in (expected if isinstance(expected, tuple) else (expected,)), responses[0]
    check_sound(responses[0])
    assert responses[0].header("connection").lower() == "close"


def test_twenty_pipelined_requests_are_answered_in_order(service):
    with service.connect() as connection:
        connection.send(b"".join(b"GET /numbers/%d1 HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(20)))
        for number in range(20):
            assert connection.read_response().json == {"n": int(f"{number}1")}


def test_a_pipeline_of_everything(service):
    requests = [
        (b"GET /types/void HTTP/1.1\r\nHost: a\r\n\r\n", "GET", 200),
        (b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "GET", 404),
        (b"HEAD /types HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD", 200),
        (b"OPTIONS /types HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", 204),
        (POST + b'Content-Length: 10\r\n\r\n{"int4":7}', "POST", 200),
        (b"GET /divide?a=1&b=0 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", 400),
        (b"GET /stream/10 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", 200),
        (b"GET /slow/30 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", 200),
        (b"GET /echo/int4?value=x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", 400),
        (b"GET /numbers/11 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET", 200),
    ]
    with service.connect() as connection:
        connection.send(b"".join(data for data, _, _ in requests))
        answers = [connection.read_response(method) for _, method, _ in requests]
        assert [answer.status for answer in answers] == [status for _, _, status in requests]
        assert answers[-1].json == {"n": 11}
        assert connection.is_closed_by_peer()


def test_a_connection_is_kept(service):
    with service.connect() as connection:
        for number in range(1, 6):
            answer = connection.request("GET", f"/numbers/{number}")
            assert answer.json == {"n": number}
            assert (answer.header("connection") or "keep-alive").lower() == "keep-alive"


def test_a_connection_is_kept_after_an_ordinary_error(service):
    with service.connect() as connection:
        for path, status in (("/nowhere", 404), ("/divide?a=1&b=0", 400), ("/numbers/x", 400), ("/numbers/1", 200)):
            assert connection.request("GET", path).status == status


def test_a_connection_is_closed_when_the_client_says_so(service):
    with service.connect() as connection:
        answer = connection.request("GET", "/numbers/1", headers={"Connection": "close"})
        assert answer.json == {"n": 1} and answer.header("connection").lower() == "close"
        assert connection.is_closed_by_peer()


def test_close_wins_over_keep_alive(service):
    with service.connect() as connection:
        answer = connection.request("GET", "/numbers/1", headers={"Connection": "close, keep-alive"})
        assert answer.json == {"n": 1} and answer.header("connection").lower() == "close"
        assert connection.is_closed_by_peer()


def test_close_wins_on_whichever_line_it_is(service):
    with service.connect() as connection:
        connection.send(b"GET /numbers/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n")
        assert connection.read_response().json == {"n": 1}
        assert connection.is_closed_by_peer()


def test_http_1_0_gets_no_100_continue(service):
    with service.connect() as connection:
        connection.send(b"POST /echo HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
                        b"Expect: 100-continue\r\n\r\n" b'{"int4":7}')
        answer = connection.read_response()
        assert answer.status == 200 and answer.json["int4"] == 7


@pytest.mark.parametrize("head,status,reason", [
    (b"HEAD /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413, "Content Too Large"),
    (b"HEAD /types HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: a-miracle\r\n\r\n{}", 417, "Expectation Failed"),
    (b"HEAD /types HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Bad Request"),
    (b"HEAD /types HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "Not Implemented"),
    (b"HEAD /types HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\n", 400, "Bad Request"),
    (b"HEAD /types HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413, "Content Too Large"),
    (b"HEAD /ty\x01pes HTTP/1.1\r\nHost: a\r\n\r\n", 400, "Bad Request"),
    (b"\r\nHEAD /types HTTP/1.1\nHost: a\r\n\r\n", 400, "Bad Request"),
])
def test_a_refused_head_request_gets_no_body(service, head, status, reason):
    with service.connect() as connection:
        connection.send(head)
        answer = connection.read_response("HEAD")
        assert (answer.status, answer.reason) == (status, reason)
        assert int(answer.header("content-length")) > 0 and answer.header("server-timing")
        assert connection.read_rest() == b""


def test_http_1_0(service):
    with service.connect() as connection:
        connection.send(b"GET /numbers/1 HTTP/1.0\r\n\r\n")
        answer = connection.read_response()
        assert answer.status == 200 and answer.json == {"n": 1}
        assert connection.is_closed_by_peer()
    with service.connect() as connection:
        connection.send(b"GET /numbers/2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert connection.read_response().json == {"n": 2}


def test_a_stream_on_http_1_0_is_not_chunked(service):
    with service.connect() as connection:
        connection.send(b"GET /stream/500 HTTP/1.0\r\n\r\n")
        answer = connection.read_response()
        assert answer.header("transfer-encoding") is None
        assert len(answer.json) == 500


def test_header_names_in_any_case(service):
    [answer] = service.raw(b'POST /echo HTTP/1.1\r\nhOST: a\r\ncontent-TYPE: application/json\r\nCONTENT-length: 10\r\n'
                           b'Connection: close\r\n\r\n{"int4":7}')
    assert answer.json["int4"] == 7


@pytest.mark.parametrize("empty_lines", [1, 2, 8])
def test_empty_lines_before_a_request(service, empty_lines):
    """RFC 9112 2.2 asks to bear one."""
    with service.connect() as connection:
        for number in (1, 2):
            connection.send(b"\r\n" * empty_lines + b"GET /numbers/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
            assert connection.read_response().json == {"n": number}
        for byte in b"\r\n" * empty_lines + b"GET /numbers/3 HTTP/1.1\r\nHost: a\r\n\r\n":
            connection.send(bytes([byte]))
        assert connection.read_response().json == {"n": 3}
        # an old client's line break behind a body
        connection.send(POST + b'Content-Length: 10\r\n\r\n{"int4":7}\r\n' + GET + b"\r\n")
        assert connection.read_response().json["int4"] == 7
        assert connection.read_response().status == 200


@pytest.mark.parametrize("target,expected", [
    ("http://a/numbers/7", {"n": 7}), ("HTTP://A:8080/numbers/8", {"n": 8}), ("https://a/numbers/9", {"n": 9}),
    ("http://[::1]:80/numbers/11", {"n": 11}), ("http://other.example/echo/text?value=http://x/y", {"value": "http://x/y"}),
])
def test_a_target_may_be_a_whole_url(service, target, expected):
    """RFC 9112 3.2.2: "a server MUST accept the absolute-form"."""
    answers = service.raw(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\nGET {target} HTTP/1.0\r\n\r\n".encode())
    assert [answer.json for answer in answers] == [expected, expected]


@pytest.mark.parametrize("target", ["http://a", "http://a/", "https://a?x=1", "http://a:80"])
def test_a_url_without_a_path_is_the_root(service, target):
    [answer] = service.raw(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert_problem(answer, 404, "no endpoint has the path /")
    [answer] = service.raw(f"POST {target} HTTP/1.1\r\n"
                           "Host: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    assert_problem(answer, 404, "no endpoint has the path /")


def test_options_of_the_whole_server(service):
    with service.connect() as connection:
        connection.send(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = connection.read_response("OPTIONS")
        check_sound(answer, "OPTIONS")
        assert answer.status == 204
        assert answer.header("allow") == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        connection.send(b"OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" + GET + b"\r\n")
        assert connection.read_response("OPTIONS").status == 204
        assert connection.read_response().status == 200
    answer = http_client.request(service.admin_address, "OPTIONS", "*")
    assert (answer.status, answer.header("allow")) == (204, "GET, HEAD, OPTIONS")


# As Java's client sends by default, as curl --compressed does, and others.
@pytest.mark.parametrize("lines", [
    "Connection: TE\r\nTE: trailers", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
    "Connection: upgrade\r\nUpgrade: websocket", "Connection: x-hop\r\nConnection: y-hop", "Connection:",
    "Connection: keep-alive, TE", "Connection: TE\r\nConnection: keep-alive", "Connection: x, keep-alive-not, close-not",
])
def test_options_of_a_connection_that_keep_it(service, lines):
    with service.connect() as connection:
        for method in ("GET", "POST"):
            body = "" if method == "GET" else "Content-Length: 0\r\n"
            path = "/numbers/1" if method == "GET" else "/echo"
            connection.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n{body}\r\n".encode())
            answer = connection.read_response()
            assert answer.status == 200 and answer.header("connection").lower() == "keep-alive"
            assert answer.header("upgrade") is None
        connection.send(f"GET /numbers/2 HTTP/1.1\r\nHost: a\r\n{lines}\r\nConnection: close\r\n\r\n".encode())
        assert connection.read_response().json == {"n": 2}
        assert connection.is_closed_by_peer()


def test_http_1_0_keeps_a_connection_when_it_says_so(service):
    with service.connect() as connection:
        connection.send(b"GET /numbers/1 HTTP/1.0\r\nConnection: TE, Keep-Alive\r\n\r\n")
        assert connection.read_response().json == {"n": 1}
        connection.send(b"GET /numbers/2 HTTP/1.0\r\nConnection: TE\r\n\r\n")
        assert connection.read_response().json == {"n": 2}
        assert connection.is_closed_by_peer()


@pytest.mark.parametrize("head, says", [
    (b"GARBAGE\r\n\r\n", "the request line must be METHOD"),
    (b"GET /types\r\n\r\n", "HTTP/1.1"),
    (b"GET /types HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/1.1"),
    (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1"),
    (b"GET /types HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", "its colon must follow"),
    (b"GET /types HTTP/1.1\nHost: a\n\n", "LF alone"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "control byte"),
    (b"\0\0\0\0", "NUL"),
])
def test_what_is_no_request_is_a_problem_like_all_others(service, head, says):
    """libh2o would answer these itself: in plain text, without Server-Timing, and without saying what is wrong."""
    [answer] = service.raw(head)
    assert_problem(answer, 400, says)
    assert "total;dur=" in answer.header("server-timing")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("connection").lower() == "close"


def test_a_head_byte_by_byte(service):
    with service.connect() as connection:
        for byte in GET + b"X-Long: %s\r\n\r\n" % (b"y" * 300):
            connection.send(bytes([byte]))
        assert connection.read_response().status == 200
        connection.send(b"GET /numbers/7 HTTP/1.1\r")
        connection.send(b"\nHost: a\r\n\r\nGET /numbers/8 HTTP/1.1\r\nHost: a\r\n\r")
        assert connection.read_response().json == {"n": 7}
        connection.send(b"\n")
        assert connection.read_response().json == {"n": 8}
        connection.send(b"GET /numbers/9 HTTP/1.1\r\nHo")
        time.sleep(0.1)
        connection.send(b"st: a\nX: b\r\n")
        assert_problem(connection.read_response(), 400, "LF alone")


def test_too_many_headers(service):
    def head(count):
        return GET + b"Connection: close\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(count)) + b"\r\n"

    [answer] = service.raw(head(98))
    assert answer.status == 200
    [answer] = service.raw(head(99))
    assert_problem(answer, 431, "100 header lines")
    assert service.get("/types").status == 200


def test_a_head_without_end(service):
    [answer] = service.raw(GET + b"X-A: " + b"x" * (128 * 1024 - len(GET)))
    assert_problem(answer, 431, "128 KiB")
    # of what is sent after the refusal the kernel may make a reset
    responses = service.raw(GET + b"X-A: " + b"x" * 600000 + b"\r\n\r\n")
    assert [each.status for each in responses] in ([431], [])
    assert service.get("/types").status == 200


def test_a_long_path(serve):
    service = serve("--max-path-bytes", 100)
    good = "/echo/text?value=" + "x" * (100 - len("/echo/text?value="))
    assert service.get(good).status == 200
    assert_problem(service.get(good + "x"), 414, "100")
    assert_problem(service.get("/" + "x" * 99), 404)
    assert_problem(service.get("/" + "x" * 100), 414, "100")
    assert_problem(service.get("/" + "x" * 50000), 414, "100")


def test_http_2_is_never_answered(service):
    responses = service.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
    assert [each.status for each in responses] == [400]
    answer = service.get("/numbers/1", headers={"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c",
                                                "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA"})
    assert answer.status == 200 and answer.json == {"n": 1}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_gets_no_http_2(service):
    url = "http://%s:%d/numbers/1" % service.address
    known = subprocess.run(["curl", "-sS", "--max-time", "10", "--http2-prior-knowledge", url], capture_output=True,
                           timeout=30)
    assert known.returncode not in (0, 28), "either HTTP/2 was spoken, or nothing came at all"
    upgrade = subprocess.run(["curl", "-sS", "--max-time", "10", "--http2", "-w", " %{http_version}", url],
                             capture_output=True,
                             text=True, timeout=30)
    assert (upgrade.returncode, upgrade.stdout) == (0, '{"n":1} 1.1')
