"""Answers by any endpoint that speaks OpenAI's chat completions, with strict structured output.

The data of a question goes as JSON in a message of its own; that it is data, and no instruction,
the question says before it. Nobody relies on that: whoever asks checks what comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from shared.language_model.port import Answer, NoAnswer, Question

MOST_BYTES = 2_000_000
"""Of an answer: more is read from nobody, whatever it was asked for."""
_FRAME_TOKENS = 200

ResultT = TypeVar("ResultT")


class OpenAiChat:
    """The :class:`~shared.language_model.port.LanguageModel` port on one endpoint and model.

    ``seconds`` bounds the whole call, however slowly an answer drips. Nothing is sent, and the SDK
    is not loaded, before the first use.
    """

    def __init__(self, base_url: str, key: str, model: str, *, seconds: float) -> None:
        self._base_url = base_url
        self._key = key
        self._model = model
        self._seconds = seconds
        self._client: Any = None

    @property
    def model(self) -> str:
        return self._model

    def most_tokens(self, question: Question) -> int:
        # no text has more tokens than bytes; our own English has at most half as many
        ours = len(question.instructions) + len(json.dumps(question.schema))
        return (
            _FRAME_TOKENS
            + ours // 2
            + len(_written(question).encode())
            + question.most_answer_tokens
        )

    def ask(self, question: Question) -> Answer:
        content = _within(self._seconds, lambda: self._ask(question))
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            raise NoAnswer("malformed") from None
        tokens = _used(answer)
        return Answer(_read(answer, tokens or None), tokens)

    def _ask(self, question: Question) -> bytes:
        """The body of the endpoint's answer. Raises :class:`NoAnswer`."""
        import httpx2  # the SDK's own, which reads the body of an answer
        import openai

        if self._client is None:
            # retries are nobody's here: whoever asks has an answer of their own at hand
            self._client = openai.OpenAI(
                api_key=self._key,
                base_url=self._base_url,
                timeout=self._seconds,
                max_retries=0,
                # whoever answers is whom the settings name, not where that one points
                http_client=openai.DefaultHttpxClient(follow_redirects=False),
            )
        try:
            with self._client.chat.completions.with_streaming_response.create(
                model=self._model,
                messages=[
                    {"role": "system", "content": question.instructions},
                    {"role": "user", "content": _written(question)},
                ],
                response_format={
                    "type": "json_schema",
                    "json_schema": {
                        "name": question.name,
                        "strict": True,
                        "schema": dict(question.schema),
                    },
                },
                max_completion_tokens=question.most_answer_tokens,
            ) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise NoAnswer("too_long")
                return bytes(content)
        except openai.APITimeoutError:
            raise NoAnswer("timed_out") from None
        except openai.RateLimitError:
            raise NoAnswer("throttled", tokens=0) from None
        except openai.APIStatusError as error:
            # whether a server that broke down had spent something, nobody knows
            spent = None if error.status_code >= 500 else 0
            raise NoAnswer(f"status_{error.status_code}", tokens=spent) from None
        except httpx2.TimeoutException:
            raise NoAnswer("timed_out") from None
        except (openai.APIConnectionError, httpx2.HTTPError):
            raise NoAnswer("no_answer") from None
        except (openai.OpenAIError, ValueError, TypeError):
            # an answer that is none of the protocol's
            raise NoAnswer("malformed") from None


def _written(question: Question) -> str:
    return json.dumps(question.document, ensure_ascii=False)


def _used(answer: Any) -> int:
    usage = answer.get("usage") if isinstance(answer, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and total >= 0 else 0


def _read(answer: Any, tokens: int | None) -> dict[str, Any]:
    """The object in an answer. Raises :class:`NoAnswer` for a refusal, a part, or another form."""
    try:
        choice = answer["choices"][0]
        message, finish = choice["message"], choice["finish_reason"]
        refused, content = message.get("refusal"), message["content"]
    except (AttributeError, IndexError, KeyError, TypeError):
        raise NoAnswer("malformed", tokens=tokens) from None
    if refused or finish == "content_filter":
        raise NoAnswer("refused", tokens=tokens)
    if finish != "stop":
        raise NoAnswer("cut_off", tokens=tokens)
    try:
        written = json.loads(content)
    except (TypeError, ValueError, RecursionError):
        raise NoAnswer("malformed", tokens=tokens) from None
    if not isinstance(written, dict):
        raise NoAnswer("malformed", tokens=tokens)
    return written


def _within(seconds: float, call: Callable[[], ResultT]) -> ResultT:
    """What a call returns or raises, within so many seconds; raises :class:`NoAnswer` after them.

    The client's own time-out starts anew with every byte that drips in.
    """
    ended: SimpleQueue[tuple[ResultT | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            ended.put((call(), None))
        except BaseException as error:
            ended.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except Empty:
        raise NoAnswer("timed_out") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # it is there where no error is
