import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import { approve, ask, createHarness, eventually, provision, release, type Harness } from './harness.ts';

const writeUpText = (document: keyof typeof writeUpHeadings): string =>
  writeUpHeadings[document].map((heading) => `## ${heading}\n\nas it was\n`).join('\n');

describe('a case on the time-skipping server', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  it('goes from requested to closed', async () => {
    const id = await ask(h);
    expect(h.caseState(id).phase).toBe('requested');
    await approve(h, id);
    expect(h.caseState(id).phase).toBe('authorised');
    await release(h, id);
    expect(h.caseState(id).phase).toBe('released');
    const session = randomUUID();
    await h.toAccount('alice', {
      type: 'claim',
      case: id,
      request: h.caseState(id).request.request,
      session,
    });
    expect(h.caseState(id).phase).toBe('in-session');
    const before = h.accountState().pair?.password.generation ?? 0;
    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await eventually('the rotation is proven', () => h.caseState(id).phase === 'settling');
    expect(h.accountState().pair?.password.generation).toBe(before + 1);
    expect(h.kratos.active()).toEqual([]);

    await h.toCase(id, 'alice', {
      ...{ type: 'refusals', password: { generation: before, refused: true, status: 400 } },
      ...{ session: { session, refused: true, status: 401 }, triedAt: (await h.now()).toISOString() },
    });
    const { newPair, rotation } = h.caseState(id);
    for (const [by, part] of [
      ['erin', 'password'],
      ['frank', 'password'],
      ['grace', 'mfa'],
      ['heidi', 'mfa'],
    ] as const) {
      const sealed = newPair?.[part];
      const { generation, seal } = sealed ?? { generation: 0, seal: '' };
      await h.toCase(id, by, { type: 'attestation', rotation, part, generation, seal, keptAt: 'safe' });
    }
    for (const document of ['session-log', 'post-mortem'] as const)
      await h.toCase(id, 'alice', { type: 'write-up', document, text: writeUpText(document) });
    expect(h.caseState(id).phase).toBe('closed');
    expect(h.caseState(id).oldCredential).toBe('refused');
    expect(h.accountState().openCase).toBeNull();
  });
});
