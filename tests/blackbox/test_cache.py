"""Answers that are kept: for how long, of what, and nothing of one request to another that differs from it."""

import re
import time

from lib.cache import cache_url, counted, folder, fresh_tag, start, status_of  # noqa: F401
from lib.service import assert_problem, wait_until


# By time


def test_an_answer_is_kept_and_says_so(start, counted):
    service, tag = start(), fresh_tag()
    first, second = (service.get(f"/things/1?tag={tag}") for _ in range(2))
    assert first.status == second.status == 200
    assert first.body == second.body
    assert first.header("age") is None
    assert re.fullmatch(r"meantime; fwd=miss; stored; ttl=3600", status_of(first))
    assert re.fullmatch(r"\d+", second.header("age"))
    assert re.fullmatch(r"meantime; hit; ttl=3(600|59\d)", status_of(second)), status_of(second)
    assert counted(tag) == 1


def test_parameters_media_types_and_endpoints_are_told_apart(start, counted):
    service, tag = start(), fresh_tag()
    for path in (f"/things?tag={tag}", f"/things/1?tag={tag}", f"/things/2?tag={tag}"):
        for _ in range(2):
            assert service.get(path).status == 200
    csv = [service.get(f"/things?tag={tag}", {"Accept": "text/csv"}) for _ in range(2)]
    assert csv[0].body == csv[1].body == f"id,words,tag\r\n1,one,{tag}\r\n".encode()
    assert "hit" in status_of(csv[1]) and csv[1].header("content-type").startswith("text/csv")
    assert csv[1].header("meantime-truncated") == "max-rows=1"
    assert counted(tag) == 4


def test_an_answer_ends_with_its_time(start, counted):
    service, tag = start(), fresh_tag()
    assert service.get(f"/briefly?tag={tag}").status == 200
    time.sleep(0.01)
    assert status_of(service.get(f"/briefly?tag={tag}")) == "meantime; fwd=miss; stored; ttl=0"
    assert counted(tag) == 2


def test_a_stale_answer_is_asked_for_again(start, counted):
    service, tag = start(), fresh_tag()
    service.get(f"/stale?tag={tag}")
    time.sleep(0.01)
    assert status_of(service.get(f"/stale?tag={tag}")) == "meantime; fwd=stale; stored; ttl=0"
    assert counted(tag) == 2


def test_what_is_wrong_is_not_kept(start, counted):
    service, tag = start(), fresh_tag()
    for _ in range(2):
        missing = service.get(f"/things/7?tag={tag}")
        assert_problem(missing, 404, "nothing found", "7")
        assert status_of(missing) == "meantime; fwd=miss"
        assert status_of(service.get(f"/failing?tag={tag}&n=0")) == "meantime; fwd=miss"
        assert_problem(service.get("/things/x?tag=a"), 400, "id")
        assert_problem(service.get("/things?tag=a", {"Accept": "image/png"}), 406)
    assert counted(tag) == 2


def test_an_answer_that_lacks_a_part_is_not_kept(start, counted):
    service, tag = start(), fresh_tag()
    assert service.get(f"/both?tag={tag}&n=0").header("meantime-missing").startswith("second")
    assert service.get(f"/both?tag={tag}&n=0").json == {"first": {"tag": tag}, "second": None}
    assert counted(tag) == 2
    for _ in range(2):
        assert service.get(f"/both?tag={tag}&n=1").json == {"first": {"tag": tag}, "second": {"n": 1}}
        assert service.get(f"/stepped?tag={tag}").json == [{"id": 1}, {"id": 2}]
    assert counted(tag) == 4


# With the rest of HTTP


def test_head_and_get_share_an_answer(start, counted):
    service, tag = start(), fresh_tag()
    get = service.get(f"/things?tag={tag}")
    head = service.request("HEAD", f"/things?tag={tag}")
    assert "hit" in status_of(head) and head.header("content-length") == str(len(get.body))
    assert counted(tag) == 1


