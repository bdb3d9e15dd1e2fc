"""Writes the sample résumés into ``samples/resumes``: ``python -m tools.make_samples [FOLDER]``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tools.sample_layouts import as_docx, as_pdf, as_text
from tools.sample_resumes import DOCX, PDF, TEXT, Resume, make_resume

FOLDER = Path(__file__).resolve().parent.parent / "samples" / "resumes"


@dataclass(frozen=True)
class Sample:
    """A committed sample: its file, whose résumé it is and how it is laid out."""

    name: str
    resume: Resume
    layout: str

    @property
    def media_type(self) -> str:
        """What the file is."""
        return {"pdf": PDF, "docx": DOCX, "txt": TEXT}[self.name.rpartition(".")[2]]

    def render(self) -> bytes:
        """Return the file's bytes, the same every time."""
        if self.media_type == PDF:
            return as_pdf(self.resume, self.layout)
        if self.media_type == DOCX:
            return as_docx(self.resume, tables=self.layout == "tables")
        return as_text(self.resume).encode("cp1252" if self.layout == "cp1252" else "utf-8")


SAMPLES = (
    Sample("one-column.en.pdf", make_resume(1), "one column"),
    Sample("several-roles.en.pdf", make_resume(2, jobs=2, roles=3), "one column"),
    Sample("sidebar.en.pdf", make_resume(3, jobs=8, roles=2), "sidebar"),
    Sample("right-sidebar.en.pdf", make_resume(4, jobs=9, roles=2), "right sidebar"),
    Sample("dates-left.en.pdf", make_resume(5, jobs=4), "dates left"),
    Sample("label-rail.en.pdf", make_resume(6), "label rail"),
    Sample("one-column.fr.pdf", make_resume(7, "fr"), "one column"),
    Sample("sidebar.es.pdf", make_resume(8, "es"), "sidebar"),
    Sample("dates-left.de.pdf", make_resume(9, "de"), "dates left"),
    Sample("plain.en.docx", make_resume(10, roles=2), "plain"),
    Sample("tables.fr.docx", make_resume(11, "fr"), "tables"),
    Sample("plain.en.txt", make_resume(12), "utf-8"),
    Sample("windows.de.txt", make_resume(13, "de"), "cp1252"),
)


def main() -> None:
    """Write all samples into the folder given, else into the repository's own."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        path = folder / sample.name
        path.write_bytes(sample.render())
        print(f"{path.stat().st_size:8,} bytes  {path}")


if __name__ == "__main__":
    main()
