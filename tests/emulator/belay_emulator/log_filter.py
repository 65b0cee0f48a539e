"""The filter language of Cloud Logging (and, being close to it, of Cloud Monitoring), parsed and evaluated on an entry.

NOT binds strongest, then OR, then AND, as Logging's query language has it; two comparisons without a word between them are joined by AND.
A comparison with a payload field or label that an entry lacks does not hold, not even `!=`; NOT turns that round.
"""

import datetime
import re

SEVERITIES = {"DEFAULT": 0, "DEBUG": 100, "INFO": 200, "NOTICE": 300, "WARNING": 400, "ERROR": 500, "CRITICAL": 600, "ALERT": 700, "EMERGENCY": 800}
TOKEN = re.compile(r"""
  (?: (?P<quoted>"(?:[^"\\]|\\.)*") | (?P<operator>!=|>=|<=|=~|!~|=|>|<|:) | (?P<mark>[(),]) | (?P<minus>-(?=[^\s\d])) | (?P<word>[^\s"()=<>!:~,]+(?:"(?:[^"\\]|\\.)*"[^\s"()=<>!:~,]*)*) )
""", re.X)
BETWEEN = re.compile(r"(?:\s|--[^\n]*(?:\n|$))*")


class FilterError(Exception):
  """A filter that cannot be parsed; its text is for the caller."""


def tokens_of(text):
  found, at = [], BETWEEN.match(text).end()
  while at < len(text):
    match = TOKEN.match(text, at)
    if not match:
      raise FilterError(f"Unparseable filter: syntax error at line 1, column {at + 1}, token '{text[at:].strip()[:1]}'")
    found.append((match.lastgroup, match.group(match.lastgroup)))
    at = BETWEEN.match(text, match.end()).end()
  return found


def unquoted(text):
  return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match.group(1), match.group(1)), text[1:-1])


class Parser:
  def __init__(self, text):
    self.tokens, self.at = tokens_of(text), 0

  def peek(self):
    return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

  def take(self):
    token = self.peek()
    if token[0] is None:
      raise FilterError("Unparseable filter: unexpected end of the expression")
    self.at += 1
    return token

  def is_word(self, word):
    kind, text = self.peek()
    return kind == "word" and text == word

  def whole(self):
    if not self.tokens:
      return ("all",)
    node = self.conjunction()
    if self.at < len(self.tokens):
      raise FilterError(f"Unparseable filter: unexpected '{self.peek()[1]}'")
    return node

  def conjunction(self):
    parts = [self.disjunction()]
    while True:
      kind, text = self.peek()
      if kind is None or text == ")" and kind == "mark":
        break
      if self.is_word("AND"):
        self.take()
      parts.append(self.disjunction())
    return parts[0] if len(parts) == 1 else ("and", parts)

  def disjunction(self):
    parts = [self.negation()]
    while self.is_word("OR"):
      self.take()
      parts.append(self.negation())
    return parts[0] if len(parts) == 1 else ("or", parts)

  def negation(self):
    if self.is_word("NOT") or self.peek()[0] == "minus":
      self.take()
      return ("not", self.negation())
    if self.peek() == ("mark", "("):
      self.take()
      node = self.conjunction()
      self.close()
      return node
    return self.comparison()

  def close(self):
    if self.take() != ("mark", ")"):
      raise FilterError("Unparseable filter: a parenthesis is not closed")

  def comparison(self):
    kind, text = self.take()
    if kind not in ("word", "quoted"):
      raise FilterError(f"Unparseable filter: unexpected '{text}'")
    if kind == "word" and self.peek() == ("mark", "("):
      return ("call", text, self.arguments())
    if self.peek()[0] != "operator":
      return ("anywhere", unquoted(text) if kind == "quoted" else text)
    operator = self.take()[1]
    path = [unquoted(text)] if kind == "quoted" else path_of(text)
    if self.peek() == ("mark", "("):
      self.take()
      return self.values_of(path, operator)
    return ("compare", path, operator, self.value())

  def values_of(self, path, operator):
    """`field=(a OR b)`: each value is a comparison of the same field."""
    joins, parts = set(), [("compare", path, operator, self.value())]
    while self.peek() != ("mark", ")"):
      word = self.take()[1] if self.is_word("OR") or self.is_word("AND") else "AND"
      joins.add(word)
      parts.append(("compare", path, operator, self.value()))
    self.close()
    if len(joins) > 1:
      raise FilterError("Unparseable filter: AND and OR are mixed within one list of values")
    return ("or" if joins == {"OR"} else "and", parts)

  def value(self):
    kind, text = self.take()
    if kind == "quoted":
      return ("text", unquoted(text))
    if kind == "minus":
      return ("bare", "-" + self.take()[1])
    if kind != "word":
      raise FilterError(f"Unparseable filter: a value was expected, not '{text}'")
    if self.peek() == ("mark", "("):
      return ("call", text, self.arguments())
    # An unquoted time or name may hold colons: "10:00:00Z", "user:x".
    while self.peek() == ("operator", ":") and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][0] == "word":
      self.take()
      text += ":" + self.take()[1]
    return ("bare", text)

  def arguments(self):
    self.take()
    found = []
    while self.peek() != ("mark", ")"):
      if self.peek() == ("mark", ","):
        self.take()
        continue
      kind, text = self.take()
      found.append(unquoted(text) if kind == "quoted" else text)
    self.close()
    return found


def path_of(text):
  """`a.b."c.d"` as its parts."""
  return [unquoted(part) if part.startswith('"') else part for part in re.findall(r'"(?:[^"\\]|\\.)*"|[^."]+', text)]


