// A command that asks on a terminal, answered: for setting a scene. What a person types into VS Code's own terminal is
// typed there.
import { execFileSync } from 'node:child_process';

import { plain } from './editor.mjs';

const SCRIPT = `
import os, pty, select, sys
answers, command = sys.argv[1].split("\\n"), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
said = ""
while select.select([terminal], [], [], 60)[0]:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    said += data.decode(errors="replace")
    if answers and said.rstrip(" ").endswith(":"):
        os.write(terminal, (answers.pop(0) + "\\n").encode())
        said += "\\n"
print(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** Runs `command`, answering each question in turn. Gives what it said; fails when it fails. */
export function answered(command, answers, env) {
  return execFileSync('python3', ['-c', SCRIPT, answers.join('\n'), ...command], { encoding: 'utf8', env: { ...plain(), ...env } });
}
