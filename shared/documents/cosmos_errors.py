"""What the Cosmos DB SDK's errors mean for a caller, and whether a batch may be sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from shared.documents.port import Operation, Patch, document_id
from shared.errors import (
    Exists,
    Missing,
    OnDocument,
    Problem,
    Stale,
    Throttled,
    TooLarge,
    Unavailable,
)

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse
    from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

_IS_BATCH = "x-ms-cosmos-is-batch-request"
_RETRY_AFTER = "x-ms-retry-after-ms"
_READ_SESSION_NOT_AVAILABLE = 1002
_WRITE_FORBIDDEN, _ACCOUNT_NOT_FOUND = 3, 1008
_NO_RIGHT = 5301
"""An identity has no role, or not yet: one that was just given takes minutes until it holds."""


class Sending:
    """Whether the batch has been sent without the service's word that it did nothing."""

    undecided = False


commit_under_way: ContextVar[Sending | None] = ContextVar("commit_under_way", default=None)


def before_sending(request: PipelineRequest[Any]) -> None:
    """Raise ``Unavailable`` instead of sending a batch again that may have happened."""
    sending = commit_under_way.get()
    if sending is None or _IS_BATCH not in request.http_request.headers:
        return
    if sending.undecided:
        raise Unavailable("the store did not say whether the commit happened")
    sending.undecided = True


def after_answer(response: PipelineResponse[Any, Any]) -> None:
    """Note whether the service's answer leaves open if the batch happened."""
    sending = commit_under_way.get()
    if sending is None or _IS_BATCH not in response.http_request.headers:
        return
    status = response.http_response.status_code
    sending.undecided = status == 408 or status >= 500


@contextmanager
def translated(container: str) -> Iterator[None]:
    """Turn the SDK's errors that a caller can act on into those of the port."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError
    from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError

    try:
        yield
    except CosmosHttpResponseError as error:
        problem = _problem(error, container)
        if problem is None:
            raise
        raise problem from error
    except CosmosBatchOperationError:
        raise
    except ClientAuthenticationError as error:
        # no token to be had: an operator's to mend, and nothing happened meanwhile
        raise Unavailable(f"the document store does not let us in ({container})") from error
    except AzureError as error:
        raise Unavailable(f"the document store gave no answer ({container})") from error


def _problem(error: CosmosHttpResponseError, container: str) -> Problem | None:
    status, detail = error.status_code or 0, error.sub_status
    if status in {429, 449}:
        return Throttled(
            f"the document store is busy ({container})",
            retry_after=float(error.headers.get(_RETRY_AFTER, 1000)) / 1000,
        )
    if status == 413:
        return TooLarge("the commit is larger than the store takes")
    if status == 403 and detail == _NO_RIGHT:
        return Unavailable(f"the document store does not let us in ({container})")
    if (
        status in {0, 408, 410}
        or status >= 500
        or (status == 404 and detail == _READ_SESSION_NOT_AVAILABLE)
        or (status == 403 and detail in {_WRITE_FORBIDDEN, _ACCOUNT_NOT_FOUND})
    ):
        return Unavailable(f"the document store does not answer ({container})")
    return None


def refusal(
    error: CosmosBatchOperationError, operations: Sequence[Operation]
) -> Problem | ValueError | None:
    """What the service said of the one operation that broke a batch."""
    at = int(error.error_index)
    identity = document_id(operations[at])
    status = error.status_code or 0
    kinds: dict[int, tuple[type[OnDocument], str]] = {
        404: (Missing, "is not there"),
        409: (Exists, "is there already"),
        412: (Stale, "was changed meanwhile"),
    }
    if status in kinds:
        kind, what = kinds[status]
        return kind(f"document {identity!r} {what}", operation=at, document_id=identity)
    if status == 413:
        return TooLarge(f"document {identity!r} is larger than the store takes")
    if status == 400 and isinstance(operations[at], Patch):
        return ValueError(f"patch of {identity!r}: a parent is not there, or a field is no number")
    if status in {429, 449}:
        answer = error.operation_responses[at]
        return Throttled(
            "the document store is busy",
            retry_after=float(answer.get("retryAfterMilliseconds") or 1000) / 1000,
        )
    if status == 408 or status >= 500:
        return Unavailable("the store did not say whether the commit happened")
    return None
