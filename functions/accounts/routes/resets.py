"""Routes of passwords that were forgotten."""

from __future__ import annotations

from pydantic import Field

from functions.accounts.routes import blueprint
from functions.accounts.routes.forms import MAILED_CODE, PASSWORD, means
from functions.accounts.service import resets
from shared.errors import Throttled, Unprocessable
from shared.http.api import Api
from shared.http.call import Body, Call

api = Api("passwords", "Passwords that were forgotten", blueprint)


class ForgottenPassword(Body):
    """Whose password was forgotten."""

    tenant: str = Field(max_length=63, description="The tenant's code", examples=["demo"])
    email: str = Field(max_length=254, examples=["maya@example.org"])


class ResetPassword(ForgottenPassword):
    """A new password, and the code that was sent."""

    code: str = MAILED_CODE
    new_password: str = PASSWORD


@api.post(
    "v1/password-resets",
    body=ForgottenPassword,
    answer=None,
    status=202,
    idempotent=False,
    errors=(Throttled,),
)
def password_resets_request(call: Call[None, ForgottenPassword]) -> None:
    """Have a code sent by which a new password can be set.

    It goes to the address if somebody signs in with it by a password here. The answer is the
    same, and takes as long, where nobody does. The code holds for half an hour.
    """
    resets.request(
        means(), call.body.tenant, call.body.email, client=call.client_address, now=call.now
    )


@api.post(
    "v1/password-resets/confirm",
    body=ResetPassword,
    answer=None,
    idempotent=False,
    errors=(Unprocessable, Throttled),
)
def password_resets_confirm(call: Call[None, ResetPassword]) -> None:
    """Set a new password by the code that was sent. The code is used up, and every sign-in ends,
    this one's access tokens when they run out."""
    body = call.body
    resets.confirm(
        means(),
        body.tenant,
        body.email,
        body.code,
        body.new_password,
        client=call.client_address,
        now=call.now,
    )
