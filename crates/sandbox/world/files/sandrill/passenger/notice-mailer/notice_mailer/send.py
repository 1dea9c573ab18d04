"""Renders a notice and hands it to the mail relay. Knows nothing of bookings."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
)


@dataclass(frozen=True)
class Notice:
    booking: str
    language: str
    template: str
    values: dict[str, str]


def render(notice: Notice) -> str:
    template = TEMPLATES.get_template(f"{notice.language}/{notice.template}.html")
    return template.render(booking=notice.booking, **notice.values)
