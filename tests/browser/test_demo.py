"""What a person sees of the demo first: charts, what fails and why, and the way to be rid of it."""

from django.contrib.auth.models import User

from activations.demo.deliveries import WIN_BACK, WITHOUT_IDENTITY


def test_the_first_page_has_charts_and_the_demo_can_be_removed(
    studio_of_demo, home, settings, as_user, good_page
):
    settings.SANDBOX_DIR = home / "sandbox/files"
    page = as_user(studio_of_demo.owner, "/")

    assert page.locator(".chart .success:not([height='0.00'])").count() == 30
    assert page.locator(".chart .failed:not([height='0.00'])").count() == 3
    assert page.get_by_role("link", name=WITHOUT_IDENTITY.name).count()
    assert page.get_by_text('There is no column "identity"').count()
    good_page(page, "demo-home")

    page = as_user(User.objects.get(username="admin"), "/integrations/sandbox/")
    assert page.get_by_role("link", name="win_back/").count() == 1
    assert page.get_by_role("heading", name="Log in with an authentication").count() == 1
    good_page(page, "sandbox")
    page.get_by_role("link", name="Remove the demo…").click()
    page.get_by_text(WIN_BACK.name).wait_for()
    good_page(page, "demo-remove")
    page.get_by_role("button", name="Remove the demo").click()

    page.get_by_text("The demo is removed.").wait_for()
    assert page.get_by_text("No job has ended in the last 30 days.").count()
