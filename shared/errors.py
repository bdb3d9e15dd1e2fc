"""What can go wrong, by who can act on it.

::

    WaymarkError
    ├── Problem                 the caller can act; becomes problem+json
    │   ├── Invalid        400  malformed, or a field is wrong (which, why)
    │   ├── Unauthenticated 401 no token, or one that does not hold
    │   ├── Forbidden      403  known, but not allowed
    │   ├── Conflict       409  the present state forbids it
    │   ├── OnDocument          the store refused; says which document
    │   │   ├── Missing    404  not there, or not yours
    │   │   ├── Exists     409  a document with this id is there already
    │   │   └── Stale      412  somebody wrote since you read
    │   ├── TooLarge       413
    │   ├── Unsupported    415  a media type that is not taken
    │   ├── Unprocessable  422  well-formed, but cannot be done
    │   ├── Throttled      429  later: ``retry_after`` seconds
    │   ├── Unavailable    503  a store or peer does not answer; later
    │   └── NotReady       503  what was asked for: something that is needed does not answer
    └── Rejected                a message that can never be handled: recorded and finished

Anything else that is raised is a defect of ours: 500 without internals over
HTTP, redelivery and at last the dead-letter queue for a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class WaymarkError(Exception):
    """The root of the tree."""


@dataclass(frozen=True)
class FieldError:
    """One wrong field: where it is (RFC 6901 pointer, or a parameter's name) and why."""

    pointer: str
    detail: str


class Problem(WaymarkError):
    """An error the caller can act on. ``detail`` says what to do, in a sentence."""

    status = 500
    title = "Internal error"
    members: Mapping[str, object] = {}
    """More members of the answer (RFC 9457, 3.2)."""

    def __init__(self, detail: str, *, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class Invalid(Problem):
    status, title = 400, "Invalid request"


class Unauthenticated(Problem):
    status, title = 401, "Authentication required"


class Forbidden(Problem):
    status, title = 403, "Not allowed"


class Conflict(Problem):
    status, title = 409, "Conflict"


class OnDocument(Problem):
    """The store refused. In a commit, ``operation`` is the position of the operation that
    broke it and ``document_id`` the document it concerned."""

    def __init__(
        self, detail: str, *, operation: int | None = None, document_id: str | None = None
    ) -> None:
        super().__init__(detail)
        self.operation = operation
        self.document_id = document_id


class Missing(OnDocument):
    status, title = 404, "Not found"


class Exists(OnDocument):
    """A document or blob with this name is there already."""

    status, title = 409, "Already exists"


class Stale(OnDocument):
    status, title = 412, "Changed meanwhile"


class TooLarge(Problem):
    status, title = 413, "Too large"


class Unsupported(Problem):
    status, title = 415, "Unsupported media type"


class Unprocessable(Problem):
    status, title = 422, "Cannot be processed"


class Throttled(Problem):
    """Come back in ``retry_after`` seconds."""

    status, title = 429, "Too many requests"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(Problem):
    """A store or a peer gave no answer. Whether a write happened is not known."""

    status, title = 503, "Unavailable"


class NotReady(Problem):
    """The true answer to the question whether all is there, and no failure of who gives it."""

    status, title = 503, "Not ready"

    def __init__(self, detail: str, *, members: Mapping[str, object]) -> None:
        super().__init__(detail)
        self.members = members


class Rejected(WaymarkError):
    """A message that no retry can help: its reason is recorded and it is finished."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
