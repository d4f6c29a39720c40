"""What is sent is what was asked for: headers, lengths, redirects."""

import pytest


def asked_of(meantime_load, truth, *words, path="/status/200", expect=0):
    run = meantime_load("run", "-c1", "--requests", 2, *words, truth.url + path, expect=expect)
    return run, truth.asked()


def test_the_host_can_be_given(meantime_load, truth):
    _, asked = asked_of(meantime_load, truth, "-H", "Host: shop.example")
    assert [line[3] for line in asked] == ["shop.example"] * 2


def test_two_hosts_are_refused(meantime_load, truth):
    run = meantime_load("run", "-H", "Host: a", "-H", "host: b", truth.url, outputs=False, expect=2)
    assert "Host is given twice" in run.said


@pytest.mark.parametrize("method,length", [("POST", "0"), ("PUT", "0"), ("PATCH", "0"), ("GET", ""), ("DELETE", "")])
def test_a_method_that_has_a_body_says_when_there_is_none(meantime_load, truth, method, length):
    _, asked = asked_of(meantime_load, truth, "-X", method)
    assert [(line[0].split()[0], line[4]) for line in asked] == [(method, length)] * 2


# redirects


@pytest.mark.parametrize("path", ["redirect", "redirect-close"])
def test_redirects_are_followed(meantime_load, truth, path):
    """Three hops to the answer; the times are of all of them."""
    run, asked = asked_of(meantime_load, truth, "--follow", 3, path=f"/{path}/302/3")
    assert [line[0] for line in asked] == [f"GET /{path}/302/{n}" for n in (3, 2, 1, 0)] * 2
    assert run.load["requests"] == 2 and run.load["statuses"] == {"200": 2}
    assert [row["redirects"] for row in run.rows] == [3, 3]
    assert all(row["sent_ns"] < row["first_ns"] <= row["done_ns"] for row in run.rows)
    assert run.load["self_check"]["little_residual"] < 0.01


def test_no_more_redirects_than_allowed(meantime_load, truth):
    run, asked = asked_of(meantime_load, truth, "--follow", 2, path="/redirect/302/3")
    assert len(asked) == 6 and run.load["statuses"] == {"302": 2}


@pytest.mark.parametrize("words", [[], ["--follow", 5]])
def test_a_redirect_to_another_host_is_not_followed(meantime_load, truth, words):
    run, asked = asked_of(meantime_load, truth, *words, path="/redirect-away")
    assert len(asked) == 2 and run.load["statuses"] == {"302": 2}


@pytest.mark.parametrize("status,method,body", [(303, "GET", ""), (302, "GET", ""), (301, "GET", ""), (307, "POST", "x"),
                                                (308, "POST", "x")])
def test_what_a_redirect_makes_of_a_post(meantime_load, truth, status, method, body):
    _, asked = asked_of(meantime_load, truth, "--body", "x", "-H", "X-Mark: {n}", "--follow", 5, path=f"/redirect/{status}/2")
    assert [(line[0].split()[0], line[2]) for line in asked] == [("POST", "x"), (method, body), (method, body)] * 2
    assert all(line[4] == ("1" if line[2] else "") for line in asked)


def test_redirects_without_keep_alive(meantime_load, truth):
    run, asked = asked_of(meantime_load, truth, "--follow", 1, "--no-keep-alive", path="/redirect/302/1")
    assert len(asked) == 4 and run.load["statuses"] == {"200": 2}
    assert run.load["self_check"]["reconnects"] == 0  # as asked for


def test_redirects_in_an_open_loop(meantime_load, truth):
    run = meantime_load("run", "--rate", 100, "-d", 0.5, "--warmup", 0, "--follow", 1, f"{truth.url}/redirect/302/1",
                        expect=None)
    assert run.load["statuses"] == {"200": 50} and len(truth.asked()) == 100
    lateness = max(row["sent_ns"] - row["intended_ns"] for row in run.rows) / 1e3
    assert run.load["self_check"]["lateness"]["max_us"] <= lateness * 1.07 + 1  # of the first sending


def test_to_follow_and_to_pipeline_do_not_go_together(meantime_load):
    run = meantime_load("run", "--follow", 1, "--pipeline", 2, "http://127.0.0.1:1/", outputs=False, expect=2)
    assert "--follow" in run.said
