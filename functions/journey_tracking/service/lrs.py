"""Posts xAPI statements to a learning record store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions.journey_tracking.rules.statements import VERSION
from shared.errors import Rejected, Throttled, Unavailable
from shared.retry_after import seconds_asked

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class RecordStore:
    """Where statements go: the store's endpoint, and the account to use there."""

    endpoint: str
    key: str
    secret: str

    def post(self, statements: Sequence[dict[str, Any]]) -> None:
        """Send statements, all in one request.

        One that the store has already is no error: it answers 409, and then each is sent by
        its own id, which leaves the store as it should be. Raises ``Unavailable`` or
        ``Throttled`` for what a later try can help, ``Rejected`` for what none can.
        """
        status, wait = self._send("POST", statements)
        if status == 409 and len(statements) > 1:
            for statement in statements:
                status, wait = self._send("POST", [statement])
                self._check(status, wait)
            return
        self._check(status, wait)

    def _send(self, method: str, body: Sequence[dict[str, Any]]) -> tuple[int, float]:
        # loaded here: a deployment without a record store never needs it
        import requests

        try:
            answer = requests.request(
                method,
                f"{self.endpoint.rstrip('/')}/statements",
                json=list(body),
                auth=(self.key, self.secret),
                headers={"X-Experience-API-Version": VERSION},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unavailable(f"the record store: {type(error).__name__}") from None
        return answer.status_code, seconds_asked(answer.headers.get("Retry-After"))

    def _check(self, status: int, wait: float) -> None:
        if status in {200, 204, 409}:
            return
        if status == 429:
            raise Throttled("the record store asks to wait", retry_after=wait)
        if status in {401, 403, 408} or status >= 500:
            # a wrong password is mended by an operator; what waits must not be lost to it
            raise Unavailable(f"the record store answered {status}")
        raise Rejected(f"the record store answered {status}")
