"""Our own icons as inline SVG: drawn here, coloured by the text around them, hidden from screen readers.

Every icon stands beside a word; none carries meaning alone.
"""

from __future__ import annotations

from markupsafe import Markup

PATHS: dict[str, str] = {
    "ear": '<path d="M7 9.5a5 5 0 0 1 10 0c0 2.4-1.2 3.4-2.3 4.6-.9 1-1.2 1.7-1.2 2.9a2.7 2.7 0 0 1-5 1.4"/>'
    '<path d="M9.8 9.6a2.2 2.2 0 1 1 3.6 1.7c-.7.6-1 1-1 1.9"/>',
    "critical": '<path d="M8.4 3h7.2L21 8.4v7.2L15.6 21H8.4L3 15.6V8.4z"/><path d="M12 7.5v5.5M12 16.4v.1"/>',
    "high": '<path d="M12 3.8 21.2 20H2.8z"/><path d="M12 10v4.5M12 17v.1"/>',
    "normal": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8v.1"/>',
    "low": '<path d="M5 12h14"/>',
    "inbox": '<path d="M4 13 6.5 5h11L20 13v6H4z"/><path d="M4 13h5a3 3 0 0 0 6 0h5"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>',
    "chart": '<path d="M4 4v16h16"/><path d="M8.5 16v-4M13 16V8M17.5 16v-6"/>',
    "source": '<path d="M12 18.5v.1M8.5 15a5 5 0 0 1 7 0M5.3 11.6a9.6 9.6 0 0 1 13.4 0"/>',
    "people": '<circle cx="9" cy="8.5" r="3.2"/><path d="M3 19c.6-3.4 3-5 6-5s5.400 1.600 6 5"/>'
    '<path d="M16 5.800a3 3 0 0 1 0 5.500M17.500 14.300c2 .6 3.100 2.200 3.500 4.700"/>',
    "rule": '<path d="M4 6h10M4 12h6M4 18h10"/><path d="m14.500 12 2.500 2.500L21.500 9"/>',
    "mail": '<rect x="3.500" y="5.500" width="17" height="13" rx="2"/><path d="m4 7 8 6 8-6"/>',
    "book": '<path d="M12 6.500C10 5 7.500 4.500 4 4.500v13c3.500 0 6 .5 8 2 2-1.500 4.500-2 8-2v-13'
    'c-3.500 0-6 .5-8 2z"/><path d="M12 6.500v13"/>',
    "user": '<circle cx="12" cy="8.500" r="3.700"/><path d="M4.500 20c.8-4 3.800-6 7.500-6s6.700 2 7.500 6"/>',
    "clock": '<circle cx="12" cy="12" r="8.500"/><path d="M12 7v5.200l3.300 2"/>',
    "check": '<path d="m5 12.500 4.500 4.500L19.500 7"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "reply": '<path d="M10 6 4 12l6 6"/><path d="M4.500 12H14c4 0 6 2 6 6"/>',
    "send": '<path d="M4 12 20 4.500 15.500 20l-4-6.500z"/><path d="M11.500 13.500 20 4.500"/>',
    "note": '<path d="M5 4h14v10l-5 6H5z"/><path d="M14 20v-6h5M8.500 8.500h7M8.500 12h4"/>',
    "link": '<path d="M13 5h6v6M19 5l-8.500 8.500"/><path d="M17 14v5H5V7h5"/>',
    "undo": '<path d="M8 5 4 9l4 4"/><path d="M4.500 9H14a5.500 5.500 0 0 1 0 11h-4"/>',
    "snooze": '<path d="M19.500 14.500A8 8 0 1 1 9.500 4.500a6.500 6.500 0 0 0 10 10z"/>',
    "spark": '<path d="M12 3.500 14 10l6.500 2-6.500 2-2 6.500-2-6.500-6.500-2L10 10z"/>',
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600 7 7M17 17l1.400 1.400'
    'M18.400 5.600 17 7M7 17l-1.400 1.400"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "out": '<path d="M14 4H5v16h9"/><path d="M10 12h10M16.500 8.500 20 12l-3.500 3.500"/>',
    "help": '<circle cx="12" cy="12" r="8.500"/><path d="M9.700 9.500a2.400 2.400 0 1 1 3.400 2.200'
    'c-.8.4-1.100.9-1.100 1.800M12 16.500v.1"/>',
    "eye": '<path d="M2.500 12C5 7.500 8.300 5.500 12 5.500s7 2 9.500 6.500'
    'c-2.500 4.500-5.800 6.500-9.500 6.500S5 16.500 2.500 12z"/>'
    '<circle cx="12" cy="12" r="2.800"/>',
    "heart": '<path d="M12 19.500C6 15.500 3.500 12.500 3.500 9.200 3.500 6.600 5.500 5 7.700 5'
    "c1.800 0 3.400 1 4.300 2.800C12.900 6 14.500 5 16.300 5"
    'c2.200 0 4.200 1.600 4.200 4.200 0 3.300-2.500 6.300-8.500 10.300z"/>',
    "chat": '<path d="M4 5h16v11h-8.500L7 20v-4H4z"/>',
    "warning": '<path d="M12 3.800 21.200 20H2.800z"/><path d="M12 10v4.500M12 17v.1"/>',
    "filter": '<path d="M4 5h16l-6 7.500V19l-4-2v-4.500z"/>',
}


def icon(name: str, size: int = 18) -> Markup:
    """Return an icon; KeyError for an unknown name, so that a typo shows at once."""
    return Markup(  # noqa: S704 - made of this file's own text
        f'<svg class="icon icon-{name}" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" '
        f'aria-hidden="true" focusable="false">{PATHS[name]}</svg>'
    )
