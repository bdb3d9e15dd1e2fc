"""Routes of what learning says of a learner."""

from __future__ import annotations

from functions.recommendations.routes import api
from functions.recommendations.routes.personality_forms import (
    PersonalityBody,
    PersonalityView,
    TraitBody,
    personality_view,
)
from functions.recommendations.rules.signals import SIGNALS
from functions.recommendations.service import personality
from shared import runtime
from shared.errors import Conflict, Missing
from shared.http.call import Call
from shared.http.subject import partition_read

READ = "personality.read"


@api.post(
    "v1/personality/analyze",
    body=PersonalityBody,
    answer=PersonalityView,
    status=200,
    idempotent=False,
    errors=(Missing, Conflict),
)
def personality_analyze(call: Call[None, PersonalityBody]) -> PersonalityView:
    """Read what the answers of the last half year say of how somebody learns: traits with their
    evidence, habits, a summary.

    A trait speaks from 30 observations on, and only where it stands out; else it says why not.
    """
    partition = partition_read(call, call.body.user_id, READ)
    running = runtime.current()
    return personality_view(
        personality.analyse(running, running.pseudonyms, partition, now=call.now)
    )


@api.put(
    "v1/personality/traits/{signal}",
    body=TraitBody,
    answer=PersonalityView,
    errors=(Missing, Conflict),
)
def personality_correct(call: Call[None, TraitBody]) -> PersonalityView:
    """Say that a trait is not so, or that it is after all. It is then marked, left out of the
    summary, and advised on no more."""
    running = runtime.current()
    partition = (call.principal.tenant_id, call.principal.user_id)
    signal = next((each for each in SIGNALS if each == call.path["signal"]), None)
    if signal is None:
        raise Missing(f"there is no trait of this name; there are: {', '.join(SIGNALS)}")
    personality.correct(
        running,
        running.pseudonyms,
        partition,
        signal,
        agrees=call.body.agrees,
        comment=call.body.comment,
        now=call.now,
    )
    return personality_view(
        personality.analyse(running, running.pseudonyms, partition, now=call.now)
    )
