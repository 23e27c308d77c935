import pytest

from integrations.connectors.remote_name import BadName, sequence


# What Java's String.format makes of it.
@pytest.mark.parametrize(
    ("format_", "numbers", "text"),
    [
        ("%03d.%02d.", (0, 0), "000.00."),
        (".%03d.%02d", (1, 2), ".001.02"),
        (".%01d%01d", (0, 0), ".00"),
        ("", (0, 0), ""),
        ("_%2$d", (3, 4), "_4"),
        ("%03d", (7, 9), "007"),
        ("%2$d-%d-%1$d-%d", (3, 4), "4-3-3-4"),
        ("%+d|% d|%5d|%-5d|", (3, 4), None),
        ("%+d|% d", (3, 4), "+3| 4"),
        ("%5d|%-5d|", (3, 4), "    3|4    |"),
        ("%+04d", (3, 4), "+003"),
        ("%+-4d|", (3, 4), "+3  |"),
        ("100%%", (3, 4), "100%"),
    ],
)
def test_numbers_are_formatted_as_in_java(format_, numbers, text):
    if text is None:
        with pytest.raises(BadName, match="asks for more than 2 numbers"):
            sequence(format_, *numbers)
    else:
        assert sequence(format_, *numbers) == text


@pytest.mark.parametrize(
    ("format_", "piece"), [("%s-%s", "%s"), (".%02x", "%02x"), ("%d-%", "%"), ("%1$ld", "%1$l")]
)
def test_a_refusal_names_the_piece_that_is_wrong(format_, piece):
    with pytest.raises(BadName) as caught:
        sequence(format_, 0, 0)
    assert str(caught.value).startswith(f"'{piece}' is not a number format.")


@pytest.mark.parametrize("width", ["256", "0999999999", "1" + "0" * 40])
def test_a_number_wider_than_a_name_is_refused_before_it_is_made(width):
    with pytest.raises(BadName, match="makes a name longer than 255 bytes"):
        sequence(f"%{width}d", 0, 0)
    assert len(sequence("%0255d", 0, 0)) == 255


@pytest.mark.parametrize(
    "format_", ["%s-%s-%s", "%", "abc%", "%-d", "%0d", "%-05d", "%+ d", "%00d"]
)
def test_what_java_refuses_is_refused(format_):
    with pytest.raises(BadName):
        sequence(format_, 0, 0)
