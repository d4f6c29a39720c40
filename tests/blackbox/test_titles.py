"""POST /titles: pages of other hosts, many at once, within limits, each answered as it arrives."""

import concurrent.futures
import gzip
import json
import os
import socket
import ssl
import subprocess

import pytest

from conftest import ATLAS_ENDPOINTS, MODES
from lib.service import Service, assert_problem, run, wait_until
from lib.web import Web

# and time, since a busy machine is no fault
ALLOW = ("--fetch-allow", "127.0.0.0/8", "--fetch-timeout-ms", "50000", "--fetch-connect-timeout-ms", "20000",
         "--fetch-silence-timeout-ms", "40000")
NAMES = ["url", "final_url", "status", "title", "bytes", "dns_ms", "connect_ms", "wait_ms", "transfer_ms", "error"]
TIMES = ("dns_ms", "connect_ms", "wait_ms", "transfer_ms")


@pytest.fixture(autouse=True)
def once_with_sanitizers(request, is_slow):
    """The fetcher is the same in all modes: where everything takes long, one will do."""
    if is_slow and "mode" in request.fixturenames and request.getfixturevalue("mode") != MODES[-1]:
        pytest.skip("the fetcher is seen in another mode")


@pytest.fixture
def web():
    other = Web()
    yield other
    other.close()


@pytest.fixture(scope="module")
def fetching(mode, atlas_database):
    with Service(atlas_database, ATLAS_ENDPOINTS, mode, *ALLOW) as running:
        yield running


def ask(service, urls, accept="application/x-ndjson", **more):
    headers = {"Content-Type": "application/json", **({"Accept": accept} if accept else {})}
    return service.request("POST", "/titles", json.dumps({"urls": urls, **more}), headers)


def lines(response):
    assert response.status == 200, response
    assert response.header("content-type") == "application/x-ndjson"
    assert response.body.endswith(b"\n")
    pages = [json.loads(line) for line in response.body.splitlines()]
    for page in pages:
        assert list(page) == NAMES
    return pages


def titles(service, urls, **more):
    return {page["url"]: page for page in lines(ask(service, urls, **more))}


def one(service, url, **more):
    return titles(service, [url], **more)[url]


def test_pages_come_in_the_order_in_which_they_end(fetching, web):
    urls = [web.url(f"/wait/{ms}/{ms}") for ms in (600, 300, 0)]
    pages = lines(ask(fetching, urls))
    assert [page["url"] for page in pages] == urls[::-1]
    assert [page["title"] for page in pages] == ["0/0", "300/300", "600/600"]
    assert all(page["status"] == 200 and page["error"] is None and page["final_url"] == page["url"] for page in pages)
    assert pages[2]["wait_ms"] >= 590 and pages[2]["dns_ms"] >= 0 and pages[2]["bytes"] == len("<title>600/600</title>")


