"""What code reads: the settings in force, frozen and complete. What people write is in options.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DEFAULT_BASE_URL = "https://wcode.net/api/gpt/v1"
DEFAULT_MODEL = "minimax/minimax-m2.1"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where questions go. Times in seconds; `idle_timeout` is the time without a data event."""

    base_url: str = DEFAULT_BASE_URL
    api_key: str | None = field(default=None, repr=False)
    name: str = DEFAULT_MODEL
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    connect_timeout: float = 10
    idle_timeout: float = 60
    total_timeout: float = 600
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model. Prices are for a million tokens in `currency`, and None where nobody has said.

    `dialect`: where its endpoint puts the thinking; "auto" = as it comes. `thinks_at_once`: thinking comes in the text,
    without its opening tag. `sampling`: what its vendor recommends, sent unless the user says otherwise.
    """

    name: str
    context_tokens: int = 128_000
    max_output_tokens: int | None = None
    reasoning: Literal["none", "optional", "mandatory"] = "optional"
    dialect: Literal["auto", "reasoning", "reasoning_content", "reasoning_details", "think_tags"] = "auto"
    reasoning_echo: Literal["auto", "reasoning", "reasoning_content", "reasoning_details", "think_tags", "none"] = (
        "auto"
    )
    thinks_at_once: bool = False
    supports_tools: bool = True
    supports_stream_usage: bool = True
    supports_images: bool = False
    sampling: Mapping[str, float] = field(default_factory=dict[str, float])
    price_in: float | None = None
    price_out: float | None = None
    price_cached: float | None = None
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """What automatic requests may cost a day; 0 = nothing."""

    daily: float = 5
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """`debounce_ms` None = adaptive. Budgets are what a request may take before it answers with what it has."""

    enabled: bool = True
    automatic: bool = True
    languages: Mapping[str, bool] = field(default_factory=dict[str, bool])
    model: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    debounce_ms: float | None = None
    max_lines: int = 30
    max_tokens: int = 2048
    context_tokens: int = 4000
    automatic_budget_ms: float = 8000
    invoked_budget_ms: float = 30000
    fallback: Literal["auto", "always", "never"] = "auto"

    def speaks(self, language_id: str) -> bool:
        return self.enabled and self.languages.get(language_id, True)


@dataclass(frozen=True, slots=True)
class RulesSettings:
    """`families` None = all."""

    enabled: bool = True
    max_bytes: int = 32768
    policy: Literal["merge", "first"] = "merge"
    families: frozenset[str] | None = None
    in_completion: bool = False


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str | None = None
    prompts: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a request may want to know of the user's wishes."""

    model: ModelSettings = ModelSettings()
    completion: CompletionSettings = CompletionSettings()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    budget: BudgetSettings = BudgetSettings()
    rules: RulesSettings = RulesSettings()
    log: LogSettings = LogSettings()
    trust: Literal["trusted", "restricted", "ask"] = "ask"
    ignore: tuple[str, ...] = ()
    redact: bool = True
    preview: bool = False
    answers_language: str = "auto"

    @property
    def has_model(self) -> bool:
        """A custom endpoint may do without a key; the default one does not."""
        return self.model.api_key is not None or self.model.base_url != DEFAULT_BASE_URL

    @property
    def completion_model(self) -> str:
        return self.completion.model or self.model.name

    def model_for(self, feature: str) -> str:
        return self.completion_model if feature == "completion" else self.model.name

    def params_for(self, feature: str) -> dict[str, Any]:
        return {**self.model.params, **(self.completion.params if feature == "completion" else {})}
