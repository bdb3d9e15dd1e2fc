"""A language model on loopback for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.language_model import LanguageModel, language_model


@pytest.fixture
def model() -> Iterator[LanguageModel]:
    with language_model() as peer:
        yield peer
