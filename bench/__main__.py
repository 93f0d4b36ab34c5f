"""`python -m bench`: measure, beside floors taken in the same minute, and say what reaches its target."""

from __future__ import annotations

import argparse

from bench.figures import Table
from bench.measures import engine, hard_mail, hostile, idle, ingest, mail, replay, smtp_in, webhook

MEASURES = {
    "ingest": ingest.measure,
    "webhook": webhook.measure,
    "mail": mail.measure,
    "hard-mail": hard_mail.measure,
    "smtp": smtp_in.measure,
    "idle": idle.measure,
    "hostile": hostile.measure,
    "engine": engine.measure,
    "replay": replay.measure,
}


def main() -> int:
    """Run what the arguments name; 1 when something stays below its bar."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="alternating runs of both sides")
    parser.add_argument("--quick", action="store_true", help="one pair only")
    parser.add_argument("names", nargs="*", metavar="part", help=f"some of: {', '.join(MEASURES)}")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(MEASURES))
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    table = Table()
    for name, measure in MEASURES.items():
        if name in (arguments.names or MEASURES):
            measure(table, 1 if arguments.quick else arguments.pairs)
    return 1 if table.is_below else 0


if __name__ == "__main__":
    raise SystemExit(main())