def test_each_line_comes_when_its_page_is_there(fetching, web):
    body = json.dumps({"urls": [web.url("/wait/0/a"), web.url("/wait/1500/b")]})
    with fetching.connect() as connection:
        connection.send(f"POST /titles HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        received = b""
        while b'"title":"0/a"' not in received:
            received += connection.socket.recv(65536)
        assert b"1500/b" not in received


def test_all_at_once_or_one_after_another(fetching, web):
    urls = [web.url(f"/wait/200/{number}") for number in range(5)]
    pages = lines(ask(fetching, urls, sequential=True))
    assert [page["url"] for page in pages] == urls, "in their order"
    assert web.most_at_once["127.0.0.1"] == 1
    web.most_at_once.clear()
    assert len(titles(fetching, urls)) == 5
    assert web.most_at_once["127.0.0.1"] == 5


def test_an_array_when_json_is_asked_for(fetching, web):
    response = ask(fetching, [web.url("/page/a"), web.url("/page/b")], "application/json")
    assert response.header("content-type") == "application/json"
    assert sorted(page["title"] for page in response.json) == ["a", "b"]
    assert ask(fetching, [web.url("/page/a")], None).header("content-type") == "application/x-ndjson"


def test_concurrency_of_a_request_and_of_a_host(serve, atlas_database, web):
    service = serve(*ALLOW, "--fetch-host-connections", 3, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    urls = [web.url(f"/wait/100/{number}", f"127.0.0.{1 + number % 2}") for number in range(20)]
    assert len(titles(service, urls, concurrency=2)) == 20
    assert sum(web.most_at_once.values()) <= 4 and max(web.most_at_once.values()) <= 2
    web.most_at_once.clear()
    assert len(titles(service, urls, concurrency=100)) == 20
    assert web.most_at_once == {"127.0.0.1": 3, "127.0.0.2": 3}


def test_a_rate_for_each_host(fetching, web):
    urls = [web.url(f"/page/{number}", f"127.0.0.{3 + number % 2}") for number in range(10)]
    assert len(titles(fetching, urls, rate=5)) == 10
    for host in ("127.0.0.3", "127.0.0.4"):
        starts = [when for where, path, when in web.seen if where == host and path != "/robots.txt"]
        gaps = [later - earlier for earlier, later in zip(starts, starts[1:])]
        assert len(starts) == 5 and starts[-1] - starts[0] >= 0.7, gaps


def test_robots_txt_is_respected_and_asked_for_once(fetching, web):
    host = "127.0.0.5"
    web.robots[host] = (200, "User-agent: *\nDisallow: /private\n")
    pages = titles(fetching, [web.url(path, host) for path in ("/page/a", "/private/b", "/page/c")])
    assert pages[web.url("/page/a", host)]["title"] == "a" and pages[web.url("/page/c", host)]["title"] == "c"
    refused = pages[web.url("/private/b", host)]
    assert refused["status"] is None and refused["title"] is None and "robots.txt" in refused["error"]
    assert "/private/b" not in web.paths()
    assert [path for _, path, _ in web.seen].count("/robots.txt") == 1


def test_a_host_whose_robots_txt_fails_is_left_alone(fetching, web):
    web.robots["127.0.0.6"] = (500, "")
    assert "robots.txt" in one(fetching, web.url("/page/a", "127.0.0.6"))["error"]
    assert web.paths("127.0.0.6") == []


def test_an_empty_robots_txt_allows_everything(fetching, web):
    web.robots["127.0.0.11"] = (200, "")
    assert one(fetching, web.url("/page/a", "127.0.0.11"))["title"] == "a"


def test_redirects(fetching, web):
    page = one(fetching, web.url("/hop/2"))
    assert (page["title"], page["status"], page["final_url"]) == ("end", 200, web.url("/page/end"))
    page = one(fetching, web.url("/hop/50"))
    assert page["status"] == 302 and "redirects more than" in page["error"]
    web.answers["/ftp"] = [(302, {"Location": "file:///etc/passwd"}, b"")]
    page = one(fetching, web.url("/ftp"))
    assert page["status"] == 302 and "http" in page["error"] and page["title"] is None


def test_retry_after_is_respected(fetching, web):
    web.answers["/busy"] = [(429, {"Retry-After": "1"}, b""), (200, {}, b"<title>now</title>")]
    assert one(fetching, web.url("/busy", "127.0.0.7"))["title"] == "now"
    times = [when for _, path, when in web.seen if path == "/busy"]
    assert len(times) == 2 and times[1] - times[0] >= 0.99
    web.answers["/closed"] = [(503, {"Retry-After": "3600"}, b"")]
    page = one(fetching, web.url("/closed", "127.0.0.8"))
    assert page["status"] == 503 and "3600 s" in page["error"]
    assert "left alone" in one(fetching, web.url("/page/other", "127.0.0.8"))["error"]
    assert web.paths("127.0.0.8") == ["/closed"]


def test_what_is_read_ends_with_the_title(fetching, web):
    page = one(fetching, web.url("/endless"))
    assert page["title"] == "endless" and page["bytes"] < 200_000 and page["error"] is None
    page = one(fetching, web.url("/endless/untitled"))
    assert page["title"] is None and page["bytes"] == 1048576 and "1048576 bytes" in page["error"]


def test_what_is_decompressed_is_bounded(fetching, web):
    assert one(fetching, web.url("/gzip/packed"))["title"] == "packed"
    page = one(fetching, web.url("/bomb"))
    assert page["bytes"] == 1048576 and page["title"] is None and "bytes" in page["error"]


def test_what_is_compressed_twice_is_refused(fetching, web):
    """A few layers make gigabytes of a kilobyte, and would hold up all others."""
    body = b"<title>a</title>"
    for _ in range(3):
        body = gzip.compress(body)
    for number, headers in enumerate(({"Content-Encoding": "gzip, gzip, gzip"}, {"Transfer-Encoding": "gzip, gzip"})):
        web.answers[f"/twice/{number}"] = [(200, headers, body)]
        page = one(fetching, web.url(f"/twice/{number}"))
        assert page["title"] is None and "more than once" in page["error"]


def test_a_host_that_wants_to_be_left_alone_for_ever(fetching, web):
    web.answers["/ever"] = [(429, {"Retry-After": "9" * 30}, b"")]
    assert one(fetching, web.url("/ever", "127.0.0.10"))["status"] == 429
    assert "left alone" in one(fetching, web.url("/page/other", "127.0.0.10"))["error"]


def test_long_redirects_are_not_kept(serve, atlas_database, web, is_slow):
    service = serve(*ALLOW, "--fetch-host-connections", 100, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    for number in range(10):
        where = web.url(f"/long/{number + 1}" if number < 9 else "/page/end") + "?" + "x" * 8000
        web.answers[f"/long/{number}" + ("?" + "x" * 8000 if number else "")] = [(302, {"Location": where}, b"")]
    pages = lines(ask(service, [web.url("/long/0")] * (50 if is_slow else 300), concurrency=100))
    assert all(page["final_url"].startswith(web.url("/page/end?x")) for page in pages)
    with open(f"/proc/{service.process.pid}/status") as status:
        most_kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert is_slow or most_kib < 64 * 1024, most_kib


def test_pages_that_are_no_html_have_no_title(fetching, web):
    web.answers["/image"] = [(200, {"Content-Type": "image/png"}, b"<title>no</title>")]
    page = one(fetching, web.url("/image"))
    assert page["status"] == 200 and page["title"] is None and page["error"] is None
    web.answers["/gone"] = [(404, {}, b"<title>Not here</title>")]
    page = one(fetching, web.url("/gone"))
    assert page["status"] == 404 and page["title"] == "Not here" and page["error"] is None


def test_charsets(fetching, web):
    web.answers["/latin"] = [(200, {"Content-Type": "text/html; charset=iso-8859-1"}, "<title>Größe</title>".encode("latin1"))]
    web.answers["/meta"] = [(200, {"Content-Type": "text/html"}, "<meta charset=koi8-r><title>Привет</title>".encode("koi8-r"))]
    web.answers["/reference"] = [(200, {}, b"<title>\n a &amp; b\t&#x20AC; </title>")]
    assert one(fetching, web.url("/latin"))["title"] == "Größe"
    assert one(fetching, web.url("/meta"))["title"] == "Привет"
    assert one(fetching, web.url("/reference"))["title"] == "a & b €"


def test_connections_are_used_again(fetching, web):
    urls = [web.url(f"/page/{number}", "127.0.0.9") for number in range(20)]
    assert len(titles(fetching, urls, sequential=True)) == 20
    assert web.connections <= 3


def test_time_is_bounded(serve, atlas_database, web):
    service = serve(*ALLOW, "--fetch-silence-timeout-ms", 300, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    page = one(service, web.url("/silent"))
    assert page["status"] is None and "silent for 300 ms" in page["error"]
    service = serve(*ALLOW, "--fetch-timeout-ms", 300, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    page = one(service, web.url("/wait/2000/late"))
    assert page["status"] is None and "time was over" in page["error"]


def test_a_certificate_that_nobody_vouches_for(fetching, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key",
                    "-out", tmp_path / "certificate"], check=True, capture_output=True, timeout=60)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    server = Web(tls)
    try:
        url = f"https://127.0.0.1:{server.port}/page/a"
        page = one(fetching, url)
        assert page["status"] is None and page["title"] is None and "certificate" in page["error"]
        assert server.seen == []
    finally:
        server.close()


def test_hosts_that_are_not_there(fetching):
    page = one(fetching, "http://127.0.0.1:1/")
    assert page["status"] is None and "cannot be connected to" in page["error"]
    assert "resolved" in one(fetching, "http://does-not-exist.invalid/")["error"]


DENIED = [
    "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::1]/",
    "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
    "http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/",
    "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://2852039166/", "http://[::]/", "http://224.0.0.1/",
]


def test_nothing_inside_is_reached_unless_it_is_opened(atlas, web):
    pages = titles(atlas, DENIED + [web.url("/page/a")])
    assert len(pages) == len(DENIED) + 1
    for url, page in pages.items():
        assert page["status"] is None and page["title"] is None, page
        assert "not public" in page["error"] or "cannot be connected" in page["error"], page
    assert web.seen == [] and web.connections == 0


def test_whether_a_name_inside_exists_is_not_told(serve, atlas_database, web):
    """Neither its address, nor, by other words or times, that it has one: "localhost" has, the other has not."""
    service = serve("--fetch-allow", f"127.0.0.1:{web.port}", "--log-level", "debug", endpoints=ATLAS_ENDPOINTS,
                    url=atlas_database)
    web.answers["/localhost"] = [(302, {"Location": "http://localhost/"}, b"")]
    web.answers["/nowhere"] = [(302, {"Location": "http://nowhere.invalid/"}, b"")]
    for there, gone in (("http://localhost/", "http://nowhere.invalid/"), ("http://localhost:22/", "http://nowhere.invalid:22/"),
                        ("https://localhost/", "https://nowhere.invalid/"), (web.url("/localhost"), web.url("/nowhere"))):
        for _ in range(2):  # robots.txt is asked for once
            inside, missing = one(service, there), one(service, gone)
            assert "127.0.0.1" not in inside["error"] and "::1" not in inside["error"], inside
            assert inside["error"].replace("localhost", "nowhere.invalid") == missing["error"]
            assert (inside["status"], inside["bytes"]) == (missing["status"], missing["bytes"])
            if there.startswith("http://localhost"):
                assert [inside[name] for name in TIMES] == [missing[name] for name in TIMES] == [0, 0, 0, 0]
    # the operator is told
    assert service.log_contains("address 127.0.0.1, port 80, is not one to fetch from") or service.log_contains("address ::1, port 80")


def test_no_words_of_libcurl_are_repeated(fetching, web):
    web.answers["/odd"] = [(200, {"Content-Encoding": "gzip"}, b"no gzip")]
    assert "compression" in one(fetching, web.url("/odd"))["error"]
    assert "no TLS connection" in one(fetching, web.url("/page/a").replace("http:", "https:"))["error"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            said = pool.submit(say_once, other, b"SSH-2.0-OpenSSH_9.2p1\r\n")
            assert "the answer is not HTTP" in one(fetching, f"http://127.0.0.1:{other.getsockname()[1]}/")["error"]
            said.result()


def say_once(server, words):
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(words)


def test_a_redirect_does_not_lead_inside(serve, atlas_database, web):
    service = serve("--fetch-allow", f"127.0.0.1:{web.port}", endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    web.answers["/inside"] = [(302, {"Location": web.url("/page/secret", "127.0.0.2")}, b"")]
    page = one(service, web.url("/inside"))
    assert page["title"] is None and "127.0.0.2" in page["error"] and "not public" in page["error"]
    web.answers["/robots.txt"] = [(302, {"Location": web.url("/page/secret", "127.0.0.2")}, b"")]
    assert web.paths("127.0.0.2") == []


REFUSED = [
    ({"urls": []}, ("urls", "1 to 1000")),
    ({"urls": ["ftp://example.org/"]}, ("urls", "element 1", "http")),
    ({"urls": ["http://example.org/", "not a url"]}, ("element 2", "space")),
    ({"urls": ["http://example.org/", "x"]}, ("element 2", "absolute")),
    ({"urls": ["http://me:secret@example.org/"]}, ("element 1", "user")),
    ({"urls": ["http://example.org/" + "x" * 8200]}, ("element 1", "8192")),
    ({"urls": [None]}, ("element 1",)),
    ({"urls": [["http://example.org/"]]}, ("element 1",)),
    ({"urls": "http://example.org/"}, ("urls",)),
    ({"urls": ["http://example.org/"] * 1001}, ("more than 1000",)),
    ({}, ("urls",)),
    ({"urls": ["http://example.org/"], "concurrency": 0}, ("concurrency", "1 to 100")),
    ({"urls": ["http://example.org/"], "concurrency": 101}, ("concurrency", "1 to 100")),
    ({"urls": ["http://example.org/"], "rate": 0}, ("rate", "0.1 to 1000")),
    ({"urls": ["http://example.org/"], "rate": -1}, ("rate",)),
    ({"urls": ["http://example.org/"], "sequential": None}, ("sequential",)),
    ({"urls": ["http://example.org/"], "speed": 1}, ("speed",)),
]


@pytest.mark.parametrize("body, words", REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_is_refused(atlas, body, words):
    response = atlas.request("POST", "/titles", json.dumps(body), {"Content-Type": "application/json"})
    assert_problem(response, 400, *words)


@pytest.mark.skipif(len(MODES) < 2, reason="needs two modes to compare")
def test_all_modes_answer_the_same_bytes(atlas_database, web):
    """But for the times, which are no two times the same."""
    urls = [web.url(path) for path in ("/page/a", "/hop/1", "/gone", "/gzip/b")] + ["http://10.0.0.1/", "http://x.invalid/"]
    seen = []
    for mode in MODES:
        with Service(atlas_database, ATLAS_ENDPOINTS, mode, *ALLOW) as service:
            pages = lines(ask(service, urls, sequential=True))
            seen.append([{**page, **dict.fromkeys(TIMES)} for page in pages])
    assert all(each == seen[0] for each in seen)


def test_more_requests_than_may_fetch_are_refused(serve, atlas_database, web):
    service = serve(*ALLOW, "--fetch-requests", 1, "--threads", 4, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    if service.mode == "sync":
        pytest.skip("one after another anyway")
    body = json.dumps({"urls": [web.url("/wait/1500/a")]})
    with service.connect() as connection:
        connection.send(f"POST /titles HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        assert wait_until(lambda: "/wait/1500/a" in web.paths())
        assert_problem(ask(service, [web.url("/page/b")]), 503, "fetch_requests")
    # its client has left: what was under way for it is over soon
    assert wait_until(lambda: ask(service, [web.url("/page/b")]).status == 200)


def test_the_deadline_ends_what_is_left_and_nothing_is_lost(serve, atlas_database, web, tmp_path):
    text = (ATLAS_ENDPOINTS / "beyond.sql").read_text().replace("-- timeout: 60s", "-- timeout: 700ms")
    (tmp_path / "beyond.sql").write_text(text)
    service = serve(*ALLOW, endpoints=tmp_path, url=atlas_database)
    urls = [web.url(f"/wait/{ms}/x") for ms in (0, 5000, 5001)]
    pages = titles(service, urls)
    assert pages[urls[0]]["title"] == "0/x"
    assert all("deadline" in pages[url]["error"] for url in urls[1:])
    pages = lines(ask(service, urls[1:], sequential=True))
    assert [page["url"] for page in pages] == urls[1:] and all("deadline" in page["error"] for page in pages)


def test_a_thousand_at_once_in_little_memory(serve, atlas_database, web, is_slow):
    service = serve(*ALLOW, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    urls = [web.url(f"/page/{number}", f"127.0.1.{1 + number % 20}") for number in range(1000)]
    pages = titles(service, urls, concurrency=100)
    assert len(pages) == 1000
    assert all(page["title"] == url.rsplit("/", 1)[1] for url, page in pages.items())
    with open(f"/proc/{service.process.pid}/status") as status:
        most_kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print("most resident:", most_kib, "KiB")
    assert is_slow or most_kib < 64 * 1024


def test_the_service_ends_while_pages_are_fetched(serve, atlas_database, web):
    service = serve(*ALLOW, endpoints=ATLAS_ENDPOINTS, url=atlas_database)
    assert one(service, web.url("/page/a"))["title"] == "a"
    os.kill(service.process.pid, 15)
    service.is_terminated = True
    assert service.wait_for_exit() == 0


def test_a_wrong_list_of_addresses_stops_the_start(atlas_database):
    done = run("check", "--endpoints", ATLAS_ENDPOINTS, "--database", atlas_database, "--fetch-allow", "10.0.0.0/33")
    assert done.returncode == 1 and "fetch_allow" in done.stderr and "10.0.0.0/33" in done.stderr
