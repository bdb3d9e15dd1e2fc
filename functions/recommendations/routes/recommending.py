"""Routes of recommendations, and of what learners do with them."""

from __future__ import annotations

from uuid import uuid4

from functions.recommendations.routes import api, keep_seed
from functions.recommendations.routes.recommending_forms import (
    EngagementBody,
    EngagementView,
    RecommendBody,
    RecommendView,
    engagement_view,
    recommend_view,
)
from functions.recommendations.service import engagement
from functions.recommendations.service.recommending import recommend
from shared import runtime
from shared.errors import Conflict, Missing, Unavailable
from shared.http.call import Call
from shared.http.subject import partition_read

READ = "recommendations.read"


@api.post(
    "v1/recommendations",
    body=RecommendBody,
    answer=RecommendView,
    status=200,
    idempotent=False,
    errors=(Missing, Conflict, Unavailable),
)
def recommendations_make(call: Call[None, RecommendBody]) -> RecommendView:
    """Read what to learn next, each with its reasons: from what was completed, the track, the gaps.

    A list is kept for an hour while nothing changes. One that the learner asks for themselves
    counts as shown. 503 where nothing is stored and no text encoder is installed.
    """
    asked = call.body
    partition = partition_read(call, asked.user_id, READ)
    missing = keep_seed(call)
    running = runtime.current()
    served = recommend(
        running,
        running.pseudonyms,
        partition,
        recommendation_id=str(uuid4()),
        content_type=asked.content_type,
        language=asked.language,
        limit=asked.limit,
        is_shown=partition[1] == call.principal.user_id,
        now=call.now,
    )
    if missing is not None and not served.made.items:
        raise missing
    return recommend_view(served)


@api.post(
    "v1/recommendations/engagements",
    body=EngagementBody,
    answer=EngagementView,
    status=200,
    idempotent=False,
    errors=(Missing, Conflict),
)
def recommendations_engage(call: Call[None, EngagementBody]) -> EngagementView:
    """Say that you clicked an item, that you do not want it, or that you want it after all.

    What was completed is told by `v1/progress`. Said again nothing changes.
    """
    running = runtime.current()
    asked = call.body
    return engagement_view(
        engagement.act(
            running,
            running.pseudonyms,
            call.principal,
            asked.content_type,
            asked.content_id,
            asked.action,
            recommendation_id=asked.recommendation_id,
            now=call.now,
        )
    )
