"""One profile for all: the same examples in every run, no clock, no database in the source tree.

`MM_FUZZ=5000 python -m pytest tests/fuzz` looks for new ones.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fuzz",
    derandomize="MM_FUZZ" not in os.environ,
    deadline=None,
    database=None,
    max_examples=int(os.environ.get("MM_FUZZ", "150")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
settings.load_profile("fuzz")
