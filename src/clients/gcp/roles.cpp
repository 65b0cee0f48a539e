#include "clients/gcp/rest.hpp"

namespace belay::gcp {
namespace {

struct Row {
  std::string_view prefix, suffix, role;
};
// The first row that fits, so the particular stands before the general (Google's reference of predefined roles).
constexpr Row k_roles[] = {
    {"run.", ".setIamPolicy", "roles/run.admin"},
    {"run.", ".get", "roles/run.viewer"},
    {"run.", ".list", "roles/run.viewer"},
    {"run.", "", "roles/run.developer"},
    {"iam.serviceAccounts.actAs", "", "roles/iam.serviceAccountUser"},
    {"iam.serviceAccounts.getAccessToken", "", "roles/iam.serviceAccountTokenCreator"},
    {"iam.serviceAccountKeys.", "", "roles/iam.serviceAccountKeyAdmin"},
    {"iam.serviceAccounts.", "", "roles/iam.serviceAccountAdmin"},
    {"cloudsql.instances.connect", "", "roles/cloudsql.client"},
    {"cloudsql.", ".get", "roles/cloudsql.viewer"},
    {"cloudsql.", ".list", "roles/cloudsql.viewer"},
    {"cloudsql.backupRuns.create", "", "roles/cloudsql.editor"},
    {"cloudsql.instances.restart", "", "roles/cloudsql.editor"},
    {"cloudsql.instances.update", "", "roles/cloudsql.editor"},
    {"cloudsql.", "", "roles/cloudsql.admin"},
    {"secretmanager.versions.access", "", "roles/secretmanager.secretAccessor"},
    {"secretmanager.versions.add", "", "roles/secretmanager.secretVersionAdder"},
    {"secretmanager.versions.", ".get", "roles/secretmanager.viewer"},
    {"secretmanager.", ".list", "roles/secretmanager.viewer"},
    {"secretmanager.secrets.get", "", "roles/secretmanager.viewer"},
    {"secretmanager.versions.", "", "roles/secretmanager.secretVersionManager"},
    {"secretmanager.", "", "roles/secretmanager.admin"},
    {"storage.objects.get", "", "roles/storage.objectViewer"},
    {"storage.objects.list", "", "roles/storage.objectViewer"},
    {"storage.objects.create", "", "roles/storage.objectCreator"},
    {"storage.objects.", "", "roles/storage.objectUser"},
    {"storage.", "", "roles/storage.admin"},
    {"logging.logEntries.list", "", "roles/logging.viewer"},
    {"logging.logEntries.create", "", "roles/logging.logWriter"},
    {"logging.", ".get", "roles/logging.viewer"},
    {"logging.", ".list", "roles/logging.viewer"},
    {"logging.", "", "roles/logging.configWriter"},
    {"monitoring.timeSeries.create", "", "roles/monitoring.metricWriter"},
    {"monitoring.", ".get", "roles/monitoring.viewer"},
    {"monitoring.", ".list", "roles/monitoring.viewer"},
    {"monitoring.alertPolicies.", "", "roles/monitoring.alertPolicyEditor"},
    {"monitoring.notificationChannels.", "", "roles/monitoring.notificationChannelEditor"},
    {"monitoring.", "", "roles/monitoring.editor"},
    {"redis.", ".get", "roles/redis.viewer"},
    {"redis.", ".list", "roles/redis.viewer"},
    {"redis.", "", "roles/redis.editor"},
    {"serviceusage.services.use", "", "roles/serviceusage.serviceUsageConsumer"},
    {"serviceusage.", ".get", "roles/serviceusage.serviceUsageViewer"},
    {"serviceusage.", ".list", "roles/serviceusage.serviceUsageViewer"},
    {"serviceusage.", "", "roles/serviceusage.serviceUsageAdmin"},
    {"resourcemanager.projects.setIamPolicy", "", "roles/resourcemanager.projectIamAdmin"},
    {"resourcemanager.projects.", "", "roles/browser"},
    {"artifactregistry.repositories.uploadArtifacts", "", "roles/artifactregistry.writer"},
    {"artifactregistry.", ".get", "roles/artifactregistry.reader"},
    {"artifactregistry.", ".list", "roles/artifactregistry.reader"},
    {"artifactregistry.repositories.downloadArtifacts", "", "roles/artifactregistry.reader"},
    {"artifactregistry.", "", "roles/artifactregistry.repoAdmin"},
    {"containeranalysis.", "", "roles/containeranalysis.occurrences.viewer"},
    {"vpcaccess.", ".get", "roles/vpcaccess.viewer"},
    {"vpcaccess.", ".list", "roles/vpcaccess.viewer"},
    {"vpcaccess.", "", "roles/vpcaccess.admin"},
    {"compute.firewalls.", "", "roles/compute.securityAdmin"},
    {"compute.", ".get", "roles/compute.viewer"},
    {"compute.", ".list", "roles/compute.viewer"},
};

} // namespace

std::string role_with(std::string_view permission) {
  for (const Row& row : k_roles)
    if (permission.starts_with(row.prefix) && permission.ends_with(row.suffix)) return std::string(row.role);
  return {};
}

} // namespace belay::gcp
