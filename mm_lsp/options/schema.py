"""The schema of the settings: every name, its type, its range, its default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mm_lsp.settings import DEFAULT_BASE_URL, DEFAULT_MODEL

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+", strip_whitespace=True)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Milliseconds = Annotated[float, Field(ge=0, le=600_000)]
Table = dict[str, Any]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeoutOptions(_Group):
    connect: Seconds = 10
    idle: Seconds = 60
    total: Seconds = 600


class ModelOptions(_Group):
    base_url: Url = DEFAULT_BASE_URL
    api_key: str | None = None
    api_key_command: str | None = None
    name: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    headers: dict[str, str] = Field(default_factory=dict)
    proxy: str | None = None
    ca_bundle: str | None = None
    timeout: TimeoutOptions = TimeoutOptions()
    params: Table = Field(default_factory=dict)


class TimeBudgetOptions(_Group):
    automatic: Milliseconds = 8000
    invoked: Milliseconds = 30000


class CompletionOptions(_Group):
    enabled: bool = True
    automatic: bool = True
    languages: dict[str, bool] = Field(default_factory=dict)
    model: str | None = None
    params: Table = Field(default_factory=dict)
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


class RulesOptions(_Group):
    enabled: bool = True
    policy: Literal["merge", "first"] = "merge"
    families: Literal["all"] | list[str] | dict[str, bool] = "all"
    max_bytes: Annotated[int, Field(ge=0, le=1_048_576)] = 32768
    in_completion: bool = False


class PrivacyOptions(_Group):
    redact: bool = True
    ignore: list[str] = Field(default_factory=list)
    preview: bool = False


class BudgetOptions(_Group):
    daily: Annotated[float, Field(ge=0)] = 5
    currency: str = "CNY"


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
    models: dict[str, Table] = Field(default_factory=dict)
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
        names += setting_names(subgroup, f"{prefix}{name}.") if subgroup else [prefix + name]
    return names
