"""The kernel is there before it is needed, loaded only where it pays, and never needed."""

from integrations.formats import warm
from integrations.formats.kernel import loading


def test_a_warm_process_has_the_kernel():
    assert warm()
    assert loading.kernel_writer()
