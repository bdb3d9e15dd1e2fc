"""Routes of content, of recommendations and of personality."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from functions.recommendations.service import recipes
from shared import runtime
from shared.errors import Unavailable
from shared.http.api import Api
from shared.http.call import Call

blueprint = func.Blueprint()
api = Api("recommendations", "Content by meaning: stored, searched, recommended", blueprint)


def keep_seed(call: Call[Any, Any]) -> Unavailable | None:
    """See to the recipes' vectors. Without an encoder, what is stored is all there is; returns
    why."""
    try:
        recipes.keep_seed(runtime.stores(), runtime.current().encoder, now=call.now)
    except Unavailable as error:
        return error
    return None
