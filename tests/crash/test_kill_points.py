"""One kill at a point of each room, on SQLite, under a little traffic, and in the long run at every point.

The whole campaign is `scripts/kill-campaign`.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crash.campaign import POINTS, plan_of, run_campaign
from tests.crash.verdict import table

ONE_PER_ROOM = ("K2", "K5", "K7", "K13", "K16")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "points",
    [ONE_PER_ROOM, pytest.param(POINTS, marks=pytest.mark.long)],
    ids=["one-per-room", "every-point"],
)
async def test_killed_at_a_point_loses_nothing_and_doubles_nothing(
    tmp_path: Path, points: Sequence[str]
) -> None:
    plan = plan_of(points, kills=1, messages=6, seed=4)

    report = await run_campaign(tmp_path, f"sqlite:///{tmp_path}/router.db", plan, seed=4, warm=True)

    figures = table(report.rows) + "\n" + (tmp_path / "router.log").read_text()[-4_000:]
    assert report.findings == [], figures
    assert [(row.point, row.kills) for row in report.rows] == [(point, 1) for point in points], figures
    assert all(row.accepted == row.stored == row.sent for row in report.rows), figures
