"""Whether a dry run tells the truth: it changes nothing, and what it predicts is what the run that follows sends."""

import json
import re

# A run's name, a dump's, the letters of a run's name at the end of what it made beside something, and those of a revision, which are made from its contents.
RUN = re.compile(r"(?<=-\d{5}-)[a-z]{3}\b|\b\d{8}-\d{4}-[a-z0-9]{5}\b|\b\d{8}T\d{6}Z-[0-9a-f]{8}\b|(?<=-)[a-hjkmnp-z02-9]{5}(?![\w-])")
LATER = re.compile(r"\(known (?:after|when|from|once)[^)]*\)|\(secret[^)]*\)")
READS_BY_POST = re.compile(r":(wait|testIamPermissions|getIamPolicy|list|query|batchGet)$|/entries:list$")


def mutations(requests):
  """Recorded requests that may change something, as [(method, url, body)]; a refused one counts as well."""
  found = []
  for each in requests:
    if each["method"] in ("GET", "HEAD") or READS_BY_POST.search(each["path"]) or "upload_id" in each["query"]:
      continue
    query = "&".join(f"{name}={value}" for name, value in sorted(each["query"].items()))
    found.append((each["method"], f"https://{each['host']}{each['path']}" + ("?" + query if query else ""), each["body"]))
  return found


def predicted(plan):
  """Requests that a plan shows, in order: [(method, url, body, step)]."""
  found = []
  for step in plan["steps"]:
    match = re.match(r"(POST|PUT|PATCH|DELETE) (https://[^/]+\.googleapis\.com/[^\n]*|\(known[^\n]*)", step["act"])
    if match:
      _, _, body = step["act"].partition("\n\n")
      found.append((match[1], match[2], parsed(body), step))
  return found


def parsed(body):
  if not body:
    return None
  try:
    return json.loads(body)
  except ValueError:
    return body


def normal(text):
  """A text in which the names that a run and its dump give themselves are RUN, and escapes of an address are undone."""
  return RUN.sub("RUN", text.replace("%2C", ",").replace("%2F", "/").replace("%3A", ":").replace("%40", "@"))


def instance(shown, sent):
  """Whether what was sent is what was shown, but for values that were marked as known later and secrets."""
  if isinstance(shown, str):
    if LATER.fullmatch(shown):
      return True
    if not isinstance(sent, str):
      return False
    if LATER.search(shown):
      return re.fullmatch(".*".join(re.escape(normal(part)) for part in LATER.split(shown)), normal(sent), re.S) is not None
    return normal(shown) == normal(sent)
  if isinstance(shown, dict):
    return isinstance(sent, dict) and all(name in sent and instance(value, sent[name]) for name, value in shown.items() if not name.startswith("(")) and (
      set(sent) <= set(shown) or any(name.startswith("(") for name in shown))
  if isinstance(shown, list):
    return isinstance(sent, list) and len(shown) == len(sent) and all(instance(a, b) for a, b in zip(shown, sent))
  return shown == sent


def same_address(shown, sent):
  def parts(url):
    path, _, query = url.partition("?")
    return path, "&".join(sorted(query.split("&"))) if query else ""
  return LATER.fullmatch(shown) is not None or all(instance(a, b) for a, b in zip(parts(normal(shown)), parts(normal(sent))))


def mismatches(plan, sent):
  """Sentences that say where the requests that were sent differ from those that the plan shows; empty where it told the truth."""
  problems, rest = [], list(sent)
  for method, url, body, step in predicted(plan):
    may_not_run = step["when"] not in ("runs",)
    # Whether something is there decides between making and changing it, so an address that is known later may come with another method.
    if rest and (rest[0][0] == method or url.startswith("(known")) and same_address(url, rest[0][1]) and (body is None and not rest[0][2] or instance(body, rest[0][2])):
      rest.pop(0)
      if "[*]" in step["path"]:
        while rest and rest[0][0] == method and same_address(url, rest[0][1]) and (body is None and not rest[0][2] or instance(body, rest[0][2])):
          rest.pop(0)
    elif not may_not_run and step["exact"]:
      problems.append(f"{step['path']} was to send {method} {url} {json.dumps(body)}, and what came was {rest[0] if rest else 'nothing'}")
      rest = rest[1:]
    # What is inexact may turn out to be as wanted already, and then nothing is sent.
    if LATER.search(step["act"]) and "(known after" in step["act"] and not step["waits_for"]:
      problems.append(f"{step['path']} shows something that is known later and names no step that it waits for")
  return problems + [f"nobody predicted {each[0]} {each[1]} {json.dumps(each[2])}" for each in rest]
