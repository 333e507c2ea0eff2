// Where the `aside` program is: the setting, else PATH, else the one in this extension's folder. Pure but for `usable`.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

import { Problem } from '../problems';

/** What the search looks at. */
export interface Places {
  /** The setting `aside.server.path`, as written. */
  setting: string;
  /** The environment's PATH. */
  path: string;
  /** The folder of the extension. */
  extension: string;
  windows: boolean;
  /** Whether a file is there and may be run. */
  usable(file: string): boolean;
}

/** The program to start, and which place named it. Throws a `Problem` that says what to do when there is none. */
export function findServer(places: Places): { program: string; from: 'setting' | 'path' | 'bundled' } {
  const name = places.windows ? 'aside.exe' : 'aside';
  const setting = places.setting.trim();
  if (setting) return { program: bySetting(setting, places), from: 'setting' };
  // A relative entry of PATH would find what lies in the opened folder.
  for (const folder of places.path.split(delimiter).filter(isAbsolute)) {
    const program = join(folder, name);
    if (places.usable(program)) return { program, from: 'path' };
  }
  const bundled = join(places.extension, 'server', name);
  if (places.usable(bundled)) return { program: bundled, from: 'bundled' };
  throw new Problem({
    code: 'server-missing',
    message: 'The program `aside` is not installed',
    hint: 'Install it so that it is on your PATH, or name it in the setting `aside.server.path`',
  });
}

function bySetting(setting: string, places: Places): string {
  if (!isAbsolute(setting)) {
    throw new Problem({
      code: 'server-path-relative',
      message: `The setting \`aside.server.path\` is \`${setting}\`, which is not an absolute path`,
      hint: 'Write the whole path, or leave the setting empty',
    });
  }
  if (!places.usable(setting)) {
    throw new Problem({
      code: 'server-path-wrong',
      message: `There is no program at \`${setting}\`, which the setting \`aside.server.path\` names`,
      hint: 'Correct the setting, or leave it empty',
    });
  }
  return setting;
}

/** Whether `file` is a file that may be run. */
export function usable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
