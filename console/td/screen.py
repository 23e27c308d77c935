"""What td prints on, without the control characters that a terminal would obey."""

import re

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but the tab and the end of a line


class Screen:
    """A stream that names, SQL and messages of other people can be written to."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        return self.stream.write(CONTROL.sub("", text))

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def data(self, text):
        """Write a result in a format of files: as it is, unless a terminal shows it."""
        return self.write(text) if self.stream.isatty() else self.stream.write(text)

    def flush(self):
        self.stream.flush()
