"""Logs of train_decoder.py as one table: `python curves.py RUN.log ... > training/decoder.csv`. Skills are shares of right answers on the batches."""

import csv
import re
import sys
from pathlib import Path

LINE = re.compile(r"(\d+)s step (\d+) ([\d.]+) pictures/s (.*?) \| (.*)")
PAIR = re.compile(r"([a-z][a-z, ]*?)[ =]([\d.]+)(?= |$)")


def rows(path: Path) -> list[dict[str, str]]:
    found = []
    for match in map(LINE.match, path.read_text().splitlines()):
        if match:
            seconds, step, speed, losses, skills = match.groups()
            row = {"run": path.stem, "seconds": seconds, "step": step, "pictures/s": speed}
            row |= {f"loss: {name}": value for name, value in PAIR.findall(losses)}
            found.append(row | {name.strip(): value for name, value in PAIR.findall(skills)})
    return found


if __name__ == "__main__":
    table = [row for path in sys.argv[1:] for row in rows(Path(path))]
    columns = list(dict.fromkeys(name for row in table for name in row))
    out = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    out.writeheader()
    out.writerows(table)
