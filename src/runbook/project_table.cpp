#include "runbook/project_table.hpp"

namespace belay {

namespace {

constexpr std::string_view k_platforms[] = {"host", "compose", "cloud-run", "kubernetes"};
constexpr std::string_view k_endpoint_kinds[] = {"liveness", "readiness", "dependency", "endpoint"};
constexpr std::string_view k_states[] = {"local", "shared"};

constexpr Shape k_text{Form::text}, k_any{Form::any}, k_condition{Form::condition}, k_duration{Form::duration}, k_flag{Form::boolean}, k_number{Form::number}, k_count{Form::integer},
    k_path{Form::path}, k_secret{Form::secret};
constexpr Shape k_texts{.form = Form::list, .of = &k_text};
constexpr Shape k_conditions{.form = Form::list, .of = &k_condition, .otherwise = &k_condition};
constexpr Shape k_map{.form = Form::map, .of = &k_any};
constexpr Shape k_list{.form = Form::list, .of = &k_any};
constexpr Shape k_map_or_list{.form = Form::map, .of = &k_any, .otherwise = &k_list};

constexpr Key k_endpoint_keys[] = {
    {"name", k_text, "what it is called in results", true},
    {"url", k_text, "where it is", true},
    {"kind", {.form = Form::choice, .choices = k_endpoint_kinds}, "what a failure of it means", false, "endpoint"},
    {"expect", k_conditions, "what must hold of status, body, headers and took"},
    {"limit", k_duration, "how long it may take", false, "10s"},
    {"ca", k_path, "a file of certificates to trust beside the system's"},
};
constexpr Object k_endpoint{"an endpoint", "where the service answers, and what it must answer", k_endpoint_keys};
constexpr Shape k_endpoint_shape{.form = Form::object, .object = &k_endpoint};

constexpr Key k_database_keys[] = {
    {"host", k_text, "where it listens; a path: the folder of its socket"},
    {"port", k_count, "its port", false, "5432"},
    {"dbname", k_text, "the database's name", true},
    {"user", k_text, "the role"},
    {"password", k_secret, "a reference to the role's password"},
    {"sslmode", k_text, "how TLS is used, in libpq's words"},
    {"sslrootcert", k_path, "certificates to trust"},
    {"application_name", k_text, "how its sessions are named"},
    {"connect_timeout", k_count, "seconds until a connection is given up"},
};
constexpr Object k_database{"a database", "a database, in libpq's keywords, so that the map is an address", k_database_keys, false, true};
constexpr Shape k_database_shape{.form = Form::object, .object = &k_database};

constexpr Key k_objectives_keys[] = {
    {"recovery_point", k_duration, "how much may be lost: the newest recovery point is never older"},
    {"application", k_duration, "how long recovering the application may take"},
    {"database", k_duration, "how long recovering the database may take"},
    {"full", k_duration, "how long recovering everything may take"},
};
constexpr Object k_objectives{"the objectives", "what recovery must achieve", k_objectives_keys, true};

constexpr Key k_haproxy_keys[] = {
    {"socket", k_path, "the admin socket: a path, or tcp:host:port"},
    {"backend", k_text, "the backend that holds the service's servers"},
    {"servers", k_map_or_list, "the servers of the backend"},
};
constexpr Object k_haproxy{"the load balancer", "HAProxy in front of the service", k_haproxy_keys, true};
constexpr Key k_supervisor_keys[] = {{"config", k_path, "supervisor's configuration file"}};
constexpr Object k_supervisor{"the supervisor", "what keeps the service's processes", k_supervisor_keys, true};
constexpr Key k_host_keys[] = {
    {"root", k_path, "the folder that holds releases and the current link"},
    {"supervisor", {.form = Form::object, .object = &k_supervisor}, "what keeps the processes"},
    {"haproxy", {.form = Form::object, .object = &k_haproxy}, "the load balancer"},
    {"ports", k_map_or_list, "the ports of the instances"},
    {"command", k_texts, "how an instance is started"},
    {"environment", k_map, "variables of an instance"},
};
constexpr Object k_host{"the host", "how the service runs on a host", k_host_keys, true};

constexpr Shape k_texts_by_name{.form = Form::map, .of = &k_text};
constexpr Key k_run_keys[] = {
    {"service", k_text, "the Cloud Run service"},
    {"image", k_text, "the image without its tag"},
    {"service_account", k_text, "the account that its revisions run as: a name in the project, or an address"},
    {"cpu", k_text, "processors of an instance, as Cloud Run writes them (2, 1000m)"},
    {"memory", k_text, "memory of an instance (4Gi)"},
    {"concurrency", k_count, "requests that one instance takes at once"},
    {"timeout", k_duration, "how long a request may take"},
    {"port", k_count, "the port that the container listens on"},
    {"min_instances", k_count, "instances kept ready"},
    {"max_instances", k_count, "instances at most"},
    {"ingress", k_text, "who may reach it: all, internal, internal-and-cloud-load-balancing"},
    {"connector", k_text, "the VPC connector of its revisions"},
    {"public", k_flag, "whether anybody may call it"},
    {"env", k_texts_by_name, "variables that a deploy sets; others are kept"},
    {"secrets", k_texts_by_name, "variables that hold a secret: NAME:VERSION of Secret Manager"},
};
constexpr Object k_run{"the Cloud Run service", "how revisions are made", k_run_keys, true};
constexpr Key k_sql_keys[] = {
    {"instance", k_text, "the Cloud SQL instance"},
    {"database", k_text, "the service's database on it"},
    {"user", k_text, "the service's role on it"},
    {"password", k_secret, "a reference to the role's password"},
    {"version", k_text, "the server (POSTGRES_15)"},
    {"tier", k_text, "the machine (db-custom-2-4096)"},
    {"availability", k_text, "ZONAL, or REGIONAL with a standby"},
    {"storage_gb", k_count, "the disk, in GB"},
    {"backup_start", k_text, "when the daily backup begins, in UTC (02:00)"},
    {"deletion_protection", k_flag, "whether deleting it is refused"},
};
constexpr Object k_sql{"the Cloud SQL instance", "the service's database server", k_sql_keys, true};
constexpr Key k_gcp_keys[] = {
    {"project", k_text, "the project's id"},
    {"region", k_text, "where the service runs"},
    {"run", {.form = Form::object, .object = &k_run}, "the Cloud Run service"},
    {"sql", {.form = Form::object, .object = &k_sql}, "the Cloud SQL instance"},
    {"redis", k_map, "the Memorystore instance: instance, size_gb"},
    {"connector", k_map, "the VPC connector: name, network, range"},
    {"bucket", k_text, "the bucket of exports"},
    {"apis", k_texts, "services of Google that it needs"},
    {"roles", k_texts, "roles that its account must have in the project"},
};
constexpr Object k_gcp{"the Google Cloud project", "where and how the service runs on Google Cloud", k_gcp_keys, true};

constexpr Key k_backup_keys[] = {
    {"folder", k_path, "where backups are kept"},
    {"keep", k_any, "how many, or for how long"},
    {"database", k_text, "which of the databases is backed up"},
};
constexpr Object k_backup{"the backups", "where backups are and how long they stay", k_backup_keys, true};

constexpr Shape k_secrets{.form = Form::map, .of = &k_secret};
constexpr Shape k_databases{.form = Form::map, .of = &k_database_shape};
constexpr Shape k_endpoints{.form = Form::list, .of = &k_endpoint_shape};
constexpr Shape k_overrides{.form = Form::map, .of = &k_text};

// One row a setting; every table of settings below holds them all.
#define BELAY_SETTINGS                                                                                                                   \
  {"title", k_text, "what it is, in one line"}, {"platform", {.form = Form::choice, .choices = k_platforms}, "how the service runs"},    \
      {"endpoints", k_endpoints, "where it answers"}, {"databases", k_databases, "its databases, by name"},                              \
      {"thresholds", k_map, "what is normal and what is alarming, by metric"}, {"severity", k_map_or_list, "its scheme of severities"},  \
      {"roles", k_map_or_list, "who does what in an incident"}, {"contacts", k_map_or_list, "whom to reach, and how"},                   \
      {"objectives", {.form = Form::object, .object = &k_objectives}, "what recovery must achieve"},                                     \
      {"secrets", k_secrets, "references to secrets, by name"}, {"host", {.form = Form::object, .object = &k_host}, "platform host"},    \
      {"gcp", {.form = Form::object, .object = &k_gcp}, "platform cloud-run"},                                                             \
      {"backup", {.form = Form::object, .object = &k_backup}, "where backups are"}, {"vars", k_map, "whatever its runbooks need"},       \
      {"metrics", k_map, "where its metrics are"}, {"runbooks", k_overrides, "the runbook of a procedure, where it is not the platform's"}

constexpr Key k_defaults_keys[] = {BELAY_SETTINGS};
constexpr Key k_service_environment_keys[] = {
    BELAY_SETTINGS, {"url", k_text, "where people and checks reach it"}, {"protected", k_flag, "changing it wants its name typed, or a second person"}};
constexpr Shape k_service_environment{.form = Form::object, .object = &k_service_environment_object};
constexpr Key k_service_keys[] = {{"service", k_text, "its name, like the file's", true},
                                  BELAY_SETTINGS,
                                  {"environments", {.form = Form::map, .of = &k_service_environment}, "what differs in each environment", true}};
#undef BELAY_SETTINGS

constexpr Key k_window_keys[] = {
    {"from", k_text, "when it begins: a time with its offset (2026-12-20T18:00+01:00), or one of each week (Fri 16:00)", true},
    {"to", k_text, "when it ends, written in the same way", true},
    {"zone", k_text, "the time zone of weekly windows: a name such as Europe/Berlin, or an offset", false, "UTC"},
    {"reason", k_text, "why, for those whom it refuses"},
};
constexpr Object k_window{"a freeze window", "a time in which nothing is changed", k_window_keys};
constexpr Shape k_window_shape{.form = Form::object, .object = &k_window};
constexpr Key k_guard_keys[] = {
    {"host", k_text, "the host's name must be this"},
    {"project", k_text, "the cloud project must be this"},
    {"cluster", k_text, "the cluster must be this"},
    {"database", k_text, "the database that is connected to must be this"},
    {"role", k_text, "the database role must be this"},
};
constexpr Object k_guards{"the context guards", "checked right before each destroying step", k_guard_keys};
constexpr Key k_project_environment_keys[] = {
    {"protected", k_flag, "changing it wants its name typed, or a second person", false, "false"},
    {"freeze", {.form = Form::list, .of = &k_window_shape}, "when nothing is changed"},
    {"guards", {.form = Form::object, .object = &k_guards}, "what must be true of where belay acts"},
    {"state", {.form = Form::choice, .choices = k_states}, "local: it may be changed with this machine's own state, though protected"},
};
constexpr Shape k_project_environment{.form = Form::object, .object = &k_project_environment_object};
constexpr Shape k_defaults{.form = Form::object, .object = &k_defaults_object};
constexpr Shape k_read_commands{.form = Form::list, .of = &k_texts};
constexpr Key k_project_keys[] = {
    {"project", k_text, "its name", true},
    {"defaults", k_defaults, "settings of every service that says nothing else"},
    {"environments", {.form = Form::map, .of = &k_project_environment}, "the environments that there are"},
    {"state", k_text, "where journals and claims are kept: a URL; without it, this machine's own"},
    {"notifiers", k_map, "where messages go"},
    {"read_commands", k_read_commands, "beginnings of commands that only read, so that a dry run may run them"},
};

} // namespace

const Object k_defaults_object{"the defaults", "settings of every service that says nothing else", k_defaults_keys};
const Object k_service_environment_object{"an environment of a service", "what differs in this environment", k_service_environment_keys};
const Object k_service_object{"a service", "what is operated, and where", k_service_keys};
const Object k_project_environment_object{"an environment", "rules of an environment", k_project_environment_keys};
const Object k_project_object{"belay.yaml", "a project", k_project_keys};

} // namespace belay
