import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

// A turnstile of its own: what it opened for is on the disk before it answers. One id opens it once. Started by
// campaign.ts with the file that it writes; outlives every gate.

const [file = ''] = process.argv.slice(2);
const log = openSync(file, 'a');
const opened = new Set<string>();

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: string };
  if (!opened.has(id)) {
    opened.add(id);
    writeSync(log, `${id}\n`);
    fdatasyncSync(log);
  }
  response.writeHead(204).end();
});
// A gate that is killed while it asks is no fault of the turnstile.
server.on('clientError', (_, socket) => socket.destroy());
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send!(`http://127.0.0.1:${address?.port}/`);
});
process.on('disconnect', () => {
  closeSync(log);
  process.exit();
});
