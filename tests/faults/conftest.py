"""What all cells share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def _only_what_is_new_is_collected() -> Iterator[None]:
    """Each cell looks for tasks whose errors nobody asked for: without walking all that was there before it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
