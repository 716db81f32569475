/**
 * The bare arm: a handler that inserts one row and posts one message, and does
 * nothing else. Run as a process of its own, as the sentinel is.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { z } from 'zod';

const { values } = parseArgs({ options: { settings: { type: 'string' } } });
const settings = z
  .object({ port: z.int(), databaseUrl: z.string(), webhookUrl: z.string() })
  .parse(JSON.parse(readFileSync(values.settings ?? '', 'utf8')));

const pool = new pg.Pool({ connectionString: settings.databaseUrl });
const acceptedAt: number[] = [];

const handle = async (body: string): Promise<void> => {
  await pool.query('INSERT INTO bare_events (body) VALUES ($1)', [body]);
  const answer = await fetch(settings.webhookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'a break-glass account signed in' }),
  });
  await answer.text();
  acceptedAt.push(Date.now());
};

createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify(acceptedAt));
    return;
  }
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
  request.on('end', () => {
    handle(body).then(
      () => response.writeHead(202).end(),
      () => response.writeHead(500).end(),
    );
  });
}).listen(settings.port, '127.0.0.1');