def test_conditions_are_judged_of_a_kept_answer(start, counted):
    service, tag = start(), fresh_tag()
    first = service.get(f"/things?tag={tag}")
    again = service.get(f"/things?tag={tag}", {"If-None-Match": first.header("etag")})
    assert (again.status, again.body) == (304, b"") and "hit" in status_of(again)
    assert service.get(f"/things?tag={tag}").header("etag") == first.header("etag")
    assert service.get(f"/things?tag={tag}", {"If-None-Match": '"x"'}).status == 200
    assert counted(tag) == 1


def test_a_kept_answer_is_coded_for_each_client(start, counted):
    service, tag = start(), fresh_tag()
    plain, gzip, brotli = (service.get(f"/large?tag={tag}", {"Accept-Encoding": coding}) for coding in ("identity", "gzip", "br"))
    assert [each.header("content-encoding") for each in (plain, gzip, brotli)] == [None, "gzip", "br"]
    assert plain.json == gzip.json == brotli.json
    assert gzip.header("etag") == plain.header("etag").rstrip('"') + '-gzip"'
    assert counted(tag) == 1


def test_headers_of_the_answer_are_kept(start, counted):
    service, tag = start(), fresh_tag()
    first, second = (service.get(f"/picture?tag={tag}") for _ in range(2))
    for response in (first, second):
        assert response.header("x-note") == tag
        assert response.header("content-type") == "text/x-picture"
    assert first.body == second.body == b"one"
    dated = [service.get(f"/dated?tag={tag}") for _ in range(2)]
    assert {(each.header("last-modified"), each.header("cache-control")) for each in dated} == {
        ("Fri, 02 Jan 2026 03:04:05 GMT", "max-age=5")}
    assert counted(tag) == 2


def test_what_is_left_of_a_rate_is_the_requests_own(start):
    service, tag = start(), fresh_tag()
    left = [int(re.search(r"r=(\d+)", service.get(f"/limited?tag={tag}").header("ratelimit"))[1]) for _ in range(3)]
    assert left[0] - left[1] == left[1] - left[2] == 1


def test_what_postgresql_is_told_is_part_of_the_key(start, counted):
    service, tag = start(), fresh_tag()
    for agent, colour in (("a", "red"), ("b", "red"), ("a", "blue"), ("a", "red")):
        answer = service.get(f"/asked?tag={tag}", {"User-Agent": agent, "Cookie": f"colour={colour}"}).json
        assert answer == {"tag": tag, "agent": agent, "colour": colour}
    assert service.get(f"/asked?tag={tag}").json == {"tag": tag, "agent": None, "colour": None}
    assert service.get(f"/asked?tag={tag}", {"Cookie": "colour="}).json == {"tag": tag, "agent": None, "colour": ""}
    assert counted(tag) == 5
    for path in (f"/pathed/true?tag={tag}", f"/pathed/on?tag={tag}"):
        assert service.get(path).json["path"] == path.partition("?")[0]
    assert service.request("HEAD", f"/pathed/on?tag={tag}").status == 200
    assert counted(tag) == 8


# Bounds


def test_bytes_are_bounded(start, counted):
    service, tag = start("--cache-bytes", "65536"), fresh_tag()
    for n in range(300):
        service.get(f"/things?tag={tag}-{n}-{'x' * 300}")
    assert wait_until(lambda: service.metric("cache_evictions_total") > 100)
    assert 30000 < service.metric("cache_bytes") <= 65536
    assert "hit" in status_of(service.get(f"/things?tag={tag}-299-{'x' * 300}"))
    assert "miss" in status_of(service.get(f"/things?tag={tag}-0-{'x' * 300}"))
    assert status_of(service.get(f"/large?tag={tag}")) == "meantime; fwd=miss"


def test_without_bytes_nothing_is_kept(start, counted):
    service, tag = start("--cache-bytes", "0"), fresh_tag()
    for _ in range(2):
        assert status_of(service.get(f"/things?tag={tag}")) == "meantime; fwd=miss"
    assert counted(tag) == 2
