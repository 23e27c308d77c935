"""The `td` command: the options and the output of Treasure Data's own, over this console."""
