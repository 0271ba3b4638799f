"""A program and its figures in the benchmarks of the tokenizer."""

import statistics
from dataclasses import dataclass, field

from harness import Series, number, times

# The forms in which a program gets a text.
DOCUMENTS, WHOLE = "documents", "whole"


@dataclass
class Program:
    """One program on one text: its speeds in MB/s, and whether what it makes is right."""

    name: str
    form: str = DOCUMENTS
    gets_all: bool = True
    # The first pass of each round, and the median of its other passes.
    first: Series = field(default_factory=Series)
    later: Series = field(default_factory=Series)
    # "same", "DIFFERENT" or nothing.
    verdict: str = ""
    failure: str | None = None

    @property
    def title(self):
        return self.name + (", whole" if self.form == WHOLE else "")

    def add(self, answer, options, partner=None):
        """Takes the figures of a run; `partner` is Quern, which ran in the same round."""
        seconds = answer["processor_seconds" if options.processor_time else "seconds"]
        first, *later = [answer["bytes"] / 1e6 / value for value in seconds]
        self.first.add(first, answer["peak_megabytes"], partner and partner.first.values[-1])
        if later:
            other = partner and partner.later.values[-1]
            self.later.add(statistics.median(later), answer["peak_megabytes"], other)

    def judge(self, is_same):
        if self.verdict != "DIFFERENT":
            self.verdict = "same" if is_same else "DIFFERENT"

    def row(self, kinds=("first", "later")):
        """Cells for a table: the name, three for each kind of pass, the verdict, the memory."""
        if self.failure:
            return [self.title, "failed"]
        cells = [self.title]
        for series in (getattr(self, name) for name in kinds):
            if series.values:
                ratio = times(series.ratio()) if series.partners else ""
                cells += [number(series.median, 1), series.spread(0), ratio]
            else:
                cells += ["", "", ""]
        return [*cells, self.verdict, number(self.first.peak)]


def columns(kinds):
    """The header of the cells that a row has for each kind of pass."""
    titles = {"first": "first pass", "later": "later passes"}
    return [cell for kind in kinds for cell in (titles[kind], "lowest–highest", "Quern is")]


def failures(programs):
    """The reasons of those that failed, for below the table."""
    return [f"{program.title}: {program.failure}" for program in programs if program.failure]
