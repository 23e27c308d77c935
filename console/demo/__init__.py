"""What a console for trying out holds beside its data: people, a destination, saved queries."""

from console.demo.objects import Sandbox, make

__all__ = ["Sandbox", "make"]
