"""Files of a folder at paths that no endpoint has: --files."""

import gzip
import os
import re
import signal

import pytest

from lib import http_client
from lib.service import ROOT, assert_problem, run, wait_until
from lib.site import LARGE_BYTES, PAST, PAST_DATE, ask, pattern, put
from lib.tokens import SECRET, bearer, token


def test_files_and_endpoints(serve_site):
    service = serve_site()
    home = ask(service, "/")
    assert (home.status, home.body) == (200, b"<!doctype html><title>Home</title>")
    assert home.header("content-type") == "text/html; charset=utf-8"
    assert home.header("cache-control") == "no-cache"
    assert home.header("accept-ranges") == "bytes"
    assert home.header("last-modified") == PAST_DATE
    assert ask(service, "/index.html").body == home.body
    assert ask(service, "/sub/").body == b"<p>sub"
    assert ask(service, "/a%20b/gr%C3%BC%C3%9Fe.txt").body == b"hello"
    assert ask(service, "/bare/file.bin").header("content-type") == "application/octet-stream"
    assert ask(service, "/empty.css").body == b""
    assert ask(service, "/large.bin").body == pattern(LARGE_BYTES)
    assert ask(service, "/.well-known/security.txt").status == 200
    assert service.get("/api/one").json == {"one": 1}
    assert service.get("/openapi.json").status == 200
    assert service.metric('requests_total{route="files",status="2xx"}') >= 8


def test_a_path_with_an_endpoint_is_the_endpoints(serve_site):
    service = serve_site()
    assert_problem(ask(service, "/written.txt"), 405)
    assert service.request("POST", "/written.txt").json == {"two": 2}
    assert_problem(ask(service, "/app.js", "POST"), 404, "no endpoint has the path /app.js")


def test_names_that_are_not_served(serve_site, site):
    service = serve_site()
    os.mkfifo(site / "fifo")
    for path in ("/none", "/.env", "/.git/config", "/sub/none", "/app.js/", "/app.js/x", "/bare", "/bare/", "//", "//app.js",
                 "/sub//index.html", "/fifo", "/a%2Fb", "/bare%2Ffile.bin", "/" + "a" * 300, "/" + "a/" * 40 + "b"):
        assert_problem(ask(service, path), 404, "no endpoint and no file" if path.count("/") < 40 else "no endpoint")
    assert_problem(ask(service, "/%FF"), 400)
    assert_problem(ask(service, "/a%00"), 400)


def test_no_way_out(serve_site, site):
    (site / "out").symlink_to("../outside.txt")
    (site / "absolute").symlink_to(site.parent / "outside.txt")
    (site / "up").symlink_to("..")
    (site / "root").symlink_to("/proc/self/root")
    (site / "inside").symlink_to("sub/index.html")
    service = serve_site()
    for path in ("/../outside.txt", "/sub/../../outside.txt", "/%2e%2e/outside.txt", "/sub/%2E./../outside.txt", "/.",
                 "/sub/.."):
        assert_problem(ask(service, path), 400, "segment")
    for path in ("/..%2foutside.txt", "/%2Fetc%2Fpasswd", "//etc/passwd", "/out", "/absolute", "/up/outside.txt",
                 "/root/etc/passwd", "/..%5Coutside.txt"):
        assert_problem(ask(service, path), 404)
    assert ask(service, "/inside").body == b"<p>sub"
    # what stands for a folder meanwhile leads nowhere else
    (site / "sub").rename(site.parent / "moved")
    (site / "sub").symlink_to("../moved")
    assert_problem(ask(service, "/sub/index.html"), 404)


@pytest.mark.parametrize("path, location", [
    ("/sub", "./sub/"), ("/sub?a=1&b=//x", "./sub/?a=1&b=//x"), ("/%73ub", "./sub/"), ("/deep/a:b", "./a%3ab/"),
    ("/%5Chost", "./%5chost/"),
])
def test_a_folder_is_redirected_to_its_slash(serve_site, site, path, location):
    put(site, "deep/a:b/index.html", "a:b")
    put(site, "\\host/index.html", "host")
    service = serve_site()
    for method in ("GET", "HEAD"):
        response = ask(service, path, method)
        assert (response.status, response.header("location"), response.body) == (308, location, b"")
    assert_problem(ask(service, "//host"), 404)


def test_head_is_as_get(serve_site):
    service = serve_site()
    for path in ("/", "/large.bin", "/empty.css", "/none"):
        got, head = ask(service, path), ask(service, path, "HEAD")
        assert head.body == b"" and head.status == got.status
        differ = ("date", "server-timing")
        assert [each for each in head.headers if each[0] not in differ] == [each for each in got.headers if each[0] not in differ]
    # a Range line has no meaning there
    assert ask(service, "/large.bin", "HEAD", Range="bytes=0-9").status == 200


