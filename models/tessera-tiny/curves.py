"""Logs of one stage's runs as a table: `python curves.py RUN.log ... > training/decoder.csv`.

Of train_decoder.py: each skill's share of right answers on the batches. Of train_encoder.py: each label's accuracy on views that
training never sees.
"""

import csv
import re
import sys
from pathlib import Path

LINE = re.compile(r"(\d+)s step (\d+) ([\d.]+) ((?:pictures|views)/s) (.*?) (?:\||held out:) (.*)")
PAIR = re.compile(r"([a-z][a-z_, ]*?)[ =]([\d.]+)(?= |$)")


def rows(path: Path) -> list[dict[str, str]]:
    found = []
    for match in map(LINE.match, path.read_text().splitlines()):
        if match:
            seconds, step, speed, unit, losses, shares = match.groups()
            row = {"run": path.stem, "seconds": seconds, "step": step, unit: speed}
            row |= {f"loss: {name}".removesuffix(": loss"): value for name, value in PAIR.findall(losses)}
            found.append(row | {name.strip(): value for name, value in PAIR.findall(shares)})
    return found


if __name__ == "__main__":
    table = [row for path in sys.argv[1:] for row in rows(Path(path))]
    columns = list(dict.fromkeys(name for row in table for name in row))
    out = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    out.writeheader()
    out.writerows(table)
