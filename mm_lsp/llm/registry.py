"""What is known of each model of the gateway's list (reference: minimax-api, section 11); settings add and correct.

Prices are the default gateway's, where it names any. A model that is not listed is treated with caution.
"""

from __future__ import annotations

from dataclasses import replace

from mm_lsp.messages import Usage
from mm_lsp.settings import ModelFacts, Settings

_M2_SAMPLING = {"temperature": 1.0, "top_p": 0.95}

_LISTED = (
    ModelFacts(
        "minimax/minimax-m2.1", 196_608, 131_072, "mandatory", sampling=_M2_SAMPLING, price_in=3.75, price_out=15.0
    ),
    ModelFacts("minimax/minimax-m2", 196_608, 131_072, "mandatory", sampling=_M2_SAMPLING),
    ModelFacts("deepseek/deepseek-v3.2", 128_000, 64_000),
    ModelFacts("deepseek/deepseek-v3.2-exp", 163_840, 65_536),
    ModelFacts("deepseek/deepseek-v3.2-speciale", 163_840, 163_840, "mandatory", supports_tools=False),
    ModelFacts("z-ai/glm-4.7", 202_752, 131_072),
    ModelFacts("z-ai/glm-4.7-flash", 195_000, None),
    ModelFacts("z-ai/glm-4.6", 202_752, 131_072),
    ModelFacts("z-ai/glm-4.6v", 131_072, 32_768, supports_images=True),
    ModelFacts("moonshotai/kimi-k2-thinking", 262_144, 262_144, "mandatory", sampling={"temperature": 1.0}),
    ModelFacts("qwen/qwen3-vl-235b-a22b-instruct", 262_144, 16_384, "none", supports_images=True),
    ModelFacts("qwen/qwen3-vl-30b-a3b-instruct", 131_072, 32_768, "none", supports_images=True),
    ModelFacts("qwen/qwen3-vl-30b-a3b-thinking", 131_072, 32_768, "mandatory", supports_images=True),
    ModelFacts("qwen/qwen3-vl-8b-instruct", 131_072, 32_768, "none", supports_images=True),
    ModelFacts("baidu/ernie-4.5-21b-a3b-thinking", 131_072, 65_536, "mandatory", supports_tools=False),
)

REGISTRY = {facts.name: facts for facts in _LISTED}


def facts_of(name: str, settings: Settings) -> ModelFacts:
    """The registry's facts of a model with the user's corrections. A bare name finds its listed one ("glm-4.7")."""
    listed = REGISTRY.get(name) or REGISTRY.get(name.lower()) or _by_last_part(name) or ModelFacts(name)
    said = settings.models.get(name, {})
    return replace(listed, **{**said, "name": name})


def _by_last_part(name: str) -> ModelFacts | None:
    wanted = name.lower().rpartition("/")[2]
    return next((facts for facts in _LISTED if facts.name.rpartition("/")[2] == wanted), None)


def cost_of(usage: Usage, facts: ModelFacts) -> float | None:
    """The price of a call in `facts.currency`; None if it is not known. Cached tokens cost as others unless the
    registry or the user says otherwise."""
    if facts.price_in is None or facts.price_out is None:
        return None
    cached_price = facts.price_in if facts.price_cached is None else facts.price_cached
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    fresh = usage.prompt_tokens - cached
    return (fresh * facts.price_in + cached * cached_price + usage.completion_tokens * facts.price_out) / 1_000_000
