"""Fineman West, LiftLog and GuessLyfe as they stand in the cloud before anything is done to them: the seed of an emulator, for each environment.

`with Emulator("--with-postgres", project=project_of(SERVICE, ENV), seed=seed_of(SERVICE, ENV)) as emulator:`
Three revisions have served, the last one serves all; the newest good backup is an hour old, a failed one newer; rows and their counts are the emulator's fixtures.
"""

HOUR, DAY = 3600, 86400
PITR = {"enabled": True, "startTime": "02:00", "pointInTimeRecoveryEnabled": True}

SERVICES = {
  ("fineman-west", "staging"): {
    "project": "fineman-west-staging", "run": "fineman-west-backend-staging", "image": "gcr.io/fineman-west-staging/fineman-west-backend", "account": "fineman-west-staging",
    "sql": "fineman-west-staging", "tier": "db-f1-micro", "database": "fineman_west", "user": "app_user", "bucket": "fineman-west-staging-backups", "port": 8080},
  ("fineman-west", "production"): {
    "project": "fineman-west-production", "run": "fineman-west-backend-prod", "image": "gcr.io/fineman-west-production/fineman-west-backend", "account": "fineman-west-prod",
    "sql": "fineman-west-production", "tier": "db-custom-2-4096", "regional": True, "protected": True, "database": "fineman_west", "user": "app_user",
    "bucket": "fineman-west-backups", "port": 8080},
  ("liftlog", "staging"): {
    "project": "liftlog-staging", "run": "liftlog-python-backend-staging", "image": "ghcr.io/liftlog/python-backend", "account": "liftlog-backend", "sql": "liftlog-user-data-staging",
    "tier": "db-custom-1-3840", "database": "liftlog_user_data", "user": "liftlog_backend", "secrets": "staging", "port": 8000},
  ("liftlog", "production"): {
    "project": "liftlog-production", "run": "liftlog-python-backend-production", "image": "ghcr.io/liftlog/python-backend", "account": "liftlog-backend",
    "sql": "liftlog-user-data-production", "tier": "db-custom-4-15360", "regional": True, "database": "liftlog_user_data", "user": "liftlog_backend", "secrets": "production", "port": 8000},
  ("guesslyfe", "staging"): {
    "project": "guesslyfe-staging", "run": "guesslyfe-backend", "image": "us-docker.pkg.dev/guesslyfe-staging/app/guesslyfe-backend", "account": "guesslyfe-backend", "sql": "guesslyfe-db",
    "tier": "db-custom-1-3840", "database": "guesslyfe", "user": "postgres", "bucket": "guesslyfe-staging-backups", "redis_gb": 1, "port": 3000},
  ("guesslyfe", "production"): {
    "project": "guesslyfe-production", "run": "guesslyfe-backend", "image": "us-docker.pkg.dev/guesslyfe-production/app/guesslyfe-backend", "account": "guesslyfe-backend",
    "sql": "guesslyfe-db", "tier": "db-custom-2-8192", "regional": True, "database": "guesslyfe", "user": "postgres", "bucket": "guesslyfe-production-backups", "redis_gb": 2, "port": 3000},
}
PASSWORD = "the-first-password"
IMAGE_TAGS = ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0")  # the last is built and not deployed


def project_of(service, environment):
  return SERVICES[service, environment]["project"]


def seed_of(service, environment):
  """JSON for the emulator. What a revision needs comes before Cloud Run."""
  about = SERVICES[service, environment]
  project, email = about["project"], f"{about['account']}@{about['project']}.iam.gserviceaccount.com"
  settings = {"tier": about["tier"], "availabilityType": "REGIONAL" if about.get("regional") else "ZONAL", "backupConfiguration": PITR,
              "deletionProtectionEnabled": bool(about.get("protected"))}
  seed = {
    "services": [f"{name}.googleapis.com" for name in ("run", "sqladmin", "secretmanager", "logging", "monitoring", "redis", "vpcaccess", "compute", "iam")],
    "service_accounts": [about["account"]],
    "policy": {"bindings": [{"role": "roles/cloudsql.client", "members": [f"serviceAccount:{email}"]}]},
    "sql": {"instances": [{
      "name": about["sql"], "databaseVersion": "POSTGRES_15", "settings": settings, "databases": [{"name": about["database"], "fixture": service}],
      "users": [{"name": about["user"], "password": PASSWORD}], "recoverable_for": 3 * DAY,
      "backups": [{"age": 2 * DAY}, {"age": DAY}, {"age": HOUR}, {"age": HOUR // 2, "status": "FAILED"}]}]},
    "storage": {"buckets": {about["bucket"]: {}} if "bucket" in about else {}},
    "images": [{"image": f"{about['image']}:{tag}", "age": (4 - index) * DAY} for index, tag in enumerate(IMAGE_TAGS)],
  }
  annotations = {"run.googleapis.com/cloudsql-instances": f"{project}:us-central1:{about['sql']}"}
  if "secrets" in about:
    seed["secrets"] = {f"{name}-{about['secrets']}": [{"data": f"value of {name}", "age": 100 * DAY}] for name in ("openai-api-key", "web-auth-api-key", "google-play-email", "google-play-key")}
  if "redis_gb" in about:
    seed["redis"] = [{"name": "guesslyfe-redis", "tier": "STANDARD_HA", "memorySizeGb": about["redis_gb"]}]
    seed["connectors"] = [{"name": "guesslyfe-vpc-connector", "network": "default", "ipCidrRange": "10.8.0.0/28"}]
    seed["secrets"] = {"blockchain-rpc-url": ["https://rpc.example.com/first"]}
    annotations["run.googleapis.com/vpc-access-connector"] = "guesslyfe-vpc-connector"
  seed["run"] = {"region": "us-central1", "services": [{
    "name": about["run"], "image": f"{about['image']}:{IMAGE_TAGS[2]}", "env": {"ENVIRONMENT": environment, "FIXTURE": service}, "template_annotations": annotations, "port": about["port"],
    "service_account": email, "revisions": [{"image": f"{about['image']}:{tag}", "age_seconds": (3 - index) * DAY} for index, tag in enumerate(IMAGE_TAGS[:3])]}]}
  return seed
