"""Tables of numbers that questions are asked about: what some cities sold, year by year.

| city | region | 2021 | 2022 |
|---|---|---|---|
| Arden | north | 120 | 341 |
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from guru_data.synthetic.table.markdown import markdown

_CITIES = (
    *("Arden", "Brill", "Corby", "Dover", "Elgin", "Frome", "Goole", "Hythe", "Ilkley", "Jarrow", "Keswick"),
    *("Leeds", "Malton", "Nairn", "Oban", "Perth", "Redcar", "Stroud", "Truro", "Wells"),
)
_REGIONS = ("east", "north", "south", "west")
_YEARS = range(1990, 2020)
_NUMBERS = range(50, 1000)


@dataclass(frozen=True)
class Ledger:
    """Numbers by city and year; no two of a year are equal."""

    regions: dict[str, str]
    """By city, in the order of the rows."""
    years: tuple[int, ...]
    numbers: dict[str, tuple[int, ...]]
    """By city, one for each year."""

    @property
    def cities(self) -> list[str]:
        return list(self.regions)

    def of(self, city: str, year: int) -> int:
        return self.numbers[city][self.years.index(year)]

    def column(self, year: int) -> list[int]:
        return [self.of(city, year) for city in self.cities]

    @property
    def text(self) -> str:
        header = ("city", "region", *self.years)
        return markdown(header, [(city, self.regions[city], *self.numbers[city]) for city in self.cities])

    @property
    def content(self) -> str:
        """The same for tables whose rows stand in another order."""
        return (
            f"{self.years} {sorted((city, self.regions[city], self.numbers[city]) for city in self.cities)}"
        )


def draw_ledger(rng: Random, rows: int, years: int) -> Ledger:
    """A table in which at least one region has several cities."""
    cities = rng.sample(_CITIES, rows)
    regions = [rng.choice(_REGIONS) for _ in cities]
    regions[1] = regions[0]
    rng.shuffle(regions)
    first = rng.choice(_YEARS)
    columns = [rng.sample(_NUMBERS, rows) for _ in range(years)]
    return Ledger(
        dict(zip(cities, regions, strict=True)),
        tuple(range(first, first + years)),
        dict(zip(cities, zip(*columns, strict=True), strict=True)),
    )


def common_region(rng: Random, ledger: Ledger) -> str:
    """A region with several cities."""
    regions = list(ledger.regions.values())
    return rng.choice(sorted({region for region in regions if regions.count(region) > 1}))
