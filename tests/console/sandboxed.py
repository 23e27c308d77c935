"""Runs many statements in one locked-down process: JSON in, a JSON list of what each gave out."""

import json
import sys

import _duckdb as duckdb

from console.engines import child, sandbox, work


class Session:
    """A locked connection, made anew once a statement may have changed it."""

    def __init__(self, request, checked):
        self.request, self.checked = request, checked
        self.open()

    def open(self):
        self.connection = child.connect().cursor()  # as a child that is forked has it
        child.lock(self.connection, self.request)
        work.prepare(self.connection, self.request | {"sql": ""})

    def outcome(self, sql):
        """Return what a statement gave, or None when it was refused."""
        try:
            if self.checked:
                work.check(self.connection, self.request | {"sql": sql})
            given = str(self.connection.execute(sql).fetchall())
        except (duckdb.Error, work.Complaint):
            return None
        self.connection.close()
        self.open()
        return given


def main():
    asked = json.load(sys.stdin)
    request = asked["request"]
    sandbox.limit_resources(request["memory_mb"], request["temp_mb"], 300)
    sandbox.confine(request["read"], [request["folder"]])
    session = Session(request, asked["checked"])
    sys.stdout.write(json.dumps([session.outcome(sql) for sql in asked["statements"]]))


if __name__ == "__main__":
    main()
