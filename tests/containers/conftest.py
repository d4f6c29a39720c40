"""What the tests share: an engine, the images, and one project of docker-compose.yml, brought up from nothing.

They need a Docker engine that answers; scripts/test brings one up where it can. DEB_PACKAGE names the package.
Everything they make has a name of their own, and is removed.
"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROJECT = f"meantime-test-{os.getpid()}"
UP_WITHIN_S = 60
# Nothing of the caller's may decide a test.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(("MEANTIME_", "COMPOSE_", "PG")) and name != "DATABASE_URL"}


def run(*command, check=True, timeout_s=300, **more):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=timeout_s,
                          **{"env": ENVIRONMENT, **more})
    if check:
        assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def docker(*arguments, **more):
    return run("docker", *arguments, **more)


def compose_commands():
    """Those that are here: the plugin, and docker-compose 1.29."""
    found = []
    if docker("compose", "version", check=False).returncode == 0:
        found.append(["docker", "compose"])
    if shutil.which("docker-compose"):
        found.append(["docker-compose"])
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(is_so, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.1)
    return is_so()


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


def request(port, method, path, body=None, timeout_s=20):
    """From outside of the containers. An answer, or None when no server is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return Answer(connection.getresponse())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Project:
    """docker/docker-compose.yml under a name and on a port of our own, its report in `report`."""

    def __init__(self, compose, name=PROJECT, folder=ROOT / "docker"):
        self.name, self.port = name, free_port()
        self.environment = {**ENVIRONMENT, "COMPOSE_PROJECT_NAME": name, "PUBLISH": f"127.0.0.1:{self.port}",
                            "COMPOSE_ANSI": "never", "LOAD_DURATION": "200ms", "LC_ALL": "C.UTF-8"}
        self._compose, self._file = compose, folder / "docker-compose.yml"

    def compose(self, *arguments, **more):
        return run(*self._compose, "-f", self._file, *arguments, env=self.environment, cwd="/", **more)

    def container(self, service):
        """Its id; compose's two generations name containers differently."""
        ids = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={self.name}",
                     "--filter", f"label=com.docker.compose.service={service}").stdout.split()
        assert len(ids) == 1, f"{service}: {ids}"
        return ids[0]

    def inspect(self, service):
        return json.loads(docker("inspect", self.container(service)).stdout)[0]

    def network(self, name):
        return f"{self.name}_{name}"

    def request(self, method, path, body=None, **more):
        return request(self.port, method, path, body, **more)

    def is_answering(self):
        answer = self.request("GET", "/countries/DE", timeout_s=2)
        return answer is not None and answer.status == 200

    def together(self, paths):
        """Requests at once; the answers come by calling what is returned."""
        pool = concurrent.futures.ThreadPoolExecutor(len(paths))
        futures = [pool.submit(self.request, "GET", path) for path in paths]

        def answers():
            found = [future.result() for future in futures]
            pool.shutdown()
            return found

        return answers

    def remove(self):
        self.compose("--profile", "load", "down", "-v", "--remove-orphans", check=False)


def pytest_collection_modifyitems(items):
    if docker("info", check=False).returncode != 0:
        raise pytest.UsageError("no Docker engine answers")
    # what takes the project down and brings it up again comes last
    items.sort(key=lambda item: item.get_closest_marker("disturbs") is not None)


def pytest_configure(config):
    config.addinivalue_line("markers", "disturbs: stops or restarts what the other tests use")


@pytest.fixture(scope="session")
def images():
    """All images, built from this checkout."""
    project = Project(compose_commands()[0])
    project.compose("--profile", "load", "--profile", "wrk", "build", timeout_s=900)
    return project


@pytest.fixture(scope="session")
def project(images):
    """Up from nothing."""
    began = time.monotonic()
    try:
        images.compose("up", "-d")
        assert wait_until(images.is_answering, UP_WITHIN_S), images.compose("logs").stdout[-5000:]
        images.took_s = time.monotonic() - began
        yield images
    finally:
        images.remove()
