"""Make the demo of the Audience Studio, or remove the demo with all that was made of it."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError

from activations.demo import making, removal
from console.access import ADMIN
from console.quickstart import home

MADE = "segments and activations made: their first runs are on their way"
THERE = "segments and activations are there"


class Command(BaseCommand):
    help = (
        "Make what is missing of the demo in the Audience Studio: a parent segment for the "
        "marketer of a quickstart, segments and activations. With --remove, remove the whole "
        "demo, and all that was made of it."
    )

    def add_arguments(self, parser):
        parser.add_argument("--remove", action="store_true", help="remove the demo")
        parser.add_argument(
            "--begin",
            action="store_true",
            help="only make the parent segment and begin its refresh; wait for nothing",
        )

    def handle(self, *, remove, begin, **_):
        if not home.is_one():
            raise CommandError(f"{settings.HOME} is not the home of a quickstart: it has no demo.")
        if remove:
            self.remove()
        elif (parent := making.begin()) and not begin:
            self.finish(parent)

    def finish(self, parent):
        try:
            made = making.finish(parent)
        except making.NotMade as error:
            raise CommandError(str(error)) from None
        self.stdout.write(MADE if made else THERE)

    def remove(self):
        try:
            removal.remove(User.objects.filter(groups__name=ADMIN).order_by("pk").first())
        except removal.NotRemoved as error:
            raise CommandError(str(error)) from None
        self.stdout.write("The demo is removed. `quickstart --demo` makes it again.")
