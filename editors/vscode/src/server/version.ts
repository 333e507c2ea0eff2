// Whether a program is an `aside` that this extension understands.
import { execFile } from 'node:child_process';

import { Problem } from '../problems';

/** Reads `aside 0.1.0` and the like; `undefined` for anything else. */
export function readVersion(output: string): [number, number, number] | undefined {
  const found = /^aside (\d+)\.(\d+)\.(\d+)(?:[-+ ].*)?\s*$/.exec(output);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}

/** Throws unless `output` of `--version` is of a program at least as new as `wanted` (`major.minor.patch`). */
export function checkVersion(program: string, output: string, wanted: string): void {
  const version = readVersion(output);
  if (!version) {
    throw new Problem({
      code: 'server-foreign',
      message: `\`${program}\` is not Aside: it does not answer \`--version\` as Aside does`,
      hint: 'Name the right program in the setting `aside.server.path`',
    });
  }
  const least = wanted.split('.').map(Number);
  const older = version.findIndex((part, at) => part !== (least[at] ?? 0));
  if (older >= 0 && version[older]! < (least[older] ?? 0)) {
    throw new Problem({
      code: 'server-old',
      message: `\`${program}\` is Aside ${version.join('.')}, and this extension needs ${wanted} or newer`,
      hint: 'Update `aside`, or name a newer one in the setting `aside.server.path`',
    });
  }
}

/** Asks the program for its version; at most 10 s. */
export async function askVersion(program: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(program, ['--version'], { timeout: 10_000, windowsHide: true }, (error, stdout) => {
      // A program that prints its version and fails is judged by what it printed.
      if (!error || stdout) return resolve(stdout);
      reject(new Problem({
        code: 'server-unusable',
        message: `\`${program}\` cannot be run: ${error.message.split('\n')[0]}`,
        hint: 'Check that the file is the program for this system and may be run',
      }));
    });
  });
}
