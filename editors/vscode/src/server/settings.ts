// What the server is told of the editor's settings: only what somebody set, and only what the manifest declares.
import * as vscode from 'vscode';

import { settingsFor } from './layers';

/** The settings as they are now. Machine settings of a workspace file are no layer of theirs: VS Code drops them. */
export function currentSettings(names: readonly string[], machine: ReadonlySet<string>): Record<string, Record<string, unknown>> {
  const configuration = vscode.workspace.getConfiguration();
  return settingsFor(names, name => {
    const layers = configuration.inspect(name);
    // Said again here, so that it does not hang on how the editor merges.
    return machine.has(name) && layers ? { globalValue: layers.globalValue } : layers;
  });
}
