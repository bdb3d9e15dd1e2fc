"""Text taken out of a file, with where on the page each line stood.

Written by ``intake_extract``, read by ``intake_parse``. Character offsets
count in :attr:`ExtractedText.text`: the lines in reading order, joined by one
newline each. A span ``[start, end)`` there is the provenance of a parsed value.
"""

from __future__ import annotations

from functools import cached_property

from pydantic import BaseModel, Field

from shared.models.document import READING


class TextLine(BaseModel):
    """One line in reading order."""

    model_config = READING

    text: str = Field(
        description="Words parted by one space. A tab stands where the line has a wide gap: "
        "between a title and its right-flushed date, a margin date and its entry, two cells "
        "of a table row"
    )
    page: int = Field(
        ge=1,
        description="1-based; 1 throughout for formats without pages. May run back: a column that "
        "goes on over several pages is read to its end before the column beside it",
    )
    block: int = Field(
        default=0,
        ge=0,
        description="Consecutive lines of one column, cell or text box share a block number; "
        "a new number says that the layout broke here, in formats without pages also at a blank "
        "line",
    )
    x0: float = Field(default=0.0, description="Left edge in points from the page's left")
    y0: float = Field(default=0.0, description="Top edge in points from the page's top")
    x1: float = Field(default=0.0, description="Right edge in points")
    y1: float = Field(default=0.0, description="Bottom edge in points")
    size: float = Field(default=0.0, ge=0, description="Dominant font size in points, 0 unknown")
    bold: bool = Field(default=False, description="Most characters are, dates aside")
    heading: bool = Field(default=False, description="The format itself marks it a heading")


class PageLink(BaseModel):
    """A hyperlink that the file carries as an annotation or relationship."""

    model_config = READING

    url: str
    page: int = Field(ge=1)
    text: str = Field(default="", description="The words it lies on, when known")
    line: int | None = Field(
        default=None, ge=0, description="Index into ExtractedText.lines of those words, when known"
    )


class ExtractedText(BaseModel):
    """All text of one file in reading order."""

    model_config = READING

    schema_version: int = 1
    media_type: str
    page_count: int = Field(ge=1)
    lines: tuple[TextLine, ...]
    links: tuple[PageLink, ...] = ()
    language: str = Field(default="und", description="ISO 639-1 code, 'und' when unsure")
    warnings: tuple[str, ...] = Field(
        default=(), description="What was left out, e.g. 'pages 31-40 beyond the page limit'"
    )

    @cached_property
    def text(self) -> str:
        """The lines joined by newlines: what all offsets count in."""
        return "\n".join(line.text for line in self.lines)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset in :attr:`text` at which each line begins."""
        starts, at = [], 0
        for line in self.lines:
            starts.append(at)
            at += len(line.text) + 1
        return tuple(starts)
