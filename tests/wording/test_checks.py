"""What a model says is let through only where the text before it says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.wording.checks import objection

TEXT = "You are at 35 and the track asks for 65: your last answer in networks was 9 days ago."


def against(
    text: str, original: str = TEXT, *, language: str = "en", most_new: float = 0.4
) -> str | None:
    return objection(original, text, language=language, most_new=most_new)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "With 35 you are where the track asks for 65; your last answer in networks: 9 days ago.",
        "You're at 35, the track asks for 65. In networks your last answer was 9 days ago.",
    ],
)
def test_other_words_for_the_same_are_let_through(text: str) -> None:
    """Another order, another beginning."""
    assert against(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "length"),
        ("You are at 35 of 65, 9 days ago." * 9, "length"),
        ("35 65 9", "length"),
        (TEXT.replace("65", "60"), "numbers"),
        (TEXT.replace("9 days", "some days"), "numbers"),
        ("You are at 65 and the track asks for 35: your last answer was 9 days ago.", "numbers"),
        (TEXT.replace("asks", "never asks"), "negation"),
        (TEXT + " See http://evil.example now.", "markup"),
        (TEXT + " Write to a@b.example.", "markup"),
        (TEXT + " Visit evil.example today.", "markup"),
        (TEXT + " <b>now</b>", "markup"),
        (TEXT + " **now**", "markup"),
        (TEXT + "\u202e", "control"),
        (TEXT + "\x07", "control"),
        (TEXT.replace("the track", "the track of Professor Moriarty"), "names"),
        (
            "Having 35 where 65 would be splendid, brilliant wonderful champion, 9 times superb.",
            "new_words",
        ),
    ],
)
def test_what_says_more_or_less_is_not(text: str, why: str) -> None:
    """Each for its own reason."""
    assert against(text) == why


def test_what_the_original_says_may_be_said_again() -> None:
    """Its names, its addresses, its negations."""
    original = "I never met Grace Hopper, but I read www.navy.mil and I do not stop."
    assert (
        against("Grace Hopper I never met, but I read www.navy.mil and do not stop.", original)
        is None
    )
    assert (
        against("I met Grace Hopper, and I read www.navy.mil and do not stop.", original)
        == "negation"
    )


def test_names_are_not_told_the_other_way_round() -> None:
    """The same words in another order may say the opposite."""
    original = "Defender fits you best, Grc almost as well."
    assert against("Best of all fits you Defender, almost as well Grc.", original) is None
    assert against("Grc fits you best, Defender almost as well.", original) == "order"


def test_nouns_of_german_are_no_names() -> None:
    """There they are capital by themselves; new words are bounded all the same."""
    original = "Ich will Netze schützen, weil mir Menschen wichtig sind."
    kept = "Weil mir Menschen wichtig sind, will ich Netze schützen."
    assert against(kept, original, language="de", most_new=0.2) is None
    told = "Ich will Schlösser bauen, weil mir Drachen wichtig sind."
    assert against(told, original, language="de", most_new=0.2) == "new_words"


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["en", "de", "xx"]))
def test_any_two_texts_are_judged(original: str, text: str, language: str) -> None:
    """Without an error, and never letting a new number or address through."""
    found = objection(original, text, language=language, most_new=0.4)
    if found is None:
        assert {each for each in text if each.isdecimal()} <= {
            each for each in original if each.isdecimal()
        }
        assert "http" not in text or "http" in original.casefold() or "http:" not in text
