"""Which of the tests run here, when several run side by side. MEANTIME_SHARE=2/3 takes every third file, from the second
on."""

import os


def keep(config, items, kept):
    """Leaves these; pytest says how many it left out."""
    if len(kept) < len(items):
        chosen = set(kept)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = kept


def share_of(items):
    share = os.environ.get("MEANTIME_SHARE")
    if not share:
        return items
    number, count = map(int, share.split("/"))
    files = sorted({item.path for item in items})
    mine = set(files[number - 1::count])
    return [item for item in items if item.path in mine]
