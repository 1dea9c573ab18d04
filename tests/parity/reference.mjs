// Reads catalog files with the reference's own packages and prints its verdict on every document as JSON.
//
// Usage: node reference.mjs FILE…
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import yaml from 'yaml';

const require = createRequire(import.meta.url);
const model = require('@backstage/catalog-model');
const { templateEntityV1beta3Validator } = require('@backstage/plugin-scaffolder-common');

const envelope = model.entityEnvelopeSchemaValidator();
const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
const kinds = [
  model.apiEntityV1alpha1Validator,
  model.componentEntityV1alpha1Validator,
  model.resourceEntityV1alpha1Validator,
  model.groupEntityV1alpha1Validator,
  model.locationEntityV1alpha1Validator,
  model.userEntityV1alpha1Validator,
  model.systemEntityV1alpha1Validator,
  model.domainEntityV1alpha1Validator,
  templateEntityV1beta3Validator,
];

/** What the placeholder processor does when every file it reads holds the text `filled`. */
function fill(data) {
  if (!data || typeof data !== 'object') return data;
  if (Array.isArray(data)) return data.map(fill);
  const keys = Object.keys(data);
  if (!keys.some(key => key.startsWith('$'))) {
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fill(value)]));
  }
  if (keys.length !== 1 || !['$text', '$json', '$yaml'].includes(keys[0])) return data;
  if (typeof data[keys[0]] !== 'string') throw new Error(`Placeholder ${keys[0]} expected a string value parameter`);
  return 'filled';
}

async function judge(entity) {
  envelope(entity);
  const enforced = await policy.enforce(fill(entity));
  let known = false;
  for (const kind of kinds) known = (await kind.check(enforced)) || known;
  if (!known) throw new Error('No processor recognized the entity as valid, possibly caused by a foreign kind or apiVersion');
  return model.stringifyEntityRef(enforced);
}

async function verdicts(file) {
  const rows = [];
  const documents = yaml.parseAllDocuments(readFileSync(file, 'utf8'), { merge: false });
  for (const [index, document] of [...documents].entries()) {
    const row = { file, document: index, accepted: false };
    try {
      if (document.errors.length) throw new Error(`YAML: ${document.errors[0].message.split('\n')[0]}`);
      const json = document.toJSON();
      if (json === null) continue;
      JSON.stringify(json);
      if (typeof json !== 'object' || Array.isArray(json)) throw new Error(`Expected object at root, got ${typeof json}`);
      row.ref = await judge(json);
      row.accepted = true;
    } catch (error) {
      row.reason = error.message.split('\n')[0];
    }
    rows.push(row);
  }
  return rows;
}

process.removeAllListeners('warning');
const rows = [];
for (const file of process.argv.slice(2)) rows.push(...(await verdicts(file)));
process.stdout.write(`${JSON.stringify(rows)}\n`);
