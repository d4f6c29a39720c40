"""docker/notebook.yml: the notebook in place of the atlas, with a secret that is made at the first start."""

import http.client
import json

import pytest

from conftest import PROJECT, ROOT, Project, compose_commands, wait_until


class Notebook(Project):
    def compose(self, *arguments, **more):
        return super().compose("-f", ROOT / "docker/notebook.yml", *arguments, **more)

    def ask(self, method, path, token, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read()

    def is_answering(self):
        answer = self.request("GET", "/about", timeout_s=2)
        return answer is not None and answer.status == 200


@pytest.fixture
def notebook(images):
    project = Notebook(compose_commands()[0], f"{PROJECT}-notebook")
    project.compose("up", "-d")
    yield project
    project.remove()


def test_the_notebook(notebook):
    assert wait_until(notebook.is_answering, 120)

    def token(name, role):
        return notebook.compose("run", "--rm", "token", f"sub={name}", f"role={role}", "exp=1h").stdout.strip()

    zoe, max_ = token("zoe", "notebook_writer"), token("max", "notebook_writer")
    assert notebook.ask("POST", "/notes", zoe, {"body": "for zoe"})[0] == 201
    status, body = notebook.ask("GET", "/notes", zoe)
    assert status == 200 and [note["body"] for note in json.loads(body)] == ["for zoe"]
    assert notebook.ask("GET", "/notes", max_) == (200, b"[]")
    assert notebook.ask("GET", "/notes", None)[0] == 401
    assert notebook.ask("GET", "/countries/DE", zoe)[0] == 404
