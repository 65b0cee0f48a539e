"""The real rows of emulated Cloud SQL instances: database `app` of instance `db1` is the database `db1.app` of one PostgreSQL server.

Every user of an instance acts as that instance's one owner role, so that what a backup brings back belongs to whoever logs in.
"""

import os
import shutil

from .postgres import Postgres, SqlError, identifier, literal
from .postgres_cluster import PostgresCluster


class SqlServer:
  """Lasts as long as the emulator. `how`: "own" for a server of the emulator's, else a conninfo."""

  def __init__(self, folder, how):
    self._cluster = PostgresCluster(folder) if how == "own" else None
    self.postgres = Postgres(folder, self._cluster.conninfo if self._cluster else how)
    self._instances = set()

  def close(self):
    """Removes every database and role that it made, and the server where it is its own."""
    if self._cluster:
      self._cluster.close()
      return
    for instance in sorted(self._instances):
      self.drop_instance(instance)

  def make_instance(self, instance):
    self.drop_instance(instance)  # what an earlier world left
    self._instances.add(instance)
    # As Cloud SQL's own superuser, which sees every session and may end it.
    self.postgres.sql(f"CREATE ROLE {identifier(owner_of(instance))} NOLOGIN IN ROLE pg_monitor, pg_signal_backend")

  def drop_instance(self, instance):
    for database in self.databases(instance):
      self.postgres.drop_database(f"{instance}.{database}")
    roles = self.postgres.sql(f"SELECT rolname FROM pg_roles WHERE starts_with(rolname, {literal(instance + '.')})").split("\n")
    if roles != [""]:
      self.postgres.sql("".join(f"DROP ROLE {identifier(role)};" for role in roles))
    self._instances.discard(instance)

  def databases(self, instance):
    return self.postgres.databases(instance + ".")

  def add_database(self, instance, database):
    self.postgres.create_database(f"{instance}.{database}", owner_of(instance))

  def drop_database(self, instance, database):
    self.postgres.drop_database(f"{instance}.{database}")

  def run_script(self, instance, database, text):
    """Executes SQL text as the users of the instance would, up to the first error: as in Cloud SQL, what came before it stays."""
    self.postgres.run_script(f"{instance}.{database}", text, owner_of(instance))

  def add_extensions(self, instance, database, names):
    """Those of which Cloud SQL lets its users make what PostgreSQL itself leaves to superusers."""
    for name in names:
      self.postgres.sql(f"CREATE EXTENSION {identifier(name)}", f"{instance}.{database}")

  def dump_text(self, instance, database, *options):
    return self.postgres.dump_text(f"{instance}.{database}", *options)

  def end_sessions(self, instance):
    self.postgres.end_sessions(instance + ".")

  def set_user(self, instance, user, password):
    """Makes the login role where it is missing. `password`: clear text or a SCRAM verifier; None takes it away."""
    role = identifier(f"{instance}.{user}")
    secret = "NULL" if password is None else literal(password)
    known = self.postgres.sql(f"SELECT 1 FROM pg_roles WHERE rolname = {literal(f'{instance}.{user}')}")
    if known:
      self.postgres.sql(f"ALTER ROLE {role} PASSWORD {secret}")
    else:
      owner = identifier(owner_of(instance))
      self.postgres.sql(f"CREATE ROLE {role} LOGIN PASSWORD {secret} IN ROLE {owner}; ALTER ROLE {role} SET role TO {owner}")

  def drop_user(self, instance, user):
    self.postgres.sql(f"DROP ROLE IF EXISTS {identifier(f'{instance}.{user}')}")

  def save(self, instance, folder):
    """Dumps every database into the folder and gives what `load` needs: names with files, users with verifiers."""
    os.makedirs(folder, exist_ok=True)
    saved = {"databases": [], "users": [], "bytes": 0}
    for number, database in enumerate(self.databases(instance)):
      path = os.path.join(folder, f"{number}.dump")
      self.postgres.dump(f"{instance}.{database}", path)
      saved["databases"].append([database, path])
      saved["bytes"] += os.path.getsize(path)
    rows = self.postgres.sql(f"SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin AND starts_with(rolname, {literal(instance + '.')}) ORDER BY 1").split("\n")
    saved["users"] = [[row.split("|")[0][len(instance) + 1:], row.split("|", 1)[1] or None] for row in rows if row]
    return saved

  def load(self, instance, saved):
    """Puts what was saved in the place of everything that the instance holds."""
    for database in self.databases(instance):
      self.drop_database(instance, database)
    for database, path in saved["databases"]:
      if not os.path.exists(path):
        raise SqlError(f"the dump of database {database} is gone")
      self.add_database(instance, database)
      self.postgres.restore(f"{instance}.{database}", path, owner_of(instance))
    for user, verifier in saved["users"]:
      self.set_user(instance, user, verifier)


def owner_of(instance):
  return instance + ".cloudsqlsuperuser"


def forget(saved):
  """Deletes the files of a save."""
  for folder in {os.path.dirname(path) for _, path in saved["databases"]}:
    shutil.rmtree(folder, ignore_errors=True)
