import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeKratosConfig } from '../../../dev/kratos-config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-kratos-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const options = {
  publicUrl: 'http://127.0.0.1:4433',
  adminUrl: 'http://127.0.0.1:4434',
  hookUrl: 'http://127.0.0.1:9000/hook',
  hookKey: 'the-key',
};

describe("Kratos's config for development", () => {
  it('is readable by its owner only, even where a looser file lay before', async () => {
    await writeFile(join(folder, 'kratos.yml'), 'old', { mode: 0o644 });
    const path = await writeKratosConfig({ folder, ...options });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('takes the database from the environment and makes new secrets each time', async () => {
    const written = async (): Promise<string> =>
      readFile(await writeKratosConfig({ folder, ...options }), 'utf8');
    const texts = [await written(), await written()];
    const secrets = texts.flatMap((text) => text.match(/\b[0-9a-f]{32}\b/g) ?? []);
    expect(new Set(secrets).size).toBe(4);
    for (const text of texts) expect(text).not.toMatch(/^dsn/m);
  });

  it('demands the second factor where there is one, and rings after login and recovery without blocking', async () => {
    const config: unknown = parse(await readFile(await writeKratosConfig({ folder, ...options }), 'utf8'));
    expect(config).toHaveProperty('session.whoami.required_aal', 'highest_available');
    expect(config).toHaveProperty('selfservice.flows.settings.required_aal', 'highest_available');
    expect(config).toHaveProperty('log.leak_sensitive_values', false);
    for (const flow of ['login', 'recovery']) {
      expect(config).toHaveProperty(`selfservice.flows.${flow}.after.hooks.length`, 1);
      expect(config).toHaveProperty(`selfservice.flows.${flow}.after.hooks.0.config`, {
        url: options.hookUrl,
        method: 'POST',
        body: expect.stringMatching(/^base64:\/\//) as unknown,
        response: { ignore: true },
        can_interrupt: false,
        emit_analytics_event: false,
        auth: { type: 'api_key', config: { name: 'x-breakglass-hook-key', value: 'the-key', in: 'header' } },
      });
    }
  });

  it('needs ports that it can give to Kratos', async () => {
    const portless = { folder, ...options, publicUrl: 'http://127.0.0.1' };
    await expect(writeKratosConfig(portless)).rejects.toThrow(/no port/);
  });
});
