"""What the pages show, word for word: their endpoints are served, and a command answers as printed."""

import json
import re

from lib import http_client
from lib.service import ROOT, Service, assert_problem, wait_until


def read(page):
    return (ROOT / page).read_text()


def sql_of(text, folder):
    """Without the block about versions: no table of the atlas has one."""
    blocks = re.findall(r"^```sql\n(.*?)^```", text, re.S | re.M)
    for number, block in enumerate(each for each in blocks if "version = :version" not in each):
        (folder / f"{number}.sql").write_text(block)
    return folder


def test_the_endpoint_of_readme_and_its_error(mode, atlas_database, tmp_path):
    section = re.search(r"^## An endpoint\n(.*?)^## ", read("README.md"), re.S | re.M)[1]
    command, printed = re.search(r"^```console\n\$ curl (.*?)\n(.*?)\n```", section, re.S | re.M).groups()
    path, header, body = re.fullmatch(r"-w '\\n' localhost:8080(\S+) -H '(.*?)' -d '(.*)'", command).groups()
    headers = [tuple(header.split(": "))]
    with Service(atlas_database, sql_of(section, tmp_path), mode) as service:
        answer = service.request("POST", path, body.encode(), headers)
        assert answer.body.decode() == printed
        assert answer.status == json.loads(printed)["status"]
        good = service.request("POST", path, body.replace("XX", "DE").encode(), headers)
        assert good.status == 201 and good.json["country"] == "DE", good.body


def test_the_endpoints_of_their_page(mode, atlas_database, tmp_path):
    with Service(atlas_database, sql_of(read("docs/endpoints.md"), tmp_path), mode) as service:
        assert service.get("/countries/de").json == {"code": "DE", "name": "Germany", "numeric": "276"}
        page = service.get("/countries/at/page")
        assert page.body.decode() == re.search(r"^```json\n(\{\"country\".*)\n```", read("docs/endpoints.md"), re.M)[1]
        assert page.header("meantime-truncated") == "subdivisions; max-rows=1"
        note = service.request("POST", "/notes", {"country": "LI", "body": "moves"}).json["id"]
        assert_problem(service.request("POST", "/countries/li/notes/move", {"to": "XX"}), 404)
        moved = service.request("POST", "/countries/li/notes/move", {"to": "lu"})
        assert {"id": note, "country": "LU", "body": "moves"} in moved.json
        copy = service.request("POST", f"/notes/{note}/copy")
        assert copy.status == 201 and copy.json["body"] == "Copy of moves" and copy.json["id"] > note
        assert_problem(service.request("POST", "/notes/0/copy"), 404)


def test_the_kept_answers_of_their_page(mode, atlas_database, postgres, tmp_path):
    page = read("docs/endpoints.md")
    trigger = re.search(r"^```plpgsql\n(.*?)^```", page, re.S | re.M)[1]
    postgres.execute(trigger, "atlas")
    with Service(atlas_database, sql_of(page, tmp_path), mode, "--admin", "127.0.0.1:0") as service:
        assert wait_until(lambda: service.metric("cache_listening") == 1)
        first, second = (service.get("/countries/fr/kept-notes") for _ in range(2))
        assert first.header("cache-status").removeprefix("meantime; ") == "fwd=miss; stored; ttl=10"
        assert "`fwd=miss; stored; ttl=10`" in page
        assert (second.header("cache-status").startswith("meantime; hit; ttl="), second.body) == (True, first.body)
        assert service.request("POST", "/notes", {"country": "FR", "body": "kept"}).status == 201
        assert wait_until(lambda: "kept" in service.get("/countries/fr/kept-notes").body.decode(), 5)
    postgres.execute("DROP FUNCTION forget_notes() CASCADE", "atlas")


def test_the_commands_of_their_page(mode, atlas_database, tmp_path):
    """Each console block is one command and what it prints."""
    page = read("docs/endpoints.md")
    blocks = [re.fullmatch(r"(\S+)((?:[^\n]*\\\n)*[^\n]*)\n(.*)", block, re.S).groups()
              for block in re.findall(r"^```console\n\$ curl (.*?)^```", page, re.S | re.M)]
    assert blocks
    with Service(atlas_database, sql_of(page, tmp_path), mode) as service:
        for url, rest, printed in blocks:
            headers = [tuple(each.split(": ")) for each in re.findall(r"-H '(.*?)'", rest)]
            body = re.search(r"--data-binary \$'(.*)'", rest)
            answer = service.request("POST" if body else "GET", url.removeprefix("localhost:8080"),
                                     body[1].replace("\\n", "\n") if body else None, dict(headers))
            behind = "\n" if "-w '\\n'" in rest else ""
            assert answer.body.decode().replace("\r\n", "\n") + behind == printed


def test_every_metric_is_on_the_page(mode, atlas_database):
    documented = set(re.findall(r"^\| `(meantime_[a-z_]+)` \|", read("docs/operations.md"), re.M))
    with Service(atlas_database, ROOT / "config/endpoints", mode, "--admin", "127.0.0.1:0") as service:
        text = http_client.request(service.admin_address, "GET", "/metrics").body.decode()
    said = set(re.findall(r"^# HELP (\S+)", text, re.M))
    assert said and said == documented
