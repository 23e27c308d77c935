"""How a delivery ends of which CleverTap did not take, or did not answer, all."""

from integrations.connectors.clevertap.progress import Progress
from integrations.connectors.clevertap.silence import Unheard
from integrations.errors import PermanentError


def records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"


def stop_at(count: int, why: tuple[str, str] | None) -> PermanentError:
    end = f", so the job stopped. {why[1]}" if why else " without saying which, so the job stopped."
    return PermanentError(
        f"CleverTap refused {records(count)}{end}",
        remedy="Mend the query: the page of the job lists the rows with what is wrong with each. "
        "Or let the export skip invalid records. What was delivered before is not sent again.",
    )


def check_answered(progress: Progress, rows: int) -> None:
    """Raise PermanentError where CleverTap took none of the rows for sure, and may have some."""
    if progress.unknown and not progress.taken:
        raise PermanentError(
            f"CleverTap never answered for {progress.unknown:,} of the {rows:,} rows, so it may "
            "have taken them, and it took no others.",
            remedy="See in CleverTap whether they are there before you send them again.",
        )


def check_whole(progress: Progress, rows: int) -> None:
    """Raise PermanentError where CleverTap refused one of the rows, in whichever attempt."""
    if refused := rows - progress.taken - progress.unknown:
        raise PermanentError(
            f"CleverTap refused {refused:,} of the {rows:,} rows. All others have been sent.",
            remedy="The page of the job lists the rows with what is wrong with each. Mend them and "
            "send these again; or let the export skip invalid records.",
        )


def counted(error: Unheard, progress: Progress, rows: int) -> Unheard:
    """Return the error with what became of so many rows, in whichever attempt."""
    unsent = max(rows - progress.taken - progress.unknown - progress.refused, 0)
    refused = f" and refused {progress.refused:,}" if progress.refused else ""
    return Unheard(
        f"{error} CleverTap has taken {progress.taken:,} of the {rows:,} rows{refused}; "
        f"{progress.unknown:,} got no answer and may be there; {unsent:,} were not sent.",
        remedy="See whether CleverTap answers again. Retry then sends those that were not sent.",
    )
