"""What goes out: the minimal set, the user's wishes, room in the context, thinking echoed, lessons of refusals."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from mm_lsp.llm.errors import from_status
from mm_lsp.llm.payload import Learned, estimated_prompt, lesson, message_json, payload_of, sent_names
from mm_lsp.messages import BadReply, Message, ModelError, ModelRequest, Reasoning, Refused, Tool, ToolCall, TooLong
from mm_lsp.settings import ModelFacts
from mm_lsp.tokens import Calibration, estimate, estimate_request

VENDOR = {"temperature": 1.0, "top_p": 0.95}
FACTS = ModelFacts("m", sampling=VENDOR)
MESSAGES = (Message("system", "be brief"), Message("user", "hello"))
READ_FILE = Tool("read_file", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


def asked(*messages: Message, max_tokens: int = 77, tools: tuple[Tool, ...] = ()) -> ModelRequest:
    return ModelRequest(messages or MESSAGES, "explain", max_tokens, tools)


def optional(
    params: dict[str, Any] | None = None, facts: ModelFacts = FACTS, learned: Learned | None = None
) -> dict[str, Any]:
    """The payload without what is in every one."""
    payload = payload_of(asked(), params or {}, facts, learned or Learned())
    return {name: value for name, value in payload.items() if name not in ("model", "messages", "stream")}


# ---------------------------------------------------------------- the set that goes out


def test_the_minimal_set_goes_out_and_nothing_else() -> None:
    assert payload_of(asked(), {}, FACTS, Learned()) == {
        "model": "m",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 77,
        "temperature": 1.0,
        "top_p": 0.95,
    }


def test_a_model_of_which_nothing_is_known_gets_no_sampling() -> None:
    assert optional(facts=ModelFacts("m")) == {"stream_options": {"include_usage": True}, "max_tokens": 77}


def test_usage_is_not_asked_for_where_it_is_not_supported() -> None:
    assert "stream_options" not in optional(facts=ModelFacts("m", supports_stream_usage=False))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"temperature": 1.0, "top_p": 0.95}),
        ({"temperature": 0.2}, {"temperature": 0.2, "top_p": None}),
        ({"top_p": 0.5}, {"temperature": None, "top_p": 0.5}),
        ({"temperature": 0.2, "top_p": 0.5}, {"temperature": 0.2, "top_p": 0.5}),
        ({"temperature": 0}, {"temperature": 0, "top_p": None}),
        ({"top_k": 40}, {"temperature": 1.0, "top_p": 0.95, "top_k": 40}),
    ],
)
def test_the_users_sampling_takes_the_place_of_the_vendors(params: dict[str, Any], expected: dict[str, Any]) -> None:
    sent = optional(params)
    assert {name: sent.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    "params",
    [
        {"seed": 7, "stop": ["x"], "logit_bias": {"5": -1}},
        {"reasoning": {"effort": "low"}, "verbosity": "low"},
        {"nobody_knows_this": {"deep": [1, None, "ü"]}},
        {"stream_options": {"include_usage": False}},
        {"max_tokens": 5},
    ],
)
def test_what_the_user_sets_goes_out_as_it_is(params: dict[str, Any]) -> None:
    sent = optional(params)
    assert {name: sent.get(name) for name in params} == params


@pytest.mark.parametrize("params", [{"model": "x"}, {"messages": []}, {"stream": False}])
def test_what_makes_the_request_is_not_the_users_to_set(params: dict[str, Any]) -> None:
    assert payload_of(asked(), params, FACTS, Learned()) == payload_of(asked(), {}, FACTS, Learned())


@pytest.mark.parametrize("names", [{"stream"}, {"model", "messages"}])
def test_what_makes_the_request_is_never_left_out(names: set[str]) -> None:
    assert payload_of(asked(), {}, FACTS, Learned(refused=names)) == payload_of(asked(), {}, FACTS, Learned())


@pytest.mark.parametrize("names", [{"top_p"}, {"stream_options", "temperature"}, {"max_tokens"}, {"top_k"}])
def test_what_was_refused_is_left_out(names: set[str]) -> None:
    everything = optional({**VENDOR, "top_k": 40})
    assert optional({**VENDOR, "top_k": 40}, learned=Learned(refused=names)) == {
        name: value for name, value in everything.items() if name not in names
    }


def test_tools_go_out_as_functions() -> None:
    payload = payload_of(asked(tools=(READ_FILE,)), {}, FACTS, Learned())
    assert payload["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "read_file",
                "description": "Reads a file.",
                "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
            },
        }
    ]


def test_the_limit_goes_by_the_name_that_the_endpoint_knows() -> None:
    sent = optional(learned=Learned(says_max_completion_tokens=True))
    assert (sent.get("max_tokens"), sent.get("max_completion_tokens")) == (None, 77)


@pytest.mark.parametrize("learned", [Learned(), Learned(says_max_completion_tokens=True)])
def test_a_limit_that_the_user_gives_by_its_new_name_is_the_only_one(learned: Learned) -> None:
    sent = optional({"max_completion_tokens": 500}, learned=learned)
    assert (sent.get("max_tokens"), sent.get("max_completion_tokens")) == (None, 500)


# ---------------------------------------------------------------- room in the context


@pytest.mark.parametrize(
    ("wanted", "room", "most", "expected"),
    [
        (1000, 5000, None, 1000),
        (5000, 5000, None, 5000),
        (5001, 5000, None, 5000),
        (100_000, 256, None, 256),
        (10, 256, None, 10),
        (5000, 9000, 4096, 4096),
        (5000, 3000, 4096, 3000),
        (2000, 9000, 4096, 2000),
    ],
)
@pytest.mark.parametrize("is_param", [False, True])
def test_the_answers_limit_is_what_the_context_has_room_for(
    wanted: int, room: int, most: int | None, expected: int, is_param: bool
) -> None:
    prompt = estimate_request(message.content for message in MESSAGES)
    facts = ModelFacts("m", context_tokens=prompt + 1024 + room, max_output_tokens=most)
    request = asked(max_tokens=1 if is_param else wanted)
    payload = payload_of(request, {"max_tokens": wanted} if is_param else {}, facts, Learned())
    assert payload["max_tokens"] == expected


@pytest.mark.parametrize("room", [255, 0, -100_000])
def test_without_room_for_an_answer_the_request_is_too_long(room: int) -> None:
    prompt = estimate_request(message.content for message in MESSAGES)
    facts = ModelFacts("big/one", context_tokens=prompt + 1024 + room)
    with pytest.raises(TooLong, match=rf'about {prompt} tokens.*Select less, or correct models\."big/one"') as caught:
        payload_of(asked(), {}, facts, Learned())
    assert caught.value.fault == "context"


def test_a_tools_description_takes_room() -> None:
    assert estimated_prompt(asked(tools=(READ_FILE,)), Learned()) - estimated_prompt(asked(), Learned()) == 200


@pytest.mark.parametrize(
    "message",
    [
        Message("user", "word " * 4000),
        Message("assistant", "", Reasoning("reasoning", "word " * 4000)),
        Message("assistant", "", Reasoning("reasoning_details", "", ({"text": "word " * 4000},))),
        Message("assistant", "", tool_calls=(ToolCall("1", "write_file", "word " * 4000),)),
        Message("tool", "word " * 4000, tool_call_id="1"),
    ],
    ids=["text", "thinking", "thinking in details", "a call's arguments", "a tool's result"],
)
def test_all_that_a_message_sends_takes_room(message: Message) -> None:
    assert estimated_prompt(asked(message), Learned()) >= estimate("word " * 4000)


@pytest.mark.parametrize(("counted", "factor"), [(100, 1.0), (130, 1.3), (80, 0.8), (10_000, 1.5), (1, 0.7)])
def test_the_estimate_follows_the_endpoints_counts_within_bounds(counted: int, factor: float) -> None:
    calibration = Calibration()
    for _ in range(60):
        calibration.learn(100, counted)
    assert calibration.factor == pytest.approx(factor, abs=0.01)
    assert calibration.applied(1000) == pytest.approx(1000 * factor, abs=11)


def test_one_odd_count_moves_the_estimate_only_a_little() -> None:
    calibration = Calibration()
    calibration.learn(100, 100_000)
    assert 1.0 < calibration.factor <= 1.1


@pytest.mark.parametrize(("estimated", "counted"), [(0, 10), (10, 0), (0, 0), (-5, 5), (5, -5)])
def test_counts_that_count_nothing_teach_nothing(estimated: int, counted: int) -> None:
    calibration = Calibration()
    calibration.learn(estimated, counted)
    assert calibration.factor == 1.0


def test_what_was_learned_of_the_estimate_decides_about_the_room() -> None:
    learned = Learned()
    for _ in range(60):
        learned.calibration.learn(100, 150)
    request = asked(Message("user", "x" * 35_000))
    plain = estimated_prompt(request, Learned())
    assert estimated_prompt(request, learned) == pytest.approx(1.5 * plain, rel=0.01)
    facts = ModelFacts("m", context_tokens=plain + 1024 + 300)
    assert payload_of(request, {}, facts, Learned())["max_tokens"] == 77
    with pytest.raises(TooLong):
        payload_of(request, {}, facts, learned)


@pytest.mark.parametrize(
    ("texts", "tools", "least", "most"),
    [
        ([], 0, 22, 22),
        (["", ""], 0, 30, 30),
        (["a" * 3500], 0, 1100, 1130),
        (["汉" * 1000], 0, 700, 900),
        (["a" * 3500, "汉" * 1000], 3, 2400, 2700),
    ],
)
def test_a_prompt_is_estimated_on_the_safe_side(texts: list[str], tools: int, least: int, most: int) -> None:
    assert least <= estimate_request(texts, tools) <= most


# ---------------------------------------------------------------- messages

THOUGHT = "Need to read the file."
DETAIL = {
    "type": "reasoning.text",
    "id": "reasoning-text-1",
    "format": "MiniMax-response-v1",
    "index": 0,
    "text": THOUGHT,
}
SECOND = {"type": "reasoning.encrypted", "data": "b64==", "index": 1, "signature": None}
CALL = ToolCall("call_function_x_1", "read_file", '{"path": "a.py"}')

TAGS = '{"role":"assistant","content":"<think>\\nNeed to read the file.\\n</think>\\n\\nLet me look."}'
NATIVE = (
    '{"role":"assistant","content":"Let me look.","reasoning_details":[{"type":"reasoning.text",'
    '"id":"reasoning-text-1","format":"MiniMax-response-v1","index":0,"text":"Need to read the file."}]}'
)
OPENROUTER = (
    '{"role":"assistant","content":"Let me look.","reasoning":"Need to read the file.","reasoning_details":'
    '[{"type":"reasoning.text","id":"reasoning-text-1","format":"MiniMax-response-v1","index":0,'
    '"text":"Need to read the file."}]}'
)
PLAIN = '{"role":"assistant","content":"Let me look.","reasoning":"Need to read the file."}'
CONTENT = '{"role":"assistant","content":"Let me look.","reasoning_content":"Need to read the file."}'
MADE = (
    '{"role":"assistant","content":"Let me look.",'
    '"reasoning_details":[{"type":"reasoning.text","text":"Need to read the file."}]}'
)
NOTHING = '{"role":"assistant","content":"Let me look."}'
CALLED = (
    '[{"id":"call_function_x_1","type":"function",'
    '"function":{"name":"read_file","arguments":"{\\"path\\": \\"a.py\\"}"}}]'
)

SHAPES = [
    ("think_tags", (), "auto", TAGS),
    ("reasoning", (), "auto", PLAIN),
    ("reasoning", (DETAIL,), "auto", OPENROUTER),
    ("reasoning_content", (), "auto", CONTENT),
    ("reasoning_content", (DETAIL,), "auto", NATIVE),
    ("reasoning_details", (DETAIL,), "auto", NATIVE),
    *((field, details, "none", NOTHING) for field in ("reasoning", "reasoning_details") for details in ((), (DETAIL,))),
    ("reasoning_content", (), "none", NOTHING),
    ("think_tags", (), "none", NOTHING),
    *((field, (), "think_tags", TAGS) for field in ("reasoning", "reasoning_content", "think_tags")),
    ("reasoning_details", (DETAIL,), "think_tags", TAGS),
    ("reasoning", (DETAIL,), "think_tags", TAGS),
    *((field, (), "reasoning", PLAIN) for field in ("reasoning", "reasoning_content", "think_tags")),
    ("reasoning_details", (DETAIL,), "reasoning", OPENROUTER),
    *((field, (), "reasoning_content", CONTENT) for field in ("reasoning", "reasoning_content", "think_tags")),
    ("reasoning_details", (DETAIL,), "reasoning_content", CONTENT),
    *((field, (), "reasoning_details", MADE) for field in ("reasoning", "reasoning_content", "think_tags")),
    ("reasoning_details", (DETAIL,), "reasoning_details", NATIVE),
    ("reasoning", (DETAIL,), "reasoning_details", NATIVE),
]


@pytest.mark.parametrize("calls", [(), (CALL,)], ids=["text", "with a call"])
@pytest.mark.parametrize(("field", "details", "echo", "golden"), SHAPES)
def test_thinking_goes_back_in_the_shape_that_the_endpoint_takes(
    field: Any, details: tuple[dict[str, Any], ...], echo: str, golden: str, calls: tuple[ToolCall, ...]
) -> None:
    text = "" if field == "reasoning_details" else THOUGHT  # as the reader of streams makes it
    message = Message("assistant", "Let me look.", Reasoning(field, text, details), calls)
    expected = json.loads(golden) | ({"tool_calls": json.loads(CALLED)} if calls else {})
    assert message_json(message, echo) == expected


def test_details_go_back_unchanged_and_in_their_order() -> None:
    details = (SECOND, {"text": "a\n</think>", "unknown": [1]}, DETAIL)
    sent = message_json(Message("assistant", "x", Reasoning("reasoning_details", "", details)), "auto")
    assert json.dumps(sent["reasoning_details"]) == json.dumps(list(details))


@pytest.mark.parametrize("thought", ["a\n</think>", "a\n</think>\n", "\na\n", "a"])
def test_thinking_is_tagged_once(thought: str) -> None:
    sent = message_json(
        Message("assistant", "b", Reasoning("reasoning_details", "", ({"text": thought},))), "think_tags"
    )
    assert sent["content"] == "<think>\na\n</think>\n\nb"


def test_summaries_are_thinking_too() -> None:
    details = ({"type": "reasoning.summary", "summary": THOUGHT},)
    message = Message("assistant", "Let me look.", Reasoning("reasoning_details", "", details))
    assert message_json(message, "think_tags") == json.loads(TAGS)


@pytest.mark.parametrize("echo", ["auto", "reasoning", "reasoning_content", "reasoning_details", "think_tags", "none"])
def test_an_answer_without_thinking_is_sent_as_it_is(echo: str) -> None:
    assert message_json(Message("assistant", "Let me look."), echo) == json.loads(NOTHING)


def test_thinking_is_an_assistants_alone() -> None:
    message = Message("user", "x", Reasoning("reasoning", THOUGHT))
    assert message_json(message, "auto") == {"role": "user", "content": "x"}


def test_a_call_without_text_has_an_empty_content_and_its_result_names_it() -> None:
    assert message_json(Message("assistant", "", tool_calls=(CALL,)), "auto") == {
        "role": "assistant",
        "content": "",
        "tool_calls": json.loads(CALLED),
    }
    assert message_json(Message("tool", "x = 1", tool_call_id="call_function_x_1"), "auto") == {
        "role": "tool",
        "tool_call_id": "call_function_x_1",
        "content": "x = 1",
    }


@pytest.mark.parametrize(
    ("facts_echo", "learned_echo", "golden"),
    [
        ("auto", None, PLAIN),
        ("reasoning_content", None, CONTENT),
        ("none", None, NOTHING),
        ("auto", "think_tags", TAGS),
        ("reasoning_content", "think_tags", TAGS),
        ("auto", "none", NOTHING),
    ],
)
def test_what_was_learned_of_the_echo_goes_before_what_is_set(
    facts_echo: Any, learned_echo: str | None, golden: str
) -> None:
    request = asked(Message("user", "a"), Message("assistant", "Let me look.", Reasoning("reasoning", THOUGHT)))
    payload = payload_of(request, {}, ModelFacts("m", reasoning_echo=facts_echo), Learned(echo=learned_echo))
    assert payload["messages"] == [{"role": "user", "content": "a"}, json.loads(golden)]


# ---------------------------------------------------------------- lessons


def refusal(fault: Any, parameter: str | None = None, words: str = "no") -> ModelError:
    return BadReply(words, fault, parameter=parameter)


ECHOING = asked(Message("user", "a"), Message("assistant", "b", Reasoning("reasoning", THOUGHT)), Message("user", "c"))


@pytest.mark.parametrize(
    ("params", "messages", "expected"),
    [
        ({}, MESSAGES, {"stream_options", "max_tokens", "temperature", "top_p"}),
        ({"seed": 1, "x": 2}, MESSAGES, {"stream_options", "max_tokens", "temperature", "top_p", "seed", "x"}),
        ({}, ECHOING.messages, {"stream_options", "max_tokens", "temperature", "top_p", "reasoning"}),
        (
            {},
            (Message("assistant", "b", Reasoning("reasoning", "a", (DETAIL,))),),
            {"stream_options", "max_tokens", "temperature", "top_p", "reasoning", "reasoning_details"},
        ),
    ],
)
def test_what_a_refusal_may_speak_of(
    params: dict[str, Any], messages: tuple[Message, ...], expected: Collection[str]
) -> None:
    assert sent_names(payload_of(asked(*messages), params, FACTS, Learned())) == expected


@pytest.mark.parametrize("fault", ["parameter", "bad_request"])
@pytest.mark.parametrize("name", ["top_k", "stream_options", "temperature", "max_tokens"])
def test_a_parameter_that_is_refused_by_name_is_left_out_from_then_on(fault: str, name: str) -> None:
    learned = Learned()
    payload = payload_of(asked(), {"top_k": 40}, FACTS, learned)
    told = lesson(refusal(fault, name), payload, learned)
    assert told == f"m does not take the parameter {name}: it is left out from now on."
    assert name not in payload_of(asked(), {"top_k": 40}, FACTS, learned)


def test_the_other_name_of_the_limit_is_learned_from_the_refusal() -> None:
    learned = Learned()
    payload = payload_of(asked(), {}, FACTS, learned)
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    body = json.dumps({"error": {"message": words, "code": "unsupported_parameter", "param": "max_tokens"}}).encode()
    told = lesson(from_status(400, body, None, sent=sent_names(payload)), payload, learned)
    assert told is not None
    assert "max_completion_tokens" in told
    again = payload_of(asked(), {}, FACTS, learned)
    assert (again.get("max_tokens"), again.get("max_completion_tokens")) == (None, 77)
    assert lesson(refusal("parameter", "max_completion_tokens"), again, learned) is not None
    assert {"max_tokens", "max_completion_tokens"} & set(payload_of(asked(), {}, FACTS, learned)) == set()


@pytest.mark.parametrize(
    "params",
    [
        {"reasoning": {"enabled": False}},
        {"reasoning_effort": "none", "include_reasoning": False},
        {"thinking": {"type": "disabled"}, "enable_thinking": False, "reasoning_split": True},
    ],
)
def test_thinking_that_is_mandatory_takes_the_parameters_about_it_away(params: dict[str, Any]) -> None:
    learned = Learned()
    payload = payload_of(asked(), {**params, "seed": 1}, FACTS, learned)
    told = lesson(refusal("reasoning_mandatory"), payload, learned)
    assert told is not None
    assert told.startswith("m can't do without thinking: ")
    assert all(name in told for name in params)
    again = payload_of(asked(), {**params, "seed": 1}, FACTS, learned)
    assert set(payload) - set(again) == set(params)
    assert lesson(refusal("reasoning_mandatory"), again, learned) is None


def test_a_refused_echo_becomes_tags_and_then_nothing() -> None:
    learned = Learned()
    payload = payload_of(ECHOING, {}, FACTS, learned)
    assert payload["messages"][1].keys() == {"role", "content", "reasoning"}
    told = lesson(refusal("parameter", "reasoning"), payload, learned)
    assert "as tags in the text" in str(told)
    as_tags = payload_of(ECHOING, {}, FACTS, learned)["messages"][1]
    assert as_tags == {"role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\nb"}
    told = lesson(refusal("parameter", "reasoning"), payload, learned)
    assert "not at all" in str(told)
    assert payload_of(ECHOING, {}, FACTS, learned)["messages"][1] == {"role": "assistant", "content": "b"}


def test_a_parameter_and_an_echo_of_the_same_name_are_refused_one_after_the_other() -> None:
    learned, params = Learned(), {"reasoning": {"effort": "low"}}
    payload = payload_of(ECHOING, params, FACTS, learned)
    assert "does not take the parameter reasoning" in str(lesson(refusal("parameter", "reasoning"), payload, learned))
    again = payload_of(ECHOING, params, FACTS, learned)
    assert "reasoning" not in again
    assert again["messages"][1]["reasoning"] == THOUGHT
    assert "as tags in the text" in str(lesson(refusal("parameter", "reasoning"), again, learned))


@pytest.mark.parametrize(
    ("fault", "parameter"),
    [
        ("parameter", None),
        ("bad_request", None),
        ("parameter", "never_sent"),
        ("reasoning_mandatory", None),
        ("context", "max_tokens"),
        ("key", "temperature"),
        ("rate_limit", "temperature"),
        ("filter", "temperature"),
        ("model", "temperature"),
        ("server", "temperature"),
    ],
)
def test_other_refusals_teach_nothing(fault: str, parameter: str | None) -> None:
    learned = Learned()
    payload = payload_of(asked(), {}, FACTS, learned)
    assert lesson(refusal(fault, parameter), payload, learned) is None
    assert payload_of(asked(), {}, FACTS, learned) == payload


def test_tools_are_not_given_to_a_model_that_cannot_call_them() -> None:
    request = ModelRequest((Message("user", "x"),), "explain", 100, (Tool("f", "does", {}),))
    with pytest.raises(Refused, match="can't call tools"):
        payload_of(request, {}, replace(FACTS, supports_tools=False), Learned())
