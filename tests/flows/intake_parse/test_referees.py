"""Other people's addresses on a résumé are not the candidate's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.intake_parse.rules import parse

PAGE = """! Maren Solheim
{contact}
# Experience
** Warehouse Lead⇥2019 – 2023
Fjord Logistics, Bergen
# References
Tor Vik, Fjord Logistics, tor.vik@fjordlogistics.no, +47 22 12 34 56
"""


@pytest.mark.parametrize(
    ("contact", "expected"),
    [("maren.solheim@mail.no", ["maren.solheim@mail.no"]), ("Bergen, Norway", [])],
)
def test_a_referees_address_is_left_out(page: Any, contact: str, expected: list[str]) -> None:
    """A person is never known by the address of somebody who vouches for them."""
    text = page(PAGE.format(contact=contact), links=("mailto:tor.vik@fjordlogistics.no",))
    resume = parse(text, today=date(2024, 1, 1))
    assert [email.value for email in resume.personal.emails] == expected
