import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { askHealth, NO_ANSWER } from '../../adapters/askHealth.ts';
import { freePorts } from '../../dev/ports.ts';
import { lookAt, startHealth } from '../../worker/health.ts';

const host = '127.0.0.1';
const never = new Promise<never>(() => undefined);

describe('the worker’s health', () => {
  it('names each duty that fails or takes too long, and no other', async () => {
    const duties = {
      'take work': () => Promise.resolve(),
      'reach Temporal': () => never,
      'reach Postgres': () => Promise.reject(new Error('the password of breakglass_writer')),
    };
    expect(await lookAt(duties, 20)).toEqual(['reach Temporal', 'reach Postgres']);
  });

  it('is told to whoever asks: well, what it cannot do, and nothing where nobody answers', async () => {
    const [port = 1] = await freePorts(1);
    const url = `http://${host}:${port}/`;
    let cannot: string[] = [];
    const stop = startHealth({ host, port }, () => Promise.resolve(cannot));
    expect(await askHealth(url, 5_000)).toBeNull();
    cannot = ['reach Temporal', 'reach Postgres'];
    expect(await askHealth(url, 5_000)).toBe('says that it cannot reach Temporal, nor reach Postgres');
    stop();
    expect(await askHealth(url, 5_000)).toBe(NO_ANSWER);
  });

  it('is not taken from an answer that no process of ours gives', async () => {
    const [port = 1] = await freePorts(1);
    const server = createServer((_, response) => response.writeHead(502).end('<html>bad gateway</html>'));
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    expect(await askHealth(`http://${host}:${port}/`, 5_000)).toBe('answers 502');
    server.close();
  });
});
