"""The formats of dates in texts that CleverTap names."""

UNIX = "Unix"
TIME = r"(?: (?P<time>\d{1,2}:\d{1,2}:\d{1,2}))?$"
# CleverTap's name -> that of strptime, and what a text of it looks like.
FORMATS = {
    "dd/MM/yyyy HH:mm:ss": ("%d/%m/%Y", r"^(?P<day>\d{1,2})/\d{1,2}/\d{4}"),
    "MM/dd/yyyy HH:mm:ss": ("%m/%d/%Y", r"^\d{1,2}/(?P<day>\d{1,2})/\d{4}"),
    "yyyy/dd/MM HH:mm:ss": ("%Y/%d/%m", r"^\d{4}/(?P<day>\d{1,2})/\d{1,2}"),
    "yyyy/MM/dd HH:mm:ss": ("%Y/%m/%d", r"^\d{4}/\d{1,2}/(?P<day>\d{1,2})"),
    "dd MMM yyyy HH:mm:ss": ("%d %b %Y", r"^(?P<day>\d{1,2}) \pL{3} \d{4}"),
    UNIX: ("", ""),
}
NO_TIME = "00:00:01"  # what CleverTap stores where a date comes without one
