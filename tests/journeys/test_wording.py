"""A running host with a language model beside it: statements and coaching in its words, or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.test_profiler import Learner
from tests.peers.language_model import KEY, MODEL, LanguageModel, language_model
from tests.running_host import RunningHost


def turned(texts: Mapping[str, str]) -> Mapping[str, Any]:
    """The same words, and one more before them."""
    return {name: f"Well: {text}" for name, text in texts.items()}


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[tuple[RunningHost, LanguageModel]]:
    """A host of its own that asks a model on loopback."""
    with language_model() as model:
        environment = {
            "WAYMARK_OPENAI_KEY": KEY,
            "WAYMARK_OPENAI_MODEL": MODEL,
            "WAYMARK_OPENAI_BASE_URL": model.base_url,
            "WAYMARK_OPENAI_SECONDS": "5",
        }
        running = RunningHost(tmp_path, environment=environment)
        running.make_tenant("demo")
        with running:
            yield running, model


def test_it_words_what_was_said_and_is_not_needed(
    beside: tuple[RunningHost, LanguageModel],
) -> None:
    """One learner gets its words; for the next it is away, and their own words stand."""
    host, model = beside
    model.words = turned

    def get(who: Learner, path: str) -> Any:
        answer = host.call("GET", path, token=who.token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def statement(who: Learner) -> Any:
        def first() -> Any:
            return get(who, "v1/portfolio/items")["items"]

        return host.wait_for(first, "the value statement")[0]

    lena = Learner(host)
    lena.completed()
    item = statement(lena)
    assert (item["worded_by"], item["text"][:6]) == (MODEL, "Well: ")
    said = get(lena, f"users/{lena.user}/coaching/recommendations")
    assert said["worded_by"] == MODEL
    assert all(each["reason"].startswith("Well: ") for each in said["focus_areas"])
    asked = len(model.requests)
    assert get(lena, f"users/{lena.user}/coaching/recommendations") == said
    assert len(model.requests) == asked
    assert lena.user not in str(model.documents)

    model.does = ["500", "500"]
    max_ = Learner(host)
    max_.completed()
    item = statement(max_)
    assert item["worded_by"] is None
    assert item["text"]
    plain = get(max_, f"users/{max_.user}/coaching/recommendations")
    assert plain["worded_by"] is None
    assert plain["focus_areas"]
    log = (host.home / "host.log").read_text(encoding="utf-8")
    assert "texts.reworded" in log
    assert "status_500" in log
    assert KEY not in log
