"""Pages of a list, as every Google API gives them."""

from .routing import Problem


def page(items, size, token, default=100, largest=1000):
  """(items of the page, token of the next or None). Problem 400 where size or token make no sense."""
  try:
    size = int(size or 0)
    start = int(token[1:]) if token else 0
    if size < 0 or start < 0 or (token and token[0] != "P"):
      raise ValueError
  except ValueError:
    raise Problem(400, "Invalid page size or page token.") from None
  end = start + min(size or default, largest)
  return items[start:end], (f"P{end}" if end < len(items) else None)