@pytest.mark.parametrize("range_line, first, end", [
    ("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), ("bytes=-5", LARGE_BYTES - 5, LARGE_BYTES),
    ("bytes=65530-65545", 65530, 65546), ("bytes=100000-", 100000, LARGE_BYTES), ("bytes=0-999999999", 0, LARGE_BYTES),
])
def test_a_range(serve_site, range_line, first, end):
    response = ask(serve_site(), "/large.bin", Range=range_line)
    assert response.status == 206
    assert response.header("content-range") == f"bytes {first}-{end - 1}/{LARGE_BYTES}"
    assert response.body == pattern(LARGE_BYTES)[first:end]


def test_other_ranges(serve_site):
    service = serve_site()
    for line in ("bytes=1-2,4-5", "bytes=", "items=0-1", "bytes=5-4", "bytes=x-"):
        response = ask(service, "/large.bin", Range=line)
        assert (response.status, len(response.body), response.header("content-range")) == (200, LARGE_BYTES, None)
    for path, line in (("/large.bin", f"bytes={LARGE_BYTES}-"), ("/large.bin", "bytes=-0"), ("/empty.css", "bytes=0-")):
        response = ask(service, path, Range=line)
        assert_problem(response, 416)
        assert response.header("content-range") == f"bytes */{LARGE_BYTES if path == '/large.bin' else 0}"


def test_conditions(serve_site):
    service = serve_site()
    tag = ask(service, "/app.js").header("etag")
    assert re.fullmatch(r'"[0-9a-f.-]+"', tag)
    for headers in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_None_Match": "*"},
                    {"If_Modified_Since": PAST_DATE}, {"If_None_Match": tag, "Range": "bytes=9999-"}):
        response = ask(service, "/app.js", **headers)
        assert (response.status, response.header("etag"), response.body) == (304, tag, b"")
        assert response.header("cache-control") == "no-cache"
    for headers in ({"If_None_Match": '"x"'}, {"If_Match": tag}, {"If_Modified_Since": "Tue, 14 Nov 2023 22:13:19 GMT"},
                    {"If_None_Match": '"x"', "If_Modified_Since": PAST_DATE}, {"If_Unmodified_Since": PAST_DATE}):
        assert ask(service, "/app.js", **headers).status == 200
    for headers in ({"If_Match": '"x"'}, {"If_Match": f"W/{tag}"},
                    {"If_Unmodified_Since": "Tue, 14 Nov 2023 22:13:19 GMT"}):
        assert_problem(ask(service, "/app.js", **headers), 412)
    for if_range, status in ((tag, 206), (PAST_DATE, 206), ('"x"', 200), (f"W/{tag}", 200),
                             ("Tue, 14 Nov 2023 22:13:21 GMT", 200), ("", 200)):
        assert ask(service, "/app.js", Range="bytes=0-3", If_Range=if_range).status == status, if_range


def test_a_file_that_was_just_written_has_no_tag(serve_site, site):
    service = serve_site()
    (site / "fresh.txt").write_text("fresh")
    os.utime(site / "fresh.txt")
    fresh = ask(service, "/fresh.txt")
    if fresh.header("etag") is None:  # else the machine stood still meanwhile
        assert fresh.header("last-modified") is None
        assert ask(service, "/fresh.txt", Range="bytes=0-1", If_Range=PAST_DATE).status == 200
    assert wait_until(lambda: ask(service, "/fresh.txt").header("etag") is not None)
    # a change is seen
    before = ask(service, "/fresh.txt").header("etag")
    put(site, "fresh.txt", "other")
    assert ask(service, "/fresh.txt", If_None_Match=before).body == b"other"


def test_siblings_in_a_coding(serve_site, site):
    plain = (site / "app.js").read_bytes()
    packed = gzip.compress(plain)
    put(site, "app.js.gz", packed)
    put(site, "app.js.br", b"not looked into")
    put(site, "index.html.gz", b"made of an older one", PAST - 1)
    put(site, "alone.txt.gz", b"alone")
    service = serve_site()
    asked = {}
    for accepted, coding, body in (
            (None, None, plain), ("gzip", "gzip", packed), ("gzip, br", "br", b"not looked into"),
            ("br;q=0.5, gzip", "gzip", packed), ("identity, gzip;q=0.5", None, plain), ("gzip;q=0", None, plain)):
        response = ask(service, "/app.js", **({"Accept_Encoding": accepted} if accepted else {}))
        assert (response.header("content-encoding"), response.body) == (coding, body), accepted
        assert response.header("content-type") == "text/javascript; charset=utf-8"
        asked[coding] = response.header("etag")
    assert len(set(asked.values())) == 3
    assert ask(service, "/app.js", Accept_Encoding="gzip", If_None_Match=asked["gzip"]).status == 304
    assert ask(service, "/app.js", Accept_Encoding="gzip", If_None_Match=asked[None]).status == 200
    part = ask(service, "/app.js", Accept_Encoding="gzip", Range="bytes=2-5")
    assert (part.status, part.header("content-encoding"), part.body) == (206, "gzip", packed[2:6])
    assert ask(service, "/", Accept_Encoding="gzip").header("content-encoding") is None
    assert_problem(ask(service, "/alone.txt", Accept_Encoding="gzip"), 404)
    # no coding is made on the way
    assert ask(service, "/large.bin", Accept_Encoding="gzip").body == pattern(LARGE_BYTES)


