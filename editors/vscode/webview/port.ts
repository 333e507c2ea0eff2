// The page's line to the extension.
import type { FromPage } from '../src/chat/wire';

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const api = acquireVsCodeApi();

export function post(message: FromPage): void {
  api.postMessage(message);
}
