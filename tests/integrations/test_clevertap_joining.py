"""Records are the same bytes, whether Arrow puts them together or the kernel."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connectors.clevertap import CleverTap
from integrations.connectors.clevertap.joining import by_arrow, way_for
from integrations.connectors.clevertap.records import records_of
from integrations.formats import warm
from integrations.formats.kernel.loading import WORTH_JOINING

TEXTS = st.text(max_size=6)
KINDS = {
    "identity": (pa.string(), TEXTS),
    "objectId": (pa.string(), TEXTS),
    "evtName": (pa.string(), TEXTS),
    "ts": (pa.int64(), st.integers(0, 2_000_000_000)),
    "type": (pa.string(), st.sampled_from(["email", "phone"])),
    "status": (pa.string(), st.sampled_from(["unsubscribe", "resubscribe"])),
    "value": (pa.string(), TEXTS),
    "id": (pa.string(), TEXTS),
    "note": (pa.string(), TEXTS),
    "when": (pa.string(), st.sampled_from(["2026-01-01T00:00:00Z", "x", '["a"]'])),
    "day": (pa.date32(), st.dates(dt.date(1970, 1, 1))),
    "spent": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "member": (pa.bool_(), st.booleans()),
    "tags": (pa.list_(pa.string()), st.lists(TEXTS, max_size=3)),
    "Items[0].price": (pa.int32(), st.integers(0, 99)),
}
OPERATIONS = {
    "upload_profiles": ({}, "identity ts note when day spent member tags"),
    "upload_tokens": ({"profile_operation": "upload_tokens"}, "objectId id type"),
    "demerge": ({"profile_operation": "demerge"}, "identity"),
    "subscribe": ({"profile_operation": "subscribe"}, "type value status"),
    "disassociate": ({"profile_operation": "disassociate"}, "value"),
    "user_events": (
        {"target": "user_events"},
        "objectId evtName ts note when day tags Items[0].price",
    ),
}


def column(name, rows, may_be_null):
    kind, values = KINDS[name]
    cells = st.one_of(st.none(), values) if may_be_null else values
    return st.lists(cells, min_size=rows, max_size=rows).map(lambda found: pa.array(found, kind))


@st.composite
def rows_of(draw, names):
    rows = draw(st.integers(1, 12))
    columns = {name: draw(column(name, rows, draw(st.booleans()))) for name in names}
    return pa.RecordBatch.from_pydict(columns).slice(draw(st.integers(0, rows - 1)))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_both_ways_give_the_same_records(operation):
    assert warm()
    given_settings, names = OPERATIONS[operation]
    form = CleverTap.Export.from_json(given_settings)
    assert not form.errors
    by_kernel = way_for(WORTH_JOINING)
    assert by_kernel is not by_arrow

    @settings(deadline=None)  # Other tests keep the machine busy.
    @given(rows_of(names.split()))
    def check(batch):
        records = records_of(batch, form.cleaned_data, by_kernel)
        assert records.equals(records_of(batch, form.cleaned_data))

    check()


def test_few_records_are_put_together_by_arrow():
    assert way_for(WORTH_JOINING - 1) is by_arrow
