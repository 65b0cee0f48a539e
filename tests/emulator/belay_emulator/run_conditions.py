"""Conditions as each version of the API shows them."""

from .clock import stamp

STATES = {"True": "CONDITION_SUCCEEDED", "False": "CONDITION_FAILED", "Unknown": "CONDITION_RECONCILING"}
# Knative's reason, and the member of a v2 condition that holds it with its word there.
REASONS = {
  "ContainerMissing": ("reason", "CONTAINER_MISSING"), "SecretsAccessCheckFailed": ("reason", "SECRETS_ACCESS_CHECK_FAILED"),
  "VpcNetworkNotFound": ("reason", "VPC_NETWORK_NOT_FOUND"), "RevisionFailed": ("reason", "REVISION_FAILED"),
  "RevisionMissing": ("reason", "REVISION_FAILED"),
  "HealthCheckContainerError": ("revisionReason", "HEALTH_CHECK_CONTAINER_ERROR"), "Retired": ("revisionReason", "RETIRED"),
  "NonZeroExitCode": ("executionReason", "NON_ZERO_EXIT_CODE"), "Cancelled": ("executionReason", "CANCELLED"),
}


def to_v1(condition):
  out = {"type": condition.type, "status": condition.status, "lastTransitionTime": stamp(condition.since)}
  for name, value in (("reason", condition.reason), ("message", condition.message), ("severity", condition.severity)):
    if value:
      out[name] = value
  return out


def to_v2(condition):
  out = {"type": condition.type, "state": STATES[condition.status], "lastTransitionTime": stamp(condition.since)}
  if condition.message:
    out["message"] = condition.message
  if condition.severity:
    out["severity"] = condition.severity.upper()
  if condition.reason in REASONS:
    member, word = REASONS[condition.reason]
    out[member] = word
  return out
