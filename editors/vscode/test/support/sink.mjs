// A server on loopback that nothing may ask: it counts what comes.
import { createServer } from 'node:http';

export async function sink() {
  const hits = [];
  const server = createServer((request, response) => {
    hits.push(request.url);
    response.end();
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { hits, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
