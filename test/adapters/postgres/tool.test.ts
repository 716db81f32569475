import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPool, requireSchema } from '../../../adapters/postgres/index.ts';
import { asSuperuser } from '../../../adapters/postgres/setUp.ts';
import { database } from '../../../worker/database/command.ts';
import { testDatabase } from '../../support/database.ts';
import { settingsWorld } from '../settings/world.ts';

/** The tool with the settings of a worker whose database is not there yet. */
const before = async () => {
  const { cluster } = await testDatabase();
  const world = await settingsWorld();
  const name = `tool_${randomBytes(4).toString('hex')}`;
  onTestFinished(() =>
    asSuperuser(cluster, async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }),
  );
  const secrets = { password: cluster.passwords.writer, api: cluster.passwords.api, root: cluster.password };
  for (const [file, secret] of Object.entries(secrets)) {
    await writeFile(world.at(file), `${secret}\n`);
    await chmod(world.at(file), 0o440);
  }
  const postgres = {
    ...{ host: cluster.host, port: cluster.port, database: name },
    ...{ user: 'breakglass_writer', passwordFile: world.at('password') },
  };
  await writeFile(world.at('settings.json'), JSON.stringify({ ...world.good, postgres }));
  const said: string[] = [];
  const run = (...args: string[]): Promise<number> => {
    const say = (text: string): void => void said.push(text);
    return database(args, { BREAKGLASS_SETTINGS: world.at('settings.json') }, say, say);
  };
  return {
    ...{ run, said, postgres, at: world.at, secrets },
    as: ['--as', cluster.user, '--password-file', world.at('root')],
  };
};

describe('the tool for the tables', () => {
  it('makes roles, database and tables; again, it changes nothing and says no password', async () => {
    const { run, said, as, at, postgres, secrets } = await before();
    const setUp = ['set-up', ...as, '--api-password-file', at('api')];
    expect(await run(...setUp)).toBe(0);
    expect(await run(...setUp)).toBe(0);
    expect(await run('migrate', ...as)).toBe(0);
    const pool = await createPool(postgres, { applicationName: 'tool' });
    onTestFinished(() => pool.end());
    await expect(requireSchema(pool)).resolves.toBeUndefined();
    for (const secret of Object.values(secrets)) expect(said.join('\n')).not.toContain(secret);
  });

  it('wants each flag, and password files that others cannot read', async () => {
    const { run, as, at } = await before();
    for (const args of [[], ['set-up', ...as], ['migrate'], ['drop', ...as], ['migrate', ...as, '--sure']])
      expect(await run(...args)).toBe(2);
    await chmod(at('root'), 0o444);
    await expect(run('migrate', ...as)).rejects.toThrow(/open to others \(mode 0444\)/);
  });
});