def test_with_keys_an_identity_is_needed(serve_site, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    closed = serve_site("--jwt-keys", tmp_path / "secret")
    assert_problem(ask(closed, "/app.js"), 401)
    assert_problem(ask(closed, "/none"), 401)
    response = http_client.request(closed.address, "GET", "/app.js", headers=bearer(token(role="any", exp=4_000_000_000)))
    assert response.status == 200


def test_with_keys_files_may_be_public(serve_site, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    service = serve_site("--jwt-keys", tmp_path / "secret", "--files-public", "on")
    assert ask(service, "/app.js").status == 200
    assert_problem(service.get("/api/one"), 401)


def test_headers_are_options(serve_site):
    service = serve_site("--files-cache-control", "max-age=60", "--files-policy", "default-src 'self' https://cdn.example")
    response = http_client.request(service.address, "GET", "/app.js")
    assert response.header("cache-control") == "max-age=60"
    assert response.header("content-security-policy") == "default-src 'self' https://cdn.example"
    bare = serve_site("--files-cache-control", "", "--files-policy", "")
    response = http_client.request(bare.address, "GET", "/app.js")
    assert response.header("cache-control") is None and response.header("content-security-policy") is None


def test_a_reload_opens_the_folder_again(serve, site, tmp_path):
    (tmp_path / "current").symlink_to("site")
    put(tmp_path / "next", "index.html", "next")
    service = serve("--files", tmp_path / "current")
    assert b"Home" in ask(service, "/").body
    (tmp_path / "link").symlink_to("next")
    (tmp_path / "link").rename(tmp_path / "current")
    assert b"Home" in ask(service, "/").body
    service.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: ask(service, "/").body == b"next")
    (tmp_path / "current").unlink()
    service.process.send_signal(signal.SIGHUP)
    assert service.log_contains("files: the folder")
    assert service.log_contains("the reload is refused")
    assert ask(service, "/").body == b"next"


# Without a mode: commands

def check(database, folder, *options):
    return run("check", "--database", database, "--endpoints", ROOT / "docs/examples/page/endpoints", "--files", folder, *options)


def test_check(database, site):
    done = check(database, site)
    assert done.returncode == 0 and "files" not in done.stderr
    (site / "out").symlink_to("/etc/passwd")
    os.mkfifo(site / "sub/fifo")
    done = check(database, site)
    assert done.returncode == 0
    assert "meantime: warning: files: out is not served: leads out of the folder\n" in done.stderr
    assert "meantime: warning: files: sub/fifo is not served: is no regular file\n" in done.stderr
    (site / os.fsdecode(b"l\xe4tin")).touch()
    done = check(database, site, "--max-files", "1")
    assert "meantime: warning: files: l?tin is not served: has a name that is not UTF-8\n" in done.stderr
    assert done.stderr.count("warning: files:") == 3


def test_a_folder_that_is_none(database, site):
    for folder, why in ((site / "none", "No such file or directory"), (site / "app.js", "Not a directory")):
        done = check(database, folder)
        assert done.returncode == 1
        assert f'--files: files: the folder "{folder}" cannot be opened: {why}' in done.stderr


@pytest.mark.parametrize("option", ["--files-policy", "--files-cache-control"])
def test_a_header_that_is_none(database, site, option):
    done = check(database, site, option, "a\r\nb: c")
    assert done.returncode == 1 and "holds a byte that a header line cannot have" in done.stderr


# The example of docs/files.md

def test_a_page_and_its_api_from_one_program(serve):
    example = ROOT / "docs/examples/page"
    service = serve("--files", example / "files", endpoints=example / "endpoints")
    page = ask(service, "/").body.decode()
    for name in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert ask(service, f"/{name}").status == 200
    script = ask(service, "/page.js")
    assert script.header("content-type") == "text/javascript; charset=utf-8"
    path = re.search(r'fetch\("([^"]+)"\)', script.body.decode())[1]
    assert [moon["name"] for moon in service.get(f"/{path}").json] == ["Europa", "Io", "Callisto", "Ganymede"]
