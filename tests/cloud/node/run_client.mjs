// Google's client of Cloud Run for Node speaks v2 and v1 to the emulator. Prints what it saw as one JSON object.
// usage: node run_client.mjs URL TOKEN
import { auth, run } from '@googleapis/run';

const [rootUrl, token] = process.argv.slice(2);
const client = new auth.OAuth2();
client.setCredentials({ access_token: token, expiry_date: Date.now() + 3000000 });
const v2 = run({ version: 'v2', auth: client, rootUrl });
const v1 = run({ version: 'v1', auth: client, rootUrl });
const parent = 'projects/demo-proj/locations/us-central1';
const name = `${parent}/services/node`;
const seen = {};

async function finished(operation) {
  for (;;) {
    const { data } = await v2.projects.locations.operations.wait({ name: operation.name, requestBody: { timeout: '5s' } });
    if (data.done) return data;
  }
}
async function status(promise) {
  try { return (await promise).status; } catch (error) { return error.response ? error.response.status : String(error); }
}

const template = { containers: [{ image: 'app:1', env: [{ name: 'A', value: '1' }] }] };
seen.created = (await finished((await v2.projects.locations.services.create({ parent, serviceId: 'node', requestBody: { template } })).data)).response.name;
const first = (await v2.projects.locations.services.get({ name })).data;
seen.firstRevision = first.latestReadyRevision.split('/').pop();
template.containers[0].image = 'app:2';
await finished((await v2.projects.locations.services.patch({ name, updateMask: 'template', requestBody: { name, template, etag: first.etag } })).data);
seen.staleStatus = await status(v2.projects.locations.services.patch({ name, updateMask: 'traffic', requestBody: { name, traffic: first.traffic, etag: first.etag } }));
const back = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: seen.firstRevision, percent: 100 }];
const shifted = await finished((await v2.projects.locations.services.patch({ name, updateMask: 'traffic', requestBody: { name, traffic: back } })).data);
seen.trafficV2 = shifted.response.trafficStatuses;
seen.revisions = (await v2.projects.locations.services.revisions.list({ parent: name })).data.revisions.length;
const policy = (await v2.projects.locations.services.getIamPolicy({ resource: name })).data;
policy.bindings = [{ role: 'roles/run.invoker', members: ['allUsers'] }];
seen.members = (await v2.projects.locations.services.setIamPolicy({ resource: name, requestBody: { policy } })).data.bindings[0].members;
const old = (await v1.namespaces.services.get({ name: 'namespaces/demo-proj/services/node' })).data;
seen.trafficV1 = old.status.traffic;
old.spec.traffic = [{ latestRevision: true, percent: 100 }];
seen.replacedStatus = await status(v1.namespaces.services.replaceService({ name: 'namespaces/demo-proj/services/node', requestBody: old }));
seen.replacedAgainStatus = await status(v1.namespaces.services.replaceService({ name: 'namespaces/demo-proj/services/node', requestBody: old }));
seen.trafficAfterV1 = (await v2.projects.locations.services.get({ name })).data.trafficStatuses;
await finished((await v2.projects.locations.jobs.create({ parent, jobId: 'once', requestBody: { template: { template: { containers: [{ image: 'app:1' }] } } } })).data);
seen.succeeded = (await finished((await v2.projects.locations.jobs.run({ name: `${parent}/jobs/once`, requestBody: {} })).data)).response.succeededCount;
console.log(JSON.stringify(seen));
