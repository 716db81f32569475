import type pg from 'pg';
import { createPool } from '../../../adapters/postgres/index.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { database } from '../../../dev/stack/servers.ts';

/** Our Postgres as the worker's role sees it: it reads everything. */
export const openPool = ({ servers, secrets }: Stack): Promise<pg.Pool> => {
  const { host, port } = servers.ours;
  const who = { user: 'breakglass_writer', passwordFile: secrets.writerPasswordFile };
  return createPool({ host, port, database, ...who }, { applicationName: 'breakglass checks', max: 2 });
};

/** Runs work on a pool that is closed afterwards. */
export const withPool = async <T>(stack: Stack, work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
  const pool = await openPool(stack);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
};
