"""Which of the tests run here, when several runs go side by side. MEANTIME_TAKEN names a folder that they share: each
takes the next file that no other has taken."""

import os
import pathlib


# They last longest, and are taken first, so that no run is left alone with one of them.
LONG = ("test_typescript_client", "test_reload", "test_titles", "test_access_procedures", "test_poolers", "test_overload",
        "test_hand_over", "test_compression", "test_sessions", "test_connection_limit", "test_events_losses", "test_openapi")


def keep(config, items, kept):
    """Leaves these; pytest says how many it left out."""
    if len(kept) < len(items):
        chosen = set(kept)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = kept


def is_taken_here(folder, path):
    try:
        (pathlib.Path(folder) / path.name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def taken(folder, items):
    """The tests of the files that are taken here; a file is taken when its first test is asked for."""
    mine = {}
    for item in items:
        if item.path not in mine:
            mine[item.path] = is_taken_here(folder, item.path)
        if mine[item.path]:
            yield item


def run_taken(session):
    """For pytest_runtestloop: true when it has run the tests, as pytest does, of the files that it took."""
    folder = os.environ.get("MEANTIME_TAKEN")
    if not folder or session.config.option.collectonly or session.testsfailed:
        return None
    items = taken(folder, sorted(session.items, key=lambda item: item.path.stem not in LONG))
    item = next(items, None)
    while item is not None:
        following = next(items, None)  # before this one ends, since it decides which fixtures stay
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True
