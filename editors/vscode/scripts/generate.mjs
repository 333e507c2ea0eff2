// Writes what the server's own schema says about settings into `package.json`, so that each is declared once.
//
//   node scripts/generate.mjs [--check] [PATH OF ASIDE]     (default: $ASIDE_BIN, then `aside` on PATH)
//
// With --check nothing is written: it fails when `package.json` is not what would be written.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package.json', import.meta.url));
const args = process.argv.slice(2).filter(arg => arg !== '--check');
const program = args[0] ?? process.env.ASIDE_BIN ?? 'aside';

/** Settings that belong to this extension and not to the server. */
const own = {
  'aside.server.path': {
    type: 'string', default: '', scope: 'machine', order: 0,
    markdownDescription: 'The `aside` program to start, as an absolute path. Empty: the one on your `PATH`, else the one that came with the extension.',
  },
};

/** The scope in VS Code for the scope in the schema; `undefined` for what no editor may set. */
const scopes = { workspace: 'resource', editor: 'machine' };

/** What VS Code understands of a JSON schema. */
function setting(schema, scope, order) {
  const { description, 'x-aside-scope': _, oneOf, ...rest } = schema;
  const result = { ...rest, markdownDescription: description, scope, order };
  if (oneOf?.every(choice => 'const' in choice)) {
    result.enum = oneOf.map(choice => choice.const);
    result.enumDescriptions = oneOf.map(choice => choice.description ?? '');
  } else if (oneOf) {
    // A settings page has one field: text takes both ways of writing it.
    result.type = 'string';
    result.pattern = oneOf.find(choice => choice.pattern)?.pattern;
  }
  return result;
}

function settings(schema) {
  const result = { ...own };
  let order = 10;
  for (const [section, { properties = {} }] of Object.entries(schema.properties)) {
    for (const [name, field] of Object.entries(properties)) {
      const scope = scopes[field['x-aside-scope']];
      if (scope) result[`aside.${section}.${name}`] = setting(field, scope, order++);
    }
  }
  return result;
}

const schema = JSON.parse(execFileSync(program, ['config', 'schema'], { encoding: 'utf8' }));
const before = readFileSync(file, 'utf8');
const manifest = JSON.parse(before);
const properties = settings(schema);
manifest.contributes.configuration = { title: 'Aside', properties };
manifest.capabilities.untrustedWorkspaces.restrictedConfigurations =
  Object.keys(properties).filter(name => properties[name].scope === 'machine');
const after = `${JSON.stringify(manifest, null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error('package.json is not what the server’s schema says: run `npm run generate`');
    process.exit(1);
  }
} else {
  writeFileSync(file, after);
}
