"""The console: the project, and the Data Workbench."""

VERSION = "0.1.0"
