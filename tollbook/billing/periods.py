"""The periods that fees are for: days, weeks, months, quarters and years of the calendar, as `[begin, end)`."""

from calendar import monthrange
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
MONTHS = {"month": 1, "quarter": 3, "year": 12}  # of the periods that are made of months


def period_of(period: str, day: date) -> tuple[date, date]:
    """The period (`FeePeriod`) that a day is in; a week begins on Monday."""
    if period == "day":
        return day, day + ONE_DAY
    if period == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    months = MONTHS[period]
    begin = date(day.year, (day.month - 1) // months * months + 1, 1)
    return begin, months_later(begin, months)


def periods_later(period: str, day: date, count: int) -> date:
    """The same day so many periods later: a month after 31 January is the last day of February."""
    if period in MONTHS:
        return months_later(day, count * MONTHS[period])
    return day + timedelta(days=count * (7 if period == "week" else 1))


def months_later(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
