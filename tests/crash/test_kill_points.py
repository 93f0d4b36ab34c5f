"""One kill at every point, on SQLite, under a little traffic; the whole campaign is `scripts/kill-campaign`."""

from pathlib import Path

import pytest

from tests.crash.campaign import POINTS, plan_of, run_campaign
from tests.crash.verdict import table


@pytest.mark.timeout(180)
async def test_killed_at_every_point_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    plan = plan_of(POINTS, kills=1, messages=6, seed=4)

    report = await run_campaign(tmp_path, f"sqlite:///{tmp_path}/router.db", plan, seed=4, warm=True)

    figures = table(report.rows) + "\n" + (tmp_path / "router.log").read_text()[-4_000:]
    assert report.findings == [], figures
    assert [(row.point, row.kills) for row in report.rows] == [(point, 1) for point in POINTS], figures
    assert all(row.accepted == row.stored == row.sent for row in report.rows), figures
