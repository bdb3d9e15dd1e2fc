"""What coaching says, in better words where a language model is at hand. Kept for a day, so that
who reads it again waits for nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from functions.coaching.rules.advice import Advice
from functions.coaching.rules.documents import WORDINGS, WordedAdvice
from functions.coaching.service.coaching import Coached
from shared.documents.port import Partition, Upsert
from shared.erasures import erased_at
from shared.pseudonyms import Pseudonyms
from shared.stores import Stores
from shared.wording.rewording import Reworder

KEPT_SECONDS = 24 * 3600
TRIED_AGAIN_SECONDS = 600
"""After a try that gave nothing, for readers would wait for each."""
_LANGUAGE = "en"
"""Of the sentences of coaching."""


def worded(
    stores: Stores,
    pseudonyms: Pseudonyms,
    reworder: Reworder,
    partition: Partition,
    coached: Coached,
    *,
    now: datetime,
) -> Coached:
    """The same advice in better words, as far as a model found some that say the same."""
    texts = _texts(coached.advice)
    document_id = _id_of(texts, reworder.model)
    stored = stores.documents.get(WORDINGS, partition, document_id)
    if stored is not None:
        found = WordedAdvice.of(stored.body).texts
    else:
        if erased_at(stores, pseudonyms, partition[0], "user", partition[1]) is not None:
            return coached
        found = reworder.reword(
            stores, partition[0], texts, purpose="coaching", language=_LANGUAGE, now=now
        )
        kept = WordedAdvice(
            id=document_id,
            tenant_id=partition[0],
            user_id=partition[1],
            model=reworder.model,
            texts=found,
            ttl=KEPT_SECONDS if found else TRIED_AGAIN_SECONDS,
        )
        stores.documents.commit(WORDINGS, partition, [Upsert(kept.stored())])
    if not found:
        return coached
    return replace(coached, advice=_with(coached.advice, found), worded_by=reworder.model)


def _texts(advice: Advice) -> dict[str, str]:
    """The sentences of an advice. Titles stay: they name things."""
    return {
        **{f"focus {at}": each.reason for at, each in enumerate(advice.focus_areas)},
        **{f"feedback {at}": each.text for at, each in enumerate(advice.feedback)},
    }


def _with(advice: Advice, texts: Mapping[str, str]) -> Advice:
    return replace(
        advice,
        focus_areas=tuple(
            replace(each, reason=texts.get(f"focus {at}", each.reason))
            for at, each in enumerate(advice.focus_areas)
        ),
        feedback=tuple(
            replace(each, text=texts.get(f"feedback {at}", each.text))
            for at, each in enumerate(advice.feedback)
        ),
    )


def _id_of(texts: Mapping[str, str], model: str) -> str:
    """Names the words of these texts by a model."""
    return f"wording:{sha256(json.dumps([model, texts]).encode()).hexdigest()[:40]}"
