// Bundles the extension (Node) and the chat page (browser) into `dist/`, and the unit tests with `--tests`.
// Everything that ships is bundled here: the package has no runtime dependencies.
import { build } from 'esbuild';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';

const common = { bundle: true, minify: true, sourcemap: false, logLevel: 'warning', legalComments: 'none', metafile: true };
const tests = process.argv.includes('--tests');

if (tests) {
  const names = (await readdir('test/unit')).filter(name => name.endsWith('.test.ts'));
  await build({
    ...common, minify: false, platform: 'node', format: 'cjs', target: 'node20', outdir: 'dist/test', outExtension: { '.js': '.cjs' },
    entryPoints: names.map(name => `test/unit/${name}`),
  });
} else {
  await mkdir('dist', { recursive: true });
  const [extension, page] = await Promise.all([
    build({
      ...common, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode'],
      entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js',
    }),
    build({
      ...common, platform: 'browser', format: 'iife', target: 'es2022',
      entryPoints: ['webview/main.ts'], outfile: 'dist/chat.js',
    }),
    copyFile('webview/style.css', 'dist/chat.css'),
    copyFile('../../LICENSE', 'LICENSE'),
  ]);
  await writeFile('dist/NOTICES.txt', await notices([extension, page]));
}

/** The licences of the packages that ended up in the bundles. */
async function notices(results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = new Set(inputs.map(input => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean));
  const parts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find(entry => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence file`);
    parts.push(`${name} ${version} (${license})\n\n${(await readFile(`${folder}/${file}`, 'utf8')).trim()}\n`);
  }
  return parts.join(`\n${'-'.repeat(100)}\n\n`);
}
