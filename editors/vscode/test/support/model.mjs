// A model server that says what a test scripts, as OpenAI's wire has it, on loopback. It records what it was asked.
import { createServer } from 'node:http';

/** Starts it. `reply(question, body)` gives the pieces of an answer; a promise among them holds the rest back. */
export async function modelServer(reply) {
  const requests = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', chunk => (text += chunk));
    request.on('end', () => void answer(request, response, text).catch(() => response.destroy()));
  });
  const model = { requests, reply, url: '', close: () => new Promise(done => { server.closeAllConnections(); server.close(done); }) };

  async function answer(request, response, text) {
    if (request.url.endsWith('/models')) {
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ data: [{ id: 'm' }, { id: 'other' }] }));
    }
    const body = JSON.parse(text || '{}');
    const entry = { url: request.url, body, gone: false };
    requests.push(entry);
    response.on('close', () => (entry.gone = !response.writableFinished));
    const question = String(body.messages?.at(-1)?.content ?? body.prompt ?? '');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for await (const piece of pieces(model.reply(question, body))) {
      if (entry.gone) return;
      response.write(`data: ${JSON.stringify(chunk(request.url, piece))}\n\n`);
    }
    response.write(`data: ${JSON.stringify(chunk(request.url, '', 'stop'))}\n\n`);
    response.write(`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 34 } })}\n\n`);
    response.end('data: [DONE]\n\n');
  }

  await new Promise(done => server.listen(0, '127.0.0.1', done));
  model.url = `http://127.0.0.1:${server.address().port}/v1`;
  return model;
}

async function* pieces(reply) {
  for (const piece of [reply].flat()) {
    const text = await piece;
    if (typeof text === 'string') yield text;
  }
}

function chunk(url, text, reason = null) {
  return url.includes('/chat/')
    ? { choices: [{ index: 0, delta: text ? { content: text } : {}, finish_reason: reason }] }
    : { choices: [{ index: 0, text, finish_reason: reason }] };
}

/** A promise that a test opens: what stands behind it in an answer waits for it. */
export function gate() {
  let open;
  const promise = new Promise(done => (open = done));
  return Object.assign(promise, { open });
}
