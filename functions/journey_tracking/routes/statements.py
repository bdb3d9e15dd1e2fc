"""The route of xAPI statements."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, RootModel, model_validator

from functions.journey_tracking.routes import READ, api
from functions.journey_tracking.rules.statements import VERSION
from functions.journey_tracking.service import statements
from shared import runtime
from shared.errors import Missing
from shared.http.api import Reply
from shared.http.call import Call, PageQuery
from shared.http.subject import partition_read
from shared.models.examples import example


class StatementQuery(PageQuery):
    """Which statements; everything given must hold."""

    user: str | None = Field(
        default=None, min_length=1, max_length=255, description="Whose; your own without one"
    )
    verb: str | None = Field(default=None, max_length=200, description="The verb's IRI")
    activity: str | None = Field(
        default=None, max_length=500, description="IRI of an activity, or of what it is part of"
    )
    registration: UUID | None = Field(default=None, description="The journey's session id")
    since: AwareDatetime | None = Field(default=None, description="Stored after this moment")
    until: AwareDatetime | None = Field(default=None, description="Stored at this moment or before")
    ascending: bool = Field(default=False, description="The first stored first")
    statement_id: UUID | None = Field(
        default=None,
        alias="statementId",
        description="The id of one statement, which is answered bare; only `user` goes with it",
    )

    @model_validator(mode="after")
    def _asks_for_one_alone(self) -> Self:
        # as xAPI has it: an id beside a filter is an error, whatever the filter
        if self.statement_id is not None and self.model_fields_set - {"statement_id", "user"}:
            raise ValueError("with a statementId only user can be given")
        return self


class StatementResult(BaseModel):
    """Statements, as xAPI 1.0.3 answers them."""

    model_config = example(
        statements=[
            {
                "id": "6b5c4d3e-2f1a-5c48-8f10-2b7f6c1d9e3a",
                "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
            }
        ],
        more="",
    )

    statements: list[dict[str, Any]]
    more: str = Field(description="Where the next page is; empty at the end")


class StatementAnswer(RootModel[StatementResult | dict[str, Any]]):
    """A page of statements; with `statementId` that statement itself."""


@api.get("v1/xapi/statements", query=StatementQuery, answer=StatementAnswer, errors=(Missing,))
def xapi_statements(call: Call[StatementQuery, None]) -> Reply:
    """Read the xAPI statements on a learner, the latest stored first.

    Verbs are `answered`, `completed`, `passed` and `mastered`. Learners are named by pseudonyms.
    With `statementId` the answer is that one statement, or 404.
    """
    asked, stores, headers = call.query, runtime.stores(), {"X-Experience-API-Version": VERSION}
    partition = partition_read(call, asked.user, READ)
    if asked.statement_id is not None:
        one = statements.read(stores, partition, str(asked.statement_id))
        return Reply(StatementAnswer(one), headers=headers)
    found, continuation = statements.listed(
        stores,
        partition,
        statements.Wanted(
            verb=asked.verb,
            activity=asked.activity,
            registration=None if asked.registration is None else str(asked.registration),
            since=asked.since,
            until=asked.until,
            ascending=asked.ascending,
        ),
        limit=asked.limit,
        continuation=asked.continuation,
    )
    page = StatementResult(statements=found, more=_more(asked, continuation))
    return Reply(StatementAnswer(page), headers=headers)


def _more(asked: StatementQuery, continuation: str | None) -> str:
    if continuation is None:
        return ""
    given = asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    parameters = {**given, "continuation": continuation}
    if asked.ascending:
        parameters["ascending"] = "true"
    return f"/api/v1/xapi/statements?{urlencode(parameters)}"
