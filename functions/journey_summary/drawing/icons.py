"""What stands for an achievement's icon on paper."""

from __future__ import annotations

_ICONS = {
    "flag": "🚩", "stack": "📚", "tower": "🗼", "check": "✅", "check-double": "☑", "medal": "🏅",
    "trophy": "🏆", "target": "🎯", "bullseye": "🎯", "rotate": "🔄", "refresh": "🔁",
    "compass": "🧭", "mountain": "⛰", "book": "📖", "books": "📚", "library": "🏛", "star": "⭐",
    "stars": "🌟", "sparkles": "✨", "box": "📦", "boxes": "🧰", "map": "🗺", "globe": "🌍",
    "ship": "🚢", "hats": "🎩", "tools": "🛠", "seedling": "🌱", "plant": "🌿", "tree": "🌳",
    "calculator": "🧮", "pen": "🖋", "flask": "🧪", "landmark": "🏛", "circle-quarters": "🎡",
    "flame": "🔥", "calendar-week": "📅", "calendar": "📆", "sun": "☀", "clock": "⏰",
    "house": "🏠", "shield": "🛡", "crown": "👑", "gem": "💎",
}  # fmt: skip


def icon_of(name: str) -> str:
    """The sign for an icon of the catalogue; a medal for one that is new."""
    return _ICONS.get(name, "🏅")
