"""What is known of models, and what calls with them cost."""

from typing import Any

import pytest

from mm_lsp.llm.registry import REGISTRY, cost_of, facts_of
from mm_lsp.messages import Usage
from mm_lsp.settings import ModelFacts, Settings

# The text models of the gateway's list: context, and whether they think (none, optional, mandatory).
LISTED = {
    "minimax/minimax-m2.1": (196_608, "mandatory"),
    "minimax/minimax-m2": (196_608, "mandatory"),
    "deepseek/deepseek-v3.2": (128_000, "optional"),
    "deepseek/deepseek-v3.2-exp": (163_840, "optional"),
    "deepseek/deepseek-v3.2-speciale": (163_840, "mandatory"),
    "z-ai/glm-4.7": (202_752, "optional"),
    "z-ai/glm-4.7-flash": (195_000, "optional"),
    "z-ai/glm-4.6": (202_752, "optional"),
    "z-ai/glm-4.6v": (131_072, "optional"),
    "moonshotai/kimi-k2-thinking": (262_144, "mandatory"),
    "qwen/qwen3-vl-235b-a22b-instruct": (262_144, "none"),
    "qwen/qwen3-vl-30b-a3b-instruct": (131_072, "none"),
    "qwen/qwen3-vl-30b-a3b-thinking": (131_072, "mandatory"),
    "qwen/qwen3-vl-8b-instruct": (131_072, "none"),
    "baidu/ernie-4.5-21b-a3b-thinking": (131_072, "mandatory"),
}


def test_every_model_of_the_list_is_known() -> None:
    assert {name: (facts.context_tokens, facts.reasoning) for name, facts in REGISTRY.items()} == LISTED


def test_a_price_that_nobody_named_is_unknown() -> None:
    priced = {name for name, facts in REGISTRY.items() if facts.price_in is not None or facts.price_out is not None}
    assert priced == {"minimax/minimax-m2.1"}
    assert cost_of(Usage(1000, 1000), REGISTRY["deepseek/deepseek-v3.2"]) is None


@pytest.mark.parametrize(
    ("usage", "prices", "cost"),
    [
        (Usage(3000, 400, 250), {}, 0.01725),
        (Usage(1_000_000, 0), {}, 3.75),
        (Usage(0, 1_000_000), {}, 15.0),
        (Usage(1000, 0, 0, 400), {"price_cached": None}, 0.00375),
        (Usage(1000, 0, 0, 400), {"price_cached": 0.375}, 0.0024),
        (Usage(1000, 0, 0, 5000), {"price_cached": 0.0}, 0.0),
        (Usage(10, 10), {"price_out": None}, None),
        (Usage(10, 10), {"price_in": 0.0, "price_out": 0.0}, 0.0),
    ],
)
def test_what_a_call_costs(usage: Usage, prices: dict[str, Any], cost: float | None) -> None:
    facts = ModelFacts("m", **{"price_in": 3.75, "price_out": 15.0, **prices})
    got = cost_of(usage, facts)
    assert got == (None if cost is None else pytest.approx(cost))


@pytest.mark.parametrize(
    ("name", "said", "changed"),
    [
        ("minimax/minimax-m2.1", {}, {}),
        ("minimax/minimax-m2.1", {"price_in": 2.1}, {"price_in": 2.1}),
        ("MiniMax/MiniMax-M2.1", {}, {"name": "MiniMax/MiniMax-M2.1"}),
        ("minimax-m2.1", {}, {"name": "minimax-m2.1"}),
        (
            "MiniMaxAI/MiniMax-M2.1",
            {"context_tokens": 5000},
            {"name": "MiniMaxAI/MiniMax-M2.1", "context_tokens": 5000},
        ),
    ],
)
def test_settings_correct_the_registry(name: str, said: dict[str, Any], changed: dict[str, Any]) -> None:
    listed = REGISTRY["minimax/minimax-m2.1"]
    expected = {field: getattr(listed, field) for field in ModelFacts.__slots__} | changed
    assert facts_of(name, Settings(models={name: said})) == ModelFacts(**expected)


def test_a_model_that_is_not_listed_is_added_by_the_settings() -> None:
    settings = Settings(models={"my/own": {"context_tokens": 8192, "reasoning": "none", "currency": "EUR"}})
    facts = facts_of("my/own", settings)
    assert (facts.context_tokens, facts.reasoning, facts.currency, facts.price_in) == (8192, "none", "EUR", None)
    assert facts_of("nobody/knows", settings) == ModelFacts("nobody/knows")
