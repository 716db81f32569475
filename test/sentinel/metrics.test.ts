import { rm } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { createSentinelMetrics } from '../../sentinel/metrics.ts';
import { hookOf, makeWorld, until, type World } from './harness.ts';

const began = '2026-11-21T08:00:00.000Z';

/** A sentinel whose numbers are told as its main tells them. */
const telling = async (world: World) => {
  const metrics = createSentinelMetrics(began);
  const sentinel = await world.start({ onAlarm: metrics.onAlarm });
  return { sentinel, text: async () => metrics.expose(await sentinel.state(), new Date()) };
};

describe('what the sentinel tells as numbers', () => {
  it('is a spool that is gone', async () => {
    const world = await makeWorld();
    const { sentinel, text } = await telling(world);
    await sentinel.idle();
    expect(await text()).toContain('breakglass_spool_writable 1');
    await rm(world.folder, { recursive: true, maxRetries: 5 });
    expect(await text()).toContain('breakglass_spool_writable 0');
  });

  it('is how long ago every identity was looked at: never, while Kratos lists no sessions', async () => {
    const world = await makeWorld();
    world.sweepMs = 5;
    let looks = 0;
    Object.defineProperty(world, 'listed', {
      configurable: true,
      get: () => {
        looks += 1;
        throw new Error('kratos is away');
      },
    });
    const { sentinel } = await telling(world);
    await until(() => looks > 3);
    expect((await sentinel.state()).sweptAt).toBeNull();
    Object.defineProperty(world, 'listed', { value: [] });
    await vi.waitFor(async () => {
      expect((await sentinel.state()).sweptAt).not.toBeNull();
    });
    const age = async (sweptAt: string | null) => {
      const now = new Date(Date.parse(began) + 500_000);
      const text = await createSentinelMetrics(began).expose({ ...(await sentinel.state()), sweptAt }, now);
      return /^breakglass_sweep_age_seconds (\S+)$/m.exec(text)?.[1];
    };
    expect([await age(null), await age('2026-11-21T08:07:40.000Z')]).toEqual(['500', '40']);
  });

  it('is how long its alarms took, one for each channel, and what waits', async () => {
    const world = await makeWorld();
    world.down.add('postgres');
    const { sentinel, text } = await telling(world);
    await world.post(hookOf('aal1'));
    await until(() => world.rung.length === 2);
    expect(await text()).toContain('breakglass_reports_pending 1');
    world.down.delete('postgres');
    await sentinel.idle();
    expect(await text()).toContain('breakglass_alarm_seconds_count 2');
    expect(await text()).toContain('breakglass_reports_pending 0');
  });
});
