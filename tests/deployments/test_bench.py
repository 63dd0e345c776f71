"""The figures that the bench prints beside its own."""

import pytest

from deployments.bench.floor import CELERY_LATENCY, CeleryVersion, Floor


def test_the_celery_version_is_compared_at_the_latency_at_which_it_was_measured() -> None:
    compared = CeleryVersion(240, 7.8).compared(0.78, 25.0 / 1000)
    assert compared == "Celery version 240 requests, 7.8 s: 10 times as fast"


@pytest.mark.parametrize("latency", [0.0, 0.024, 0.05])
def test_at_another_latency_there_is_no_ratio(latency: float) -> None:
    """Its requests are the same at every latency, its seconds are not."""
    compared = CeleryVersion(240, 7.8).compared(0.78, latency)
    assert compared == "Celery version 240 requests (its time is known for 25 ms latency only)"


def test_the_floor_is_latency_or_cpu_whichever_takes_longer() -> None:
    assert Floor(CELERY_LATENCY, 16, 0.0).seconds(640) == pytest.approx(1.0)
    assert Floor(0.0, 16, 0.001).seconds(640) == pytest.approx(0.64)
