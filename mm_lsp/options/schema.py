"""The schema of the settings: every name, its type, its range, its default."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mm_lsp.settings import DEFAULT_BASE_URL, DEFAULT_MODEL

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+", strip_whitespace=True)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Milliseconds = Annotated[float, Field(ge=0, le=600_000)]
Price = Annotated[float, Field(ge=0)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Table = dict[str, Any]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeoutOptions(_Group):
    connect: Seconds = 10
    idle: Seconds = 60
    total: Seconds = 600


class ParamsOptions(BaseModel):
    """The parameters of the API page; others pass through as they are. None = not sent."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    repetition_penalty: Annotated[float, Field(ge=0, le=2)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_a: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: int | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: Table | None = None
    structured_outputs: bool | None = None
    stop: str | list[str] | None = None
    tools: list[Table] | None = None
    tool_choice: str | Table | list[Any] | None = None  # the API page calls it an array, and describes the other two
    parallel_tool_calls: bool | None = None
    verbosity: Literal["low", "medium", "high", "xhigh", "max"] | None = None

    def given(self) -> Table:
        return self.model_dump(exclude_none=True)


class FactsOptions(_Group):
    """What a user says of a model; each unset field stays as the registry has it."""

    context_tokens: Annotated[int, Field(ge=1024)] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    reasoning: Literal["none", "optional", "mandatory"] | None = None
    dialect: Literal["auto", "reasoning", "reasoning_content", "reasoning_details", "think_tags"] | None = None
    reasoning_echo: (
        Literal["auto", "reasoning", "reasoning_content", "reasoning_details", "think_tags", "none"] | None
    ) = None
    thinks_at_once: bool | None = None
    supports_tools: bool | None = None
    supports_stream_usage: bool | None = None
    supports_images: bool | None = None
    sampling: dict[str, float] | None = None
    price_in: Price | None = None
    price_out: Price | None = None
    price_cached: Price | None = None
    currency: Currency | None = None


class ModelOptions(_Group):
    base_url: Url = DEFAULT_BASE_URL
    api_key: str | None = None
    api_key_command: str | None = None
    name: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    headers: dict[str, str] = Field(default_factory=dict)
    proxy: str | None = None
    ca_bundle: str | None = None
    timeout: TimeoutOptions = TimeoutOptions()
    params: ParamsOptions = ParamsOptions()


class TimeBudgetOptions(_Group):
    automatic: Milliseconds = 8000
    invoked: Milliseconds = 30000


class CompletionOptions(_Group):
    enabled: bool = True
    automatic: bool = True
    languages: dict[str, bool] = Field(default_factory=dict)
    model: str | None = None
    params: ParamsOptions = ParamsOptions()
    lanes: list[Literal["instant", "model"]] = Field(default_factory=lambda: ["instant", "model"])
    instant_confidence: Annotated[float, Field(ge=0, le=1)] = 0.7
    instant_min_chars: Annotated[int, Field(ge=1, le=100)] = 4
    debounce_ms: Milliseconds | Literal["adaptive"] = "adaptive"
    max_lines: Annotated[int, Field(ge=1, le=500)] = 30
    max_tokens: Annotated[int, Field(ge=16, le=200_000)] = 2048
    context_tokens: Annotated[int, Field(ge=100, le=180_000)] = 4000
    candidates: Annotated[int, Field(ge=1, le=5)] = 1
    time_budget_ms: TimeBudgetOptions = TimeBudgetOptions()
    fallback: Literal["auto", "always", "never"] = "auto"


class ContextOptions(_Group):
    workspace: bool = True
    max_files: Annotated[int, Field(ge=0)] = 20000


RuleFamily = Literal[
    "agents", "claude", "cursor", "copilot", "windsurf", "cline", "roo", "gemini", "qwen", "continue", "junie", "zed",
    "aider", "crush",
]  # fmt: skip


class RulesOptions(_Group):
    """`families`: those of a list and no others; in a table, false switches one off."""

    enabled: bool = True
    policy: Literal["merge", "first"] = "merge"
    families: Literal["all"] | list[RuleFamily] | dict[RuleFamily, bool] = "all"
    max_bytes: Annotated[int, Field(ge=0, le=1_048_576)] = 32768
    in_completion: bool = False

    def chosen_families(self) -> frozenset[str] | None:
        """None = all."""
        if isinstance(self.families, str):
            return None
        if isinstance(self.families, list):
            return frozenset(self.families)
        return frozenset(name for name in get_args(RuleFamily) if self.families.get(name, True))


class PrivacyOptions(_Group):
    redact: bool = True
    ignore: list[str] = Field(default_factory=list)
    preview: bool = False


class BudgetOptions(_Group):
    daily: Annotated[float, Field(ge=0)] = 5
    currency: Currency = "CNY"


class LocalOptions(_Group):
    model: str = "qwen2.5-coder-0.5b"
    idle_minutes: Annotated[float, Field(gt=0)] = 15
    threads: Annotated[int, Field(ge=1)] | None = None
    on_battery: bool = False


class AnswersOptions(_Group):
    language: str = "auto"


class LogOptions(_Group):
    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str | None = None
    prompts: bool = False


class Options(_Group):
    """Every setting by its dotted name; each is optional wherever it is written."""

    model: ModelOptions = ModelOptions()
    models: dict[str, FactsOptions] = Field(default_factory=dict)
    completion: CompletionOptions = CompletionOptions()
    context: ContextOptions = ContextOptions()
    rules: RulesOptions = RulesOptions()
    privacy: PrivacyOptions = PrivacyOptions()
    trust: Literal["trusted", "restricted", "ask"] = "ask"
    budget: BudgetOptions = BudgetOptions()
    local: LocalOptions = LocalOptions()
    actions: dict[str, Table] = Field(default_factory=dict)
    answers: AnswersOptions = AnswersOptions()
    log: LogOptions = LogOptions()


def group_of(group: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The group that `name` names in `group`, if it is one."""
    declared = group.model_fields.get(name)
    kind = declared.annotation if declared else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def setting_names(group: type[BaseModel] = Options, prefix: str = "") -> list[str]:
    """Every dotted name of the schema."""
    names: list[str] = []
    for name in group.model_fields:
        subgroup = group_of(group, name)
        if subgroup is ParamsOptions:
            subgroup = None  # a setting of its own, whose fields are the endpoint's
        names += setting_names(subgroup, f"{prefix}{name}.") if subgroup else [prefix + name]
    return names
