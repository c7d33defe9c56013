"""Model and route names -> how such traffic behaves: the built-in figures a scenario may use and add to."""

from typing import Annotated

from pydantic import Field

from actions.policy.words import Section

Positive = Annotated[float, Field(gt=0, le=1e9)]
Part = Annotated[float, Field(ge=0, le=1)]


class Tokens(Section):
    """A lognormal law of tokens a request.

    Attributes:
        median: tokens of the middle request.
        sigma: standard deviation of the logarithm; 0.8 is a tail of about 6 x at one in a hundred.
    """

    median: Positive
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.8


class Model(Section):
    """How a model answers.

    Attributes:
        provider: who serves it.
        ttft_ms: median time to the first token.
        ms_per_token: time of each further one.
        reasoning: share of the output tokens that are reasoning, on average.
    """

    provider: str
    ttft_ms: Positive = 400.0
    ms_per_token: Positive = 10.0
    reasoning: Part = 0.0


class Route(Section):
    """One kind of request: a feature, who serves and owns it, and what it asks of which models.

    Attributes:
        models: model name to weight.
        cached: share of the input that comes from the prompt cache, where it does (half of the requests).
        release: version that serves it.
    """

    feature: str
    service: str
    team: str
    env: str = "prod"
    models: dict[str, Positive] = Field(min_length=1)
    input_tokens: Tokens = Tokens(median=900)
    output_tokens: Tokens = Tokens(median=250)
    cached: Part = 0.0
    release: str = "v1"


MODELS: dict[str, Model] = {
    "gpt-4o": Model(provider="openai", ttft_ms=450, ms_per_token=12),
    "gpt-4o-mini": Model(provider="openai", ttft_ms=300, ms_per_token=8),
    "gpt-4.1": Model(provider="openai", ttft_ms=450, ms_per_token=10),
    "gpt-5": Model(provider="openai", ttft_ms=900, ms_per_token=11, reasoning=0.5),
    "o1-pro": Model(provider="openai", ttft_ms=2_000, ms_per_token=15, reasoning=0.7),
    "claude-sonnet-4-5": Model(provider="anthropic", ttft_ms=600, ms_per_token=13),
    "claude-haiku-4-5": Model(provider="anthropic", ttft_ms=300, ms_per_token=7),
    "claude-opus-4-1": Model(provider="anthropic", ttft_ms=1_100, ms_per_token=20),
    "gemini-2.5-flash": Model(provider="google", ttft_ms=300, ms_per_token=5),
    "gemini-2.5-pro": Model(provider="google", ttft_ms=900, ms_per_token=9, reasoning=0.3),
}
"""Models that the price book knows."""

ROUTES: dict[str, Route] = {
    "chat": Route(
        feature="chat",
        service="chat-api",
        team="assist",
        models={"gpt-4o": 3, "gpt-4o-mini": 2},
        input_tokens=Tokens(median=900, sigma=0.9),
        output_tokens=Tokens(median=280, sigma=0.7),
        cached=0.5,
    ),
    "search": Route(
        feature="search",
        service="search-api",
        team="discovery",
        models={"gemini-2.5-flash": 1},
        input_tokens=Tokens(median=1_800, sigma=0.7),
        output_tokens=Tokens(median=120, sigma=0.5),
    ),
    "summarise": Route(
        feature="summarise",
        service="docs-api",
        team="docs",
        models={"claude-haiku-4-5": 2, "gpt-4o-mini": 1},
        input_tokens=Tokens(median=4_000, sigma=0.8),
        output_tokens=Tokens(median=350, sigma=0.5),
    ),
    "code": Route(
        feature="code",
        service="code-api",
        team="developer",
        models={"claude-sonnet-4-5": 1},
        input_tokens=Tokens(median=2_500, sigma=1.0),
        output_tokens=Tokens(median=400, sigma=0.9),
        cached=0.7,
    ),
}
"""Four features of a product that sells an assistant; a scenario without routes has these."""
