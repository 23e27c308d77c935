"""How many requests are under way to CleverTap, and what is noted of them meanwhile."""

import pytest

from integrations.delivery import MemoryJournal
from tests.integrations.clevertap import LIST, connector
from tests.servers import local_delivery, wait_until


@pytest.mark.parametrize(("threads", "most"), [(10, 10), (1, 1)])
def test_there_are_as_many_requests_at_once_as_asked_for(threads, most, account, export, result):
    account.switches.delay = 0.05
    rows = result(identity=list(range(20_000)))

    receipt, _ = export(rows, thread_count=threads)

    assert receipt.rows == len(account.store.read("profiles")) == 20_000
    assert account.most_under_way <= most
    assert threads == 1 or account.most_under_way > 1


class SlowJournal(MemoryJournal):
    """A journal on a disk that takes its time for the first batch: until others are under way."""

    def __init__(self, account):
        super().__init__()
        self.account = account

    def note(self, entry):
        if entry["batch"] == 0:
            self.account.most_under_way = 0
            wait_until(lambda: self.account.most_under_way == 2)
        self.write(entry)


def test_as_many_requests_are_under_way_while_a_batch_waits_for_the_disk(account, export, result):
    account.switches.delay = 0.05
    delivery = local_delivery(journal=SlowJournal(account))

    receipt, _ = export(result(identity=list(range(10_000))), delivery, thread_count=2)

    assert receipt.rows == 10_000
    assert account.most_under_way == 2


class CountingJournal(MemoryJournal):
    """A journal that knows how many batches were noted as sent that the account did not answer."""

    def __init__(self, account):
        super().__init__()
        self.account = account
        self.most = 0

    def write(self, entry):
        super().write(entry)
        sent = sum(each["is"] == "sent" for each in list(self.entries))
        self.most = max(self.most, sent - len(self.account.store.read("requests")))


def test_no_batch_that_waits_for_its_turn_is_noted_as_sent(account, export, result):
    account.switches.delay = 0.05
    journal = CountingJournal(account)
    rows = result(identity=list(range(20_000)), evtName=["Bought"] * 20_000)

    export(rows, local_delivery(journal=journal), target="user_events", thread_count=5)

    assert 2 <= journal.most <= 5
    assert len(account.store.read("events")) == 20_000


def test_rows_that_were_left_out_move_the_row_from_which_on_none_was_sent(account):
    profiles = connector(account, thread_count=5)
    answered = [{"batch": 3}, {"batch": 2}]

    assert profiles.reached([], 0) == 10_000
    assert profiles.reached(answered, 999) == 14_000
    assert profiles.reached(answered, 40_000) == 54_000
    assert connector(account, **LIST).reached([], 0) is None


def test_one_request_at_a_time_keeps_the_order_of_the_rows(account, export, result, soon):
    account.switches.faults = ["ok", "500", "429"]

    export(result(identity=list(range(5_000))), thread_count=1)

    assert [each["identity"] for each in account.store.read("profiles")] == [
        str(number) for number in range(5_000)
    ]


def test_other_operations_go_three_at_a_time(account, export, result):
    account.switches.delay = 0.02
    rows = result(identity=list(range(1_500)))

    export(rows, profile_operation="demerge", thread_count=10)

    assert account.most_under_way == 3
    assert len(account.store.read("demerged")) == 1_500
