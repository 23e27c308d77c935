"""What rules measure of a behavior: one subquery with all values, however many rules ask."""

from dataclasses import dataclass, field

from activations.rules.audience import KEY
from activations.rules.literals import name


@dataclass
class Measures:
    """Aggregates of a behavior for each customer, each of the rows that its rule wants."""

    table: str
    alias: str
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (aggregate, rows) -> name

    def named(self, value: str, rows: str) -> str:
        """Return what an aggregate is called; the same one is worked out once."""
        column = self.names.setdefault((value, rows), f"v{len(self.names) + 1}")
        return f"{self.alias}.{column}"

    def join(self, key: str) -> str:
        """Return the join that gives each customer the values."""
        chosen = [f"{name(KEY)} AS k", *map(self.written, self.names)]
        where = f"\n  WHERE {self.rows}" if self.rows else ""
        return (
            f"LEFT JOIN (\n  SELECT {', '.join(chosen)}\n  FROM {self.table}{where}\n  GROUP BY 1\n"
            f") AS {self.alias} ON {self.alias}.k = {key}"
        )

    def written(self, measure):
        value, rows = measure
        only = f" FILTER (WHERE {rows})" if rows and len(self.wanted) > 1 else ""
        return f"{value}{only} AS {self.names[measure]}"

    @property
    def wanted(self) -> list[str]:
        """Return the different conditions on rows."""
        return list(dict.fromkeys(rows for _, rows in self.names))

    @property
    def rows(self) -> str:
        """Return which rows any of the values is of; "" for all."""
        if "" in self.wanted:
            return ""
        return " OR ".join(
            self.wanted if len(self.wanted) == 1 else map("({})".format, self.wanted)
        )
