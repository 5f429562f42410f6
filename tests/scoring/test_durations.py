"""Durations are given back as RFC 3339 writes them, and mean what was sent."""

import httpx
import pytest

URL = "/v1/scoring/settings"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("PT0S", "PT0S"),
        ("PT300S", "PT5M"),
        ("PT1H5S", "PT1H0M5S"),
        ("PT36H", "P1DT12H"),
        ("P1W", "P7D"),
        ("P498D", "P498D"),
        ("P3650D", "P3650D"),
        ("PT0.5S", "PT0.5S"),
    ],
)
async def test_a_duration_has_days_and_what_is_shorter_but_no_years(
    http: httpx.AsyncClient, sent: str, shown: str
) -> None:
    saved = await http.put(URL, json={"score_grace": sent})

    assert saved.status_code == 200
    assert saved.json()["score_grace"] == shown
    assert (await http.get(URL)).json()["score_grace"] == shown
    assert (await http.put(URL, json={"score_grace": shown})).json()["score_grace"] == shown
