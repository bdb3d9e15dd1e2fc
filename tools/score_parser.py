"""Run extraction and parsing over a folder of résumés and write one prediction JSON a file.

    python tools/score_parser.py FOLDER_OF_FILES OUT_FOLDER

Each prediction has the stem of its file and the fields name, email, phone, links,
skills, languages, certifications, work_experience [{company, title, start, end}] and
education [{institution, degree, end}], so that any scorer can compare it with labels.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from functions.intake_extract.rules import extract
from functions.intake_parse.rules import parse
from shared.models.resume import PartialDate, Resume, Value
from shared.models.text import ExtractedText

SUFFIXES = {".pdf", ".docx", ".odt", ".rtf", ".html", ".txt"}


def _text(value: Value | None) -> str | None:
    return value.value if value else None


def _date(moment: PartialDate | None) -> str | None:
    return moment.value if moment else None


def prediction(resume: Resume, text: ExtractedText) -> dict[str, Any]:
    """Return the fields that a scorer compares; the phone number as it stands on the page."""
    personal = resume.personal
    phone = personal.phones[0] if personal.phones else None
    written = text.text[phone.span.start : phone.span.end] if phone and phone.span else _text(phone)
    return {
        "name": _text(personal.name),
        "email": _text(personal.emails[0]) if personal.emails else None,
        "phone": written,
        "links": [link.value for link in personal.links],
        "skills": [skill.name.value for skill in resume.skills],
        "languages": [language.name.value for language in resume.languages],
        "certifications": [item.value for item in resume.certifications],
        "work_experience": [
            {
                "company": _text(job.company),
                "title": _text(job.title),
                "start": _date(job.start),
                "end": "present" if job.current else _date(job.end),
            }
            for job in resume.work_experience
        ],
        "education": [
            {
                "institution": _text(study.institution),
                "degree": _text(study.degree),
                "end": _date(study.end),
            }
            for study in resume.education
        ],
    }


def main(arguments: list[str] | None = None) -> int:
    """Predict for every file of a folder; return 1 when a file could not be read."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", type=Path)
    reader.add_argument("out", type=Path)
    options = reader.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    files = sorted(p for p in options.folder.iterdir() if p.suffix.lower() in SUFFIXES)
    failed, spent = 0, 0.0
    for path in files:
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        try:
            text = extract(path.read_bytes(), media_type)
        except Exception as error:
            print(f"{path.name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed += 1
            continue
        begun = time.perf_counter()
        resume = parse(text, date.today())  # noqa: DTZ011 - months until now, of no weight here
        spent += time.perf_counter() - begun
        out = options.out / f"{path.stem}.json"
        out.write_text(
            json.dumps(prediction(resume, text), ensure_ascii=False, indent=1), encoding="utf-8"
        )
    done = len(files) - failed
    print(f"{done} predictions in {options.out}, {1000 * spent / max(done, 1):.1f} ms a résumé")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
