import { describe, expect, it } from 'vitest';
import { breakglassIdentity, hookKey, hookOf, makeWorld, somebodysIdentity, type World } from './harness.ts';

/** Nothing but at most a warning came of it. */
const expectOnlyWarnings = (world: World, titles: readonly string[]): void => {
  expect(world.ledger.rows).toEqual([]);
  expect(world.journal.filter((each) => !each.startsWith('alarm'))).toEqual([]);
  const lines = world.spoolText().split('\n');
  expect(lines.filter((each) => each.includes('"put"'))).toHaveLength(
    lines.filter((each) => each.includes('"drop"')).length,
  );
  const messages = world.rung.filter((each) => each.channel === 'security-chat').map((each) => each.message);
  expect(messages.map((each) => each.title)).toEqual(titles);
  expect(messages.every((each) => each.severity === 'warning')).toBe(true);
};

describe('a post that is no hook of kratos', () => {
  it('with a wrong key is refused and rings once as what it is, however often it comes', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    const answers = [];
    for (const key of ['wrong', `${hookKey}x`, hookKey.slice(1)])
      answers.push((await world.post(hookOf('aal1'), { key })).status);
    await sentinel.idle();

    expect(answers).toEqual([401, 401, 401]);
    expectOnlyWarnings(world, ['Somebody posts forged login hooks']);
  });

  it('that is malformed is refused', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    const statuses = [];
    for (const body of ['{', '{}', JSON.stringify({ ...hookOf('aal1'), identityId: 'x' })])
      statuses.push((await world.post(body)).status);
    await sentinel.idle();

    expect(statuses).toEqual([400, 400, 400]);
    expectOnlyWarnings(world, ['Login hooks cannot be read']);
  });

  it('that is huge is refused unread', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    const answer = await world.post(hookOf('aal1', { userAgent: 'x'.repeat(70_000) }));
    await sentinel.idle();

    expect(answer.status).toBe(413);
    expectOnlyWarnings(world, ['Login hooks are too large to be read']);
  });

  it('of an identity that kratos does not know is refused with a warning', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    const answer = await world.post(hookOf('aal1', { identityId: '5f0f8f1e-0000-4000-8000-00000000dead' }));
    await sentinel.idle();

    expect(answer.status).toBe(400);
    expectOnlyWarnings(world, ['Login hooks name an identity that Kratos does not know']);
  });
});

describe('the login of somebody else', () => {
  it('changes and rings nothing', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    const answer = await world.post(hookOf('aal1', { identityId: somebodysIdentity }));
    await sentinel.idle();

    expect(answer.status).toBe(400);
    expectOnlyWarnings(world, []);
  });

  it('is told from a break-glass login once kratos answers again', async () => {
    const world = await makeWorld();
    world.down.add('kratos');
    const sentinel = await world.start();

    const answers = [
      (await world.post(hookOf('aal1', { identityId: somebodysIdentity }))).status,
      (await world.post(hookOf('aal1'))).status,
    ];
    const rungBefore = world.rung.length;
    world.down.delete('kratos');
    await sentinel.idle();

    expect(answers).toEqual([202, 202]);
    expect(rungBefore).toBe(0);
    expect(world.rung.map((each) => each.message.account)).toEqual(['acme-eu', 'acme-eu']);
  });
});

describe('the door', () => {
  it.each([
    ['authorization', hookKey],
    ['authorization', `Bearer ${hookKey}`],
  ])('takes the key in %s too', async (header, key) => {
    const world = await makeWorld();
    await world.start();

    expect((await world.post(hookOf('aal1'), { header, key })).status).toBe(202);
  });

  it('tells its health and nothing of what it holds', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    world.down.add('postgres');
    await world.post(hookOf('aal1'));

    const response = await fetch(`http://127.0.0.1:${sentinel.port}/healthz`);
    const text = await response.text();

    expect(response.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ cannot: [], pending: 1 });
    expect(text).not.toContain(breakglassIdentity);
  });

  it('knows no other address', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();

    expect((await fetch(`http://127.0.0.1:${sentinel.port}/hooks/kratos`)).status).toBe(404);
  });
});
