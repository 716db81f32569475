import type { createOutbox } from '../adapters/postgres/index.ts';
import type { Log } from '../adapters/settings/log.ts';

type Pool = Parameters<typeof createOutbox>[0];

/** Milliseconds until a lost connection is sought again; the sweep goes on meanwhile. */
const AGAIN_MS = 5_000;

/**
 * Listens on a channel of Postgres on a connection of its own and sees to it that there is one.
 *
 * @param onWake - called for each notification; nothing rests on it
 */
export const listenForWakes = (
  pool: Pool,
  channel: string,
  onWake: () => void,
  log: Log,
): { stop(): Promise<void> } => {
  let isStopped = false;
  let drop = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;

  const again = (reason: string): void => {
    if (isStopped) return;
    log.warn({ channel, reason }, 'not listening; the sweep goes on');
    timer = setTimeout(listen, AGAIN_MS);
  };

  const connect = async (): Promise<void> => {
    const client = await pool.connect();
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      // Destroyed, not reused: it would go on listening in somebody else's hands.
      client.release(true);
    };
    client.on('error', (error: Error) => {
      release();
      again(error.message);
    });
    client.on('notification', onWake);
    drop = release;
    if (isStopped) {
      release();
      return;
    }
    await client.query(`LISTEN ${channel}`).catch((error: unknown) => {
      release();
      throw error;
    });
    // What came while nobody listened.
    onWake();
  };

  let connecting = Promise.resolve();
  const listen = (): void => {
    connecting = connect().catch((error: unknown) =>
      again(error instanceof Error ? error.message : 'unknown'),
    );
  };
  listen();

  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await connecting;
      drop();
    },
  };
};
