"""The same requests, good and bad, to all modes: status, type and body are the same bytes."""

import pytest

from conftest import MODES, TEST_ENDPOINTS
from lib.service import Service

JSON = {"Content-Type": "application/json"}
REQUESTS = [
    *[("GET", path, None) for path in (
        "/types", "/types/special", "/types/null", "/types/arrays", "/types/texts", "/types/void", "/none",
        "/series/0", "/series/7",
        "/series/1001", "/series-short/5", "/series-short/6", "/large/100000", "/large-rows/900", "/items/0",
        "/items?like=none",
        "/openapi.json", "/nowhere", "/", "/types/", "/numbers/7", "/numbers/10", "/numbers/x",
        "/numbers/9223372036854775808",
        "/other-numbers/7", "/other-numbers/10", "/divide?a=7&b=2", "/divide?a=1&b=0", "/divide?a=1",
        "/divide?a=1&b=2&c=3",
        "/divide?a=1&a=2&b=3", "/divide?a=&b=1", "/defaults?required=x", "/defaults", "/defaults?required=%zz",
        "/path/a%2Fb",
        "/path/%ff", "/path/literal", "/echo/text?value=%C3%A4+%2B", "/echo/ints?value=1&value=2",
        "/echo/mood?value=angry",
        "/echo/date?value=2023-02-29", "/fail/23505", "/fail/42501", "/fail/57014", "/fail/53300", "/fail/XX000",
        "/fail/P0001",
        "/fail-alone/22012", "/cast/abc", "/secret", "/write-by-get/x", "/slow-limited/2000",
        "/slow/20",
        "/stream/0", "/stream/5", "/stream/2000", "/stream-failing/1", "/session", "/items/calls")],
    *[("HEAD", path, None) for path in ("/types", "/nowhere", "/divide?a=1&b=0", "/series-short/6", "/items/accepted")],
    *[("OPTIONS", path, None) for path in ("/types", "/items/1", "/nowhere")],
    *[("GET", path, None, accept) for path in ("/media/rows", "/media/rows/2", "/media/none", "/media/stream/500",
                                               "/types", "/types/arrays", "/series-short/6", "/stream-failing/1")
      for accept in ("text/csv", "application/x-ndjson", "text/html")],
    *[("GET", path, None) for path in ("/answers/image/7", "/answers/image/9", "/answers/page", "/answers/typed",
                                       "/answers/typed?type=a/b", "/answers/headers?text=a%0d%0ab:c",
                                       "/answers/headers?text=x&status=202", "/answers/headers?text=x&status=304")],
    ("POST", "/answers/elsewhere", "{}"),
    *[("POST", path, body) for path in ("/bodies/json", "/bodies/rows", "/bodies/bytes", "/bodies/text")
      for body in ("[]", '[{"a":1}]', '{"a":1}', "[1,", "")],
    ("POST", "/types", "{}"), ("DELETE", "/types", None), ("POST", "/nowhere", "{}"),
    *[("POST", "/echo", body) for body in (
        "{}", '{"int4":1,"text":"ä","json":{"b" : 1},"ints":[1,null]}', '{"int4":"1"}', "{", "[]", '{"colour":1}',
        '{"int4":1,"int4":1}',
        '{"json":' + "[" * 70 + "]" * 70 + "}", '{"text":"\\u0000"}')],
    ("POST", "/items/fixed", '{}'), ("POST", "/items/fixed", '{"name":"x","amount":-1}'), ("POST", "/items", "{}"),
    ("POST", "/items", '{"name":"x","parent":0}'), ("PUT", "/items/0", '{"name":"x"}'), ("DELETE", "/items/0", None),
    ("PATCH", "/items/0", '{"amount":1}'), ("POST", "/fail/23505", "{}"), ("POST", "/fail/57P01", "{}"),
    ("POST", "/session", "{}"),
    ("POST", "/precedence/P?b=Q", '{"b":"B","c":"C"}'),
]
VOLATILE = {"server-timing", "date"}


@pytest.mark.skipif(len(MODES) < 2, reason="needs two modes to compare")
def test_all_modes_answer_the_same_bytes(database):
    services = [Service(database, TEST_ENDPOINTS, mode) for mode in MODES]
    try:
        different = []
        for method, path, body, *accept in REQUESTS:
            headers = {**(JSON if body is not None else {}), **({"Accept": accept[0]} if accept else {})}
            answers = [service.request(method, path, body, headers) for service in services]
            seen = [(answer.status, answer.body, sorted(each for each in answer.headers if each[0] not in VOLATILE))
                    for answer in answers]
            if any(each != seen[0] for each in seen):
                different.append((method, path, dict(zip(MODES, seen))))
        assert not different, "\n".join(map(repr, different))
    finally:
        for service in services:
            service.stop()
