"""Make the parent segment of the demo data."""

from django.contrib.auth.models import Group, User
from django.core.management import BaseCommand

from activations.parents import demo
from console.access import MARKETER


class Command(BaseCommand):
    help = (
        "Make the parent segment of the demo data for the marketer of a quickstart, and begin "
        "its first refresh. What is there already stays as it is."
    )

    def handle(self, **_):
        owner = User.objects.filter(username=MARKETER).first()
        if owner and demo.can_make(owner):
            demo.make(owner, readers=Group.objects.filter(name=MARKETER))
