// Which of the settings that an editor holds are told to the server. Pure.

/** The layers of one setting, as VS Code has them. */
export interface Layers {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/**
 * The settings object for the server. Defaults are left out: they would overrule the person's `config.toml`. `names`
 * are the declared settings with their prefix `aside.`; whatever else a workspace file writes is never looked at.
 */
export function settingsFor(names: readonly string[], inspect: (name: string) => Layers | undefined): Record<string, Record<string, unknown>> {
  const result: Record<string, Record<string, unknown>> = {};
  for (const full of names) {
    const [, section, name] = full.split('.');
    if (!section || !name || section === 'server') continue;
    const layers = inspect(full);
    const value = layers?.workspaceFolderValue ?? layers?.workspaceValue ?? layers?.globalValue;
    if (value !== undefined) (result[section] ??= {})[name] = value;
  }
  return result;
}
