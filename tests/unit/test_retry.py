"""Another try, or none; and how long automatic requests rest."""

from typing import get_args

import pytest

from mm_lsp.llm.faults import PASSING
from mm_lsp.llm.retry import pause_after, pause_before_next
from mm_lsp.messages import Fault, ModelError

FAULTS: tuple[Fault, ...] = get_args(Fault)
LASTING = [fault for fault in FAULTS if fault not in PASSING]
AT_MOST_TWICE = {"connect", "pool", "stalled"}
TO_MEND = {"key", "balance", "quota", "permission", "model"}


def pause(fault: Fault, tries: int, automatic: bool = False, luck: float = 1, after: float | None = None):
    return pause_before_next(ModelError("no", fault, after=after), tries, automatic, luck)


@pytest.mark.parametrize("fault", sorted(PASSING))
def test_what_passes_is_tried_three_times_or_twice(fault: Fault) -> None:
    tries = next(tries for tries in range(1, 10) if pause(fault, tries) is None)
    assert tries == (2 if fault in AT_MOST_TWICE else 3)


@pytest.mark.parametrize("automatic", [False, True])
@pytest.mark.parametrize("after", [None, 1.0])
@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_is_not_tried_again(fault: Fault, after: float | None, automatic: bool) -> None:
    assert pause(fault, 1, automatic, 0.5, after) is None


@pytest.mark.parametrize("after", [None, 1.0])
@pytest.mark.parametrize("fault", sorted(PASSING))
def test_an_automatic_request_is_tried_again_only_when_it_never_reached_the_endpoint(
    fault: Fault, after: float | None
) -> None:
    first = pause(fault, 1, automatic=True, after=after)
    if fault in ("connect", "pool"):
        assert first is not None
        assert 0 < first < 1
    else:
        assert first is None
    assert pause(fault, 2, automatic=True, after=after) is None


@pytest.mark.parametrize(
    ("tries", "luck", "after", "expected"),
    [
        (1, 0, None, 0.25),
        (1, 1, None, 0.5),
        (1, 0.5, None, 0.375),
        (2, 0, None, 0.5),
        (2, 1, None, 1.0),
        (1, 0, 0.0, 0.25),
        (1, 1, 0.0, 0.5),
        (1, 1, 0.01, 0.5),
        (1, 0, 2.0, 2.0),
        (1, 1, 2.0, 2.1),
        (2, 0, 2.0, 2.0),
        (1, 0, 60.0, 60.0),
        (1, 0, 60.5, None),
        (1, 1, 86_400.0, None),
        (2, 0, 61.0, None),
        (3, 0, 1.0, None),
    ],
)
@pytest.mark.parametrize("fault", ["rate_limit", "server", "timeout"])
def test_how_long_the_next_try_waits(
    fault: Fault, tries: int, luck: float, after: float | None, expected: float | None
) -> None:
    assert pause(fault, tries, luck=luck, after=after) == pytest.approx(expected)


@pytest.mark.parametrize("luck", [0, 0.3, 1])
@pytest.mark.parametrize("after", [0.1, 0.5, 7, 59.9, 60])
@pytest.mark.parametrize("tries", [1, 2])
def test_no_try_comes_before_its_time(tries: int, after: float, luck: float) -> None:
    wait = pause("rate_limit", tries, luck=luck, after=after)
    assert wait is not None
    assert after <= wait <= 61


# ---------------------------------------------------------------- rests


@pytest.mark.parametrize("fault", FAULTS)
def test_automatic_requests_rest_after_what_would_only_come_again(fault: Fault) -> None:
    rest = pause_after(ModelError("Out of it.", fault), 1000.0)
    if fault in TO_MEND:
        assert rest == (1600.0, fault, "Out of it.")
    elif fault == "rate_limit":
        assert rest == (1030.0, fault, "Out of it.")
    elif fault not in ("server", "timeout"):
        assert rest is None


@pytest.mark.parametrize("fault", ["server", "timeout"])
def test_an_endpoints_own_trouble_without_a_time_costs_only_the_one_request(fault: Fault) -> None:
    assert pause_after(ModelError("Out of it.", fault), 1000.0) is None


@pytest.mark.parametrize("after", [0.5, 7.0, 3600.0])
@pytest.mark.parametrize("fault", ["rate_limit", "server", "timeout", *sorted(TO_MEND)])
def test_they_rest_as_long_as_the_endpoint_says(fault: Fault, after: float) -> None:
    rest = pause_after(ModelError("Out of it.", fault, after=after), 1000.0)
    assert rest == (1000.0 + after, fault, "Out of it.")


@pytest.mark.parametrize("fault", ["parameter", "context", "filter", "bad_request", "bad_reply", "settings", ""])
def test_what_was_wrong_with_one_request_gives_no_rest(fault: Fault) -> None:
    assert pause_after(ModelError("no", fault, after=5), 1000.0) is None
