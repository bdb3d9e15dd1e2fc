"""What the routes of portfolios take and show."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    HttpUrl,
    StringConstraints,
    field_validator,
)

from functions.portfolio.rules.documents import EvidenceFile, Feedback, Item, ItemType, Visibility
from shared.http.call import Body, PageQuery, Query
from shared.models.examples import DIGEST, LEARNER, SESSION, example

_ITEM = "7a3d1c5e-9b24-4f60-8e1d-2c6f4b0a9e83"
_FILE = "e4b8a2c6-1d3f-4a57-9c0e-8f6d2b7a5e19"
_FEEDBACK = "b9c7e5a3-6f1d-4e28-a0b4-3d2c1f8e7a60"
_LINK = {"url": "https://example.org/scanner", "title": "The scanner's source"}
_ITEM_FIELDS = {
    "type": "project",
    "title": "A scanner for open ports",
    "text": "Finds which services a machine offers, and says what to close.",
    "tags": ["networking", "python"],
    "visibility": "mentors",
    "links": [_LINK],
}


def _is_readable(text: str) -> str:
    if any(not (char.isprintable() or char in "\n\t") for char in text):
        raise ValueError("give text without control characters")
    return text


def _is_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give one line of text")
    return text


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_is_one_line),
]
Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_is_readable)]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    AfterValidator(_is_one_line),
]


class LinkForm(Body):
    """An address that shows what the item tells of."""

    model_config = example(**_LINK)

    url: Annotated[HttpUrl, Field(max_length=2000)]
    title: Title


class ItemBody(Body):
    """A new item."""

    model_config = example(**_ITEM_FIELDS)

    type: ItemType
    title: Title
    text: Text = ""
    tags: list[Tag] = Field(default=[], max_length=20)
    visibility: Visibility = Field(
        default="family",
        description="`private`: you alone; `family`: also your parents and your tenant's admins;"
        " `mentors`: also its mentors",
    )
    links: list[LinkForm] = Field(default=[], max_length=10)


class ItemChanges(Body):
    """What changes of an item; what is left out stays."""

    model_config = example(**_ITEM_FIELDS)

    type: ItemType | None = None
    title: Title | None = None
    text: Text | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    visibility: Visibility | None = None
    links: list[LinkForm] | None = Field(default=None, max_length=10)

    @field_validator("*")
    @classmethod
    def _is_given(cls, value: object) -> object:
        if value is None:
            raise ValueError("leave it out instead of sending null")
        return value


class ItemQuery(PageQuery):
    """Whose items, and which."""

    user: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )
    type: ItemType | None = Field(default=None, description="Of this type")


class FileQuery(Query):
    """What the file is called."""

    filename: str = Field(min_length=1, max_length=255, description="With its ending")


class EvidenceLinkView(BaseModel):
    """An address that shows what an item tells of."""

    model_config = example(**_LINK)

    url: str
    title: str


class EvidenceFileView(BaseModel):
    """A file of an item."""

    model_config = example(
        file_id=_FILE,
        filename="report.pdf",
        content_type="application/pdf",
        size=48213,
        sha256=DIGEST,
    )

    file_id: str
    filename: str
    content_type: str
    size: int = Field(description="Bytes")
    sha256: str
    added_at: AwareDatetime


class ItemView(BaseModel):
    """An item of a portfolio."""

    model_config = example(
        **_ITEM_FIELDS,
        item_id=_ITEM,
        user_id=LEARNER,
        source="learner",
        session_id=None,
        worded_by=None,
    )

    item_id: str
    user_id: str
    type: ItemType
    title: str
    text: str
    tags: list[str]
    visibility: Visibility
    links: list[EvidenceLinkView]
    files: list[EvidenceFileView]
    source: str = Field(description="`learner`, or `profiler` for the value statement")
    worded_by: str | None = Field(
        description="The language model that put it into words; null for the learner's own"
    )
    session_id: str | None = Field(
        description="The profiling that it came from", examples=[SESSION]
    )
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ItemPage(BaseModel):
    """A page of items, newest first."""

    items: list[ItemView]
    continuation: str | None = Field(description="Ask with this for the next page; null at the end")


class FileLinkView(BaseModel):
    """A file of an item, and a link to it."""

    model_config = example(
        url="https://waymark.example/portfolio-files/demo/report.pdf?signature=…"
    )

    file: EvidenceFileView
    url: str = Field(description="Reads the file for 15 minutes")


class FeedbackBody(Body):
    """What a mentor says of an item."""

    model_config = example(text="Clear and complete. Try it on a network of your own next.")

    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
        AfterValidator(_is_readable),
    ]


class FeedbackView(BaseModel):
    """What was said of an item."""

    model_config = example(
        feedback_id=_FEEDBACK,
        item_id=_ITEM,
        by="Dr. Amara Nwosu",
        mine=False,
        text="Clear and complete. Try it on a network of your own next.",
    )

    feedback_id: str
    item_id: str
    by: str | None = Field(description="What the mentor is called; null once they are gone")
    mine: bool = Field(description="You said it, and may take it back")
    text: str
    given_at: AwareDatetime


class FeedbackList(BaseModel):
    """All that was said of an item, the latest first."""

    items: list[FeedbackView]


def item_view(item: Item) -> ItemView:
    """An item as it is shown."""
    return ItemView.model_validate(item.model_dump(include=set(ItemView.model_fields)))


def file_view(file: EvidenceFile) -> EvidenceFileView:
    """A file of an item as it is shown."""
    return EvidenceFileView.model_validate(file.model_dump())


def feedback_view(feedback: Feedback, *, by: str | None, mine: bool) -> FeedbackView:
    """Feedback as it is shown."""
    return FeedbackView(
        feedback_id=feedback.feedback_id,
        item_id=feedback.of_item,
        by=by,
        mine=mine,
        text=feedback.text,
        given_at=feedback.given_at,
    )
