"""The skill taxonomy as data."""

from __future__ import annotations

from collections import Counter

from functions.intake_parse.rules.lexicon import data, fold
from shared.skills.taxonomy import exact, form, listed


def test_keys_are_unique_and_many() -> None:
    """At least 800 skills, each with its own key, name and family."""
    skills = listed()
    keys = [skill["key"] for skill in skills]
    assert len(keys) >= 800
    assert len(set(keys)) == len(keys)
    assert all(skill["name"] and skill["family"] for skill in skills)


def test_no_name_is_claimed_twice() -> None:
    """A name or synonym belongs to one skill only."""
    forms = Counter(
        form(name) for skill in listed() for name in {skill["name"], *skill["synonyms"]}
    )
    assert [name for name, count in forms.items() if count > 1] == []


def test_every_name_leads_to_its_skill() -> None:
    """Each name and synonym is found as its own skill."""
    for skill in listed():
        for name in (skill["name"], *skill["synonyms"]):
            found = exact(name)
            assert found is not None
            assert found.key == skill["key"]


def test_families_reach_beyond_computing() -> None:
    """The families cover office, business, design, health and trades as well."""
    families = {skill["family"] for skill in listed()}
    assert {"office", "health", "trades and logistics", "design and media"} <= families


def test_headings_are_unambiguous_within_a_language() -> None:
    """A heading phrase announces one kind in one language."""
    claimed: dict[tuple[str, str], str] = {}
    for kind, languages in data("headings.json").items():
        for language, phrases in languages.items():
            for phrase in phrases:
                assert claimed.setdefault((language, fold(phrase)), kind) == kind, phrase
