"""What is within a Cloud SQL instance: its databases and users, and their way out to Cloud Storage and back."""

import gzip
import urllib.parse

from . import storage_state
from .postgres import literal
from .routing import Problem
from .sql_instances import invalid
from .sql_state import state


def handlers(world):
  def sql():
    return state(world)

  def databases(request, _, name):
    refresh(name)
    return {"kind": "sql#databasesList", "items": [each for _, each in sorted(sql().instance(name).databases.items())]}

  def refresh(name):
    """A database may also be made or dropped by SQL: what the server says counts."""
    instance = sql().instance(name)
    if sql().server:
      real = sql().server.databases(name)
      instance.databases = {each: instance.databases.get(each) or {"kind": "sql#database", "name": each, "instance": name, "project": world.project, "charset": "UTF8",
                                                                   "collation": "en_US.UTF8"} for each in real}
    return instance

  def database(request, _, name, database):
    found = refresh(name).databases
    if urllib.parse.unquote(database) not in found:
      raise Problem(404, "Not Found", reason="notFound")
    return found[urllib.parse.unquote(database)]

  def add_database(request, _, name):
    body = request.body or {}
    instance = refresh(name)
    wanted = body.get("name", "")
    if not wanted:
      raise invalid("The database has no name.")
    sql().check_length(name, wanted)
    if wanted in instance.databases:
      raise Problem(400, f'Invalid request: failed to create database {wanted}. Detail: pq: database "{wanted}" already exists.', reason="invalidRequest")
    return sql().begin(request, name, "CREATE_DATABASE", lambda: sql().add_database(name, wanted, body.get("charset", "UTF8"), body.get("collation", "en_US.UTF8")))

  def drop_database(request, _, name, given):
    database(request, _, name, given)
    wanted = urllib.parse.unquote(given)

    def work():
      if sql().server:
        sql().server.drop_database(name, wanted)
      sql().instances[name].databases.pop(wanted, None)
    return sql().begin(request, name, "DELETE_DATABASE", work)

  def users(request, _, name):
    return {"kind": "sql#usersList", "items": [each for _, each in sorted(sql().instance(name).users.items())]}

  def add_user(request, _, name):
    body = request.body or {}
    wanted = body.get("name", "")
    if wanted in sql().instance(name).users:
      raise Problem(409, f"The user {wanted} already exists.", reason="userAlreadyExists")
    if not wanted:
      raise invalid("The user has no name.")
    sql().check_length(name, wanted)
    return sql().begin(request, name, "CREATE_USER", lambda: sql().set_user(name, wanted, body.get("password")))

  def known_user(request, name):
    wanted = request.query.get("name", "")
    if wanted not in sql().instance(name).users:
      raise Problem(404, f"The user {wanted} does not exist.", reason="userDoesNotExist")
    return wanted

  def set_user(request, _, name):
    wanted = known_user(request, name)
    return sql().begin(request, name, "UPDATE_USER", lambda: sql().set_user(name, wanted, (request.body or {}).get("password")))

  def drop_user(request, _, name):
    wanted = known_user(request, name)

    def work():
      if sql().server:
        sql().server.drop_user(name, wanted)
      del sql().instances[name].users[wanted]
    return sql().begin(request, name, "DELETE_USER", work)

  def location(context):
    uri = context.get("uri", "")
    bucket, slash, name = uri.removeprefix("gs://").partition("/")
    if not uri.startswith("gs://") or not slash or not name:
      raise invalid(f"The URI {uri!r} names no object: gs://BUCKET/OBJECT is wanted.")
    return bucket, name

  def dumped(name, context, database):
    if context.get("fileType", "SQL") == "CSV":
      query = context.get("csvExportOptions", {}).get("selectQuery", "")
      return sql().server.postgres.sql(f"COPY ({query.rstrip('; ')}) TO STDOUT WITH (FORMAT csv)", f"{name}.{database}").encode() + b"\n"
    wanted = context.get("sqlExportOptions", {})
    options = [f"--table={table}" for table in wanted.get("tables", [])] + (["--schema-only"] if wanted.get("schemaOnly") else [])
    postgres = wanted.get("postgresExportOptions", {})
    options += (["--clean"] if postgres.get("clean") else []) + (["--if-exists"] if postgres.get("ifExists") else [])
    return sql().server.dump_text(name, database, *options)

  def transfer_failed(problem):
    return Problem(500, problem.message, reason="ERROR_RDBMS")

  def export(request, _, name):
    context = request.required("exportContext")
    bucket, key = location(context)
    known = refresh(name).databases
    chosen = context.get("databases") or sorted(known)
    for each in chosen:
      if each not in known:
        raise invalid(f"The database {each} does not exist.")

    def work():
      sql().must_have_rows()
      data = b"".join(dumped(name, context, each) for each in chosen)
      try:
        storage_state.state(world).put(bucket, key, gzip.compress(data, mtime=0) if key.endswith(".gz") else data, {"contentType": "application/octet-stream"})
      except Problem as problem:
        raise transfer_failed(problem) from None
    return sql().begin(request, name, "EXPORT", work, exportContext=dict(context, kind="sql#exportContext"))

  def import_(request, _, name):
    context = request.required("importContext")
    bucket, key = location(context)
    instance = refresh(name)
    database = context.get("database") or "postgres"
    if database not in instance.databases:
      raise invalid(f"The database {database} does not exist.")

    def work():
      sql().must_have_rows()
      try:
        data = storage_state.state(world).read(bucket, key)
      except Problem as problem:
        raise transfer_failed(problem) from None
      if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
      if context.get("fileType", "SQL") == "CSV":
        options = context.get("csvImportOptions", {})
        columns = f" ({', '.join(options['columns'])})" if options.get("columns") else ""
        data = f"COPY {options.get('table', '')}{columns} FROM STDIN WITH (FORMAT csv, DELIMITER {literal(',')});\n".encode() + data + b"\n\\.\n"
      sql().server.run_script(name, database, data)
      sql().keep(name)
    return sql().begin(request, name, "IMPORT", work, importContext=dict(context, kind="sql#importContext"))

  return {"databases": databases, "database": database, "add_database": add_database, "drop_database": drop_database, "users": users, "add_user": add_user,
          "set_user": set_user, "drop_user": drop_user, "export": export, "import": import_}
