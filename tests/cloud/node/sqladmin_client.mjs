// Google's client of Cloud SQL for Node speaks v1 (and v1beta4) to the emulator. Prints what it saw as one JSON object.
// usage: node sqladmin_client.mjs URL TOKEN
import { auth, sqladmin } from '@googleapis/sqladmin';

const [rootUrl, token] = process.argv.slice(2);
const client = new auth.OAuth2();
client.setCredentials({ access_token: token, expiry_date: Date.now() + 3000000 });
const v1 = sqladmin({ version: 'v1', auth: client, rootUrl });
const old = sqladmin({ version: 'v1beta4', auth: client, rootUrl });
const project = 'demo-proj';
const seen = {};

async function finished({ data }) {
  for (;;) {
    const now = (await v1.operations.get({ project, operation: data.name })).data;
    if (now.status === 'DONE') return now;
  }
}
async function status(promise) {
  try { return (await promise).status; } catch (error) { return error.response ? error.response.status : String(error); }
}

const backupConfiguration = { enabled: true, pointInTimeRecoveryEnabled: true };
await finished(await v1.instances.insert({ project, requestBody: { name: 'node', databaseVersion: 'POSTGRES_15', settings: { tier: 'db-f1-micro', backupConfiguration } } }));
await finished(await v1.databases.insert({ project, instance: 'node', requestBody: { name: 'app' } }));
await finished(await v1.users.insert({ project, instance: 'node', requestBody: { name: 'app', password: 'p' } }));
seen.users = (await v1.users.list({ project, instance: 'node' })).data.items.map((user) => user.name);
seen.databases = (await old.databases.list({ project, instance: 'node' })).data.items.map((database) => database.name);
const backup = await finished(await v1.backupRuns.insert({ project, instance: 'node', requestBody: { description: 'by node' } }));
const runs = (await v1.backupRuns.list({ project, instance: 'node' })).data.items;
seen.backups = runs.map((run) => [run.id === backup.backupContext.backupId, run.status, run.description]);
const before = (await v1.instances.get({ project, instance: 'node' })).data.settings;
const patched = { settings: { tier: 'db-custom-2-8192', settingsVersion: before.settingsVersion } };
seen.patch = (await finished(await v1.instances.patch({ project, instance: 'node', requestBody: patched }))).operationType;
seen.stale = await status(v1.instances.patch({ project, instance: 'node', requestBody: patched }));
seen.tierInOld = (await old.instances.get({ project, instance: 'node' })).data.settings.tier;
seen.restore = (await finished(await v1.instances.restoreBackup({ project, instance: 'node', requestBody: { restoreBackupContext: { backupRunId: backup.backupContext.backupId, instanceId: 'node' } } }))).error ?? null;
seen.clone = (await finished(await v1.instances.clone({ project, instance: 'node', requestBody: { cloneContext: { destinationInstanceName: 'twin' } } }))).targetId;
seen.instances = (await v1.instances.list({ project })).data.items.map((instance) => instance.name);
seen.missing = await status(v1.instances.get({ project, instance: 'nope' }));
console.log(JSON.stringify(seen));
