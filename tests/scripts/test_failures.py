"""What scripts/test prints of a stage that failed: the failures of all its runs, whichever ended last."""

LOG = """E   AssertionError: not 200
FAILED test_door.py::test_a_key[threads]
1 failed, 9 passed in 2.00s
7: [  FAILED  ] a_quota_counts
WARNING: ThreadSanitizer: data race (pid=1)
""" + "a test passed\n" * 30 + "10 passed in 2.00s\n"


def test_failures_of_every_run(checkout):
    checkout.folder.joinpath("log").write_text(LOG)
    said = checkout.run("/bin/bash", "-c", ". scripts/lib.sh; what_failed log").stdout.splitlines()
    assert said[:5] == ["E   AssertionError: not 200", "FAILED test_door.py::test_a_key[threads]",
                        "7: [  FAILED  ] a_quota_counts", "WARNING: ThreadSanitizer: data race (pid=1)", "a test passed"]
    assert len(said) == 4 + 15 and said[-1] == "10 passed in 2.00s"


def test_a_log_without_a_known_failure(checkout):
    checkout.folder.joinpath("log").write_text("it ended\n")
    assert checkout.run("/bin/bash", "-c", ". scripts/lib.sh; what_failed log").stdout == "it ended\n"