def parse(text):
  """The tree of a filter; raises FilterError."""
  return Parser(text or "").whole()


def nanoseconds(text):
  """An RFC 3339 time as nanoseconds since 1970, or None."""
  match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(\.\d+)?(Z|z|[+-]\d\d:?\d\d)?)?", text or "")
  if not match:
    return None
  day, clock, fraction, zone = match.groups()
  zone = "+00:00" if zone in (None, "Z", "z") else zone
  try:
    moment = datetime.datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{zone}")
  except ValueError:
    return None
  return int(moment.timestamp()) * 10**9 + (int((fraction[1:] + "000000000")[:9]) if fraction else 0)


def mentions(node, field):
  """Whether a parsed filter compares that field anywhere."""
  if node[0] in ("and", "or"):
    return any(mentions(part, field) for part in node[1])
  if node[0] == "not":
    return mentions(node[1], field)
  return node[0] == "compare" and node[1] == [field]


def matches(node, entry):
  """Whether an entry (JSON of a LogEntry) is selected."""
  kind = node[0]
  if kind == "all":
    return True
  if kind == "and":
    return all(matches(part, entry) for part in node[1])
  if kind == "or":
    return any(matches(part, entry) for part in node[1])
  if kind == "not":
    return not matches(node[1], entry)
  if kind == "anywhere":
    return any(node[1].lower() in text.lower() for text in texts(entry))
  if kind == "call":
    return called(node[1], node[2], entry)
  return compares(node, entry)


def texts(value):
  if isinstance(value, dict):
    for inner in value.values():
      yield from texts(inner)
  elif isinstance(value, list):
    for inner in value:
      yield from texts(inner)
  elif value is not None:
    yield str(value).lower() if isinstance(value, bool) else str(value)


def called(name, arguments, entry):
  if name == "log_id" and len(arguments) == 1:
    return entry.get("logName", "").replace("%2F", "/").partition("/logs/")[2] == arguments[0]
  if name.upper() == "SEARCH" and arguments:
    return any(arguments[-1].lower() in text.lower() for text in texts(entry))
  raise FilterError(f"Unparseable filter: function '{name}' is not known")


def values_at(value, path):
  """Everything at a path; a list on the way stands for each of its elements."""
  if isinstance(value, list):
    for inner in value:
      yield from values_at(inner, path)
  elif not path:
    yield value
  elif isinstance(value, dict):
    if path[0] in value:
      yield from values_at(value[path[0]], path[1:])
    elif len(path) > 1 and ".".join(path) in value:
      yield value[".".join(path)]


def compares(node, entry):
  _, path, operator, (kind, *given) = node
  if kind == "call":
    return any(monitoring_call(given[0], given[1], found) for found in values_at(entry, path)) ^ (operator == "!=")
  wanted = given[0]
  if path == ["severity"]:
    return severity_compares(entry.get("severity", "DEFAULT"), operator, wanted)
  if operator == ":" and kind == "bare" and wanted == "*":
    return any(found is not None for found in values_at(entry, path))
  return any(one_compares(found, operator, wanted, path) for found in values_at(entry, path))


def monitoring_call(name, arguments, found):
  found = str(found)
  known = {"starts_with": lambda: found.startswith(arguments[0]), "ends_with": lambda: found.endswith(arguments[0]), "has_substring": lambda: arguments[0] in found,
             "one_of": lambda: found in arguments, "monitoring.regex.full_match": lambda: re.fullmatch(arguments[0], found) is not None}
  if name not in known:
    raise FilterError(f"Unparseable filter: function '{name}' is not known")
  return known[name]()


def severity_compares(found, operator, wanted):
  level = SEVERITIES.get(wanted.upper())
  if level is None and re.fullmatch(r"\d+", wanted):
    level = int(wanted)
  if level is None:
    raise FilterError(f"Unparseable filter: '{wanted}' is not a valid severity")
  return ordered(SEVERITIES.get(found, 0), "=" if operator == ":" else operator, level)


def ordered(found, operator, wanted):
  return {"=": found == wanted, "!=": found != wanted, "<": found < wanted, "<=": found <= wanted, ">": found > wanted, ">=": found >= wanted}.get(operator, False)


def one_compares(found, operator, wanted, path):
  if isinstance(found, dict):
    return operator == ":" and any(wanted.lower() in text.lower() for text in texts(found))
  if operator in ("=~", "!~"):
    return (re.search(wanted, str(found)) is not None) == (operator == "=~")
  if path[-1] in ("timestamp", "receiveTimestamp") and nanoseconds(str(found)) is not None:
    if nanoseconds(wanted) is None:
      raise FilterError(f"Unparseable filter: '{wanted}' is not a valid time")
    return ordered(nanoseconds(str(found)), operator, nanoseconds(wanted))
  if isinstance(found, bool):
    return wanted.lower() in ("true", "false") and ordered(found, "=" if operator == ":" else operator, wanted.lower() == "true")
  # Of an HTTP request, sizes and durations are text on the wire and numbers to the language.
  if isinstance(found, str) and path[0] == "httpRequest" and path[-1] in ("latency", "requestSize", "responseSize"):
    found, wanted = float(found.rstrip("s")), wanted.rstrip("s")
  if isinstance(found, (int, float)):
    try:
      return ordered(float(found), "=" if operator == ":" else operator, float(wanted))
    except ValueError:
      return False
  if operator == ":":
    return wanted.lower() in str(found).lower()
  return ordered(str(found).lower(), operator, wanted.lower())
