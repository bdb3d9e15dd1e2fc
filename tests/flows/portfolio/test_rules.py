"""Files taken as evidence, and what becomes of an item."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.portfolio.rules.documents import EvidenceFile, Item, blob_name_of
from functions.portfolio.rules.evidence import MEDIA_TYPES, media_type_of, safe_filename
from functions.portfolio.rules.items import MOST_FILES, changed, with_file, without_file
from shared.blobs.port import check_name
from shared.errors import Conflict, Invalid, Missing, Unsupported
from tests.flows.stores import START, TENANT

SAMPLES = {
    "application/pdf": b"%PDF-1.7 ...",
    "image/png": b"\x89PNG\r\n\x1a\n....",
    "image/jpeg": b"\xff\xd8\xff\xe0....",
    "image/webp": b"RIFF\n\x00\x00\x00WEBPVP8 ",
    "image/gif": b"GIF89a....",
    "text/plain": "a note, größer\n".encode(),
}


def item(**more: object) -> Item:
    return Item.model_validate(
        {
            "id": "i1", "tenant_id": TENANT, "item_id": "i1", "user_id": "lena",
            "type": "project", "title": "T", "visibility": "family", "openness": 1,
            "created_at": START, "updated_at": START, **more,
        }
    )  # fmt: skip


def file(number: int = 0, name: str = "a.txt") -> EvidenceFile:
    return EvidenceFile(
        file_id=f"f{number}", filename=name, content_type="text/plain", size=1, sha256="0",
        added_at=START,
    )  # fmt: skip


def test_a_file_is_what_is_in_it() -> None:
    """Each kind is taken as itself and as nothing else."""
    assert set(SAMPLES) == set(MEDIA_TYPES)
    for declared in MEDIA_TYPES:
        for name, content in SAMPLES.items():
            if name == declared:
                assert media_type_of(content, declared) == declared
            else:
                with pytest.raises(Unsupported, match=name):
                    media_type_of(content, declared)


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00", b"\x00\x01", b"\xff\xfe", b"PK\x03\x04\x00", b"a\x1bb"]
)
def test_anything_else_is_refused(content: bytes) -> None:
    """Programs, archives, and bytes that are no text."""
    with pytest.raises(Unsupported, match="none of"):
        media_type_of(content, "text/plain")


def test_an_empty_file_is_refused() -> None:
    """Nothing shows nothing."""
    with pytest.raises(Invalid):
        media_type_of(b"", "text/plain")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\lena\\Zeugnis größer.pdf", "Zeugnis größer.pdf"),
        ('a:b*c?"d".txt', "a_b_c__d_.txt"),
        (" .hidden. ", "hidden"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("履歴書.pdf", "履歴書.pdf"),
    ],
)
def test_a_name_is_made_safe(name: str, kept: str) -> None:
    """What no disk takes is left out; what people wrote stays."""
    assert safe_filename(name) == kept


@given(st.text(min_size=1, max_size=255))
def test_any_name_is_one_that_blobs_take(name: str) -> None:
    """Or it is refused."""
    try:
        kept = safe_filename(name)
    except Invalid:
        return
    assert "/" not in kept
    check_name("portfolio-files", blob_name_of(item(), file(name=kept)))


def test_a_visibility_is_kept_as_a_number_too() -> None:
    """Changed together, for lists are filtered by the number."""
    later = START + timedelta(hours=1)
    for number, visibility in enumerate(("private", "family", "mentors")):
        made = changed(item(), {"visibility": visibility}, now=later)
        assert (made.visibility, made.openness, made.updated_at) == (visibility, number, later)
    named = changed(item(), {"title": "New"}, now=later)
    assert (named.title, named.visibility, named.openness) == ("New", "family", 1)
    assert named.created_at == START


def test_files_come_and_go_to_a_limit() -> None:
    """Ten of an item; one that is not there cannot go."""
    made = item()
    for number in range(MOST_FILES):
        made = with_file(made, file(number), now=START)
    with pytest.raises(Conflict):
        with_file(made, file(99), now=START)
    made = without_file(made, "f3", now=START)
    assert [each.file_id for each in made.files] == [f"f{n}" for n in range(10) if n != 3]
    with pytest.raises(Missing):
        without_file(made, "f3", now=START)
