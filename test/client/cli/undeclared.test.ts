/** Answering an undeclared use from the command line, beside a case that somebody asked for. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { caseView } from '../../../core/contracts/http.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import { theCase } from '../../api/harness.ts';
import { intrude } from '../../api/intrude.ts';
import { lieAbout, makeWorld, type World } from './world.ts';

let world: World;
let use: CaseId;

beforeAll(async () => {
  world = await makeWorld();
  await world.harness.provision();
  await world.harness.walk('released');
});
afterAll(() => world.remove());
afterEach(() => world.lie(null));

const sessions = [1, 2, 3].map((n) => `0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b1${n}`);
const [one = '', two = '', three = ''] = sessions;
const viewOf = async (id: CaseId) =>
  caseView.parse((await world.must('alice', 'status', id, '--json')).json());

/** A command that the rules refuse, with a row for it and nothing else. */
const refused = async (person: string, args: readonly string[], why: RegExp): Promise<void> => {
  const before = world.harness.ledger.rows.length;
  const ran = await world.run(person, args);
  expect(ran).toMatchObject({ exit: 3, stdout: '' });
  expect(ran.stderr).toMatch(why);
  expect(world.actions(before)).toEqual(['break_glass_refused']);
};

describe('an api that hides the request of a case', () => {
  it('gets a statement bound to none, which is refused', async () => {
    world.lie(
      lieAbout(
        () => ({}),
        () => ({ kind: 'undeclared' }),
      ),
    );
    await refused('alice', ['end', theCase, '--reason', 'done', '--no-wait'], /another request/);
  });
});

describe('beside an open case', () => {
  it('status tells what was seen, and who must answer', async () => {
    use = await intrude(world.harness, one);
    const { stdout } = await world.must('alice', 'status', use);
    expect(stdout).toMatch(/phase +unanswered \(undeclared\)/);
    expect(stdout).toMatch(/reason +a login from 192\.0\.2\.9 .*that nobody claimed/);
    expect(stdout).toMatch(/answer +nobody has answered/);
    expect(stdout).toMatch(/waits for +olga: “mine” \(breakglass claim\) or “stop”/);
  });

  it('stop asks which of the two is meant', async () => {
    const ran = await world.run('bob', ['stop', 'acme-eu', '--reason', 'nobody signed in']);
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toContain(theCase);
    expect(ran.stderr).toContain(use);
  });

  it('claim by the requester, late, for their own case closes it', async () => {
    const ran = await world.must('alice', 'claim', theCase, '--session', one);
    expect(ran.stderr).not.toContain('nobody authorised');
    expect(await viewOf(use)).toMatchObject({ phase: 'closed', answer: { how: 'mine', by: 'alice' } });
    expect((await viewOf(theCase)).sessions).toEqual([one]);
  });

  it('cases lists it by its kind', async () => {
    const answer = await world.must('alice', 'cases', '--kind', 'undeclared', '--json');
    const { cases } = z.object({ cases: z.array(caseView) }).parse(answer.json());
    expect(cases.map((each) => each.case)).toEqual([use]);
  });
});

describe('stop', () => {
  it('needs a reason', async () => {
    use = await intrude(world.harness, two);
    const ran = await world.run('bob', ['stop', use]);
    expect(ran).toMatchObject({ exit: 2 });
    expect(ran.stderr).toContain('--reason');
  });

  it('is refused to who does not watch over the account', () =>
    refused('erin', ['stop', use, '--reason', 'odd'], /erin may not stop/));

  it('ends it at once, and says what follows', async () => {
    const before = world.harness.ledger.rows.length;
    const ran = await world.must('bob', 'stop', use, '--reason', 'nobody signed in', '--json');
    expect(ran.json()).toMatchObject({ case: use, events: ['answered', 'ended', 'case-left'] });
    expect(ran.stderr).toContain('its credential will be rotated');
    expect(ran.stderr).toContain(`next: breakglass status ${use}`);
    expect(world.actions(before)).toEqual(['break_glass_stopped']);
    expect(await viewOf(use)).toMatchObject({ phase: 'ended', answer: { how: 'stop', by: 'bob' } });
    expect((await viewOf(theCase)).phase).toBe('in-session');
  });

  it('is no answer twice', () => refused('carol', ['stop', use, '--reason', 'too'], /is ended/));

  it('leaves whoever stopped it the post-mortem, and no session log that they could not write', async () => {
    const file = join(world.folder, 'post-mortem.md');
    const postMortem = ['write-up', use, '--document', 'post-mortem'];
    const { stdout } = await world.must('bob', ...postMortem, '--template');
    expect(stdout).toContain('## Classification\n\nundeclared\n');
    await writeFile(file, stdout.replaceAll(/TODO.*/g, 'a stranger'));
    await refused('alice', [...postMortem, '--file', file], /only bob may do this/);
    await world.must('bob', ...postMortem, '--file', file);
    const log = ['write-up', use, '--document', 'session-log'];
    const template = await world.must('bob', ...log, '--template');
    const filled = template.stdout.replaceAll(/TODO.*/g, 'unknown');
    await writeFile(file, filled);
    await refused('bob', [...log, '--file', file], /nobody owes a session-log/);
  });

  it('ends a case in session too', async () => {
    await world.must('bob', 'stop', theCase, '--reason', 'the credential is known to somebody');
    expect(await viewOf(theCase)).toMatchObject({ phase: 'ended', by: 'alice', answer: null });
  });
});

describe('claim of an undeclared use for itself', () => {
  it('is refused to who may not use the account, and for a session of another', async () => {
    use = await intrude(world.harness, three);
    await refused('bob', ['claim', use, '--session', three], /bob/);
    await refused('alice', ['claim', use, '--session', '0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b19'], /session/);
  });

  it('warns that everybody hears of it, and leaves the use to be ended', async () => {
    const ran = await world.must('alice', 'claim', use, '--session', three);
    expect(ran.stderr).toContain('nobody authorised this use');
    expect(ran.stderr).toContain(`breakglass end ${use} --reason TEXT`);
    expect(await viewOf(use)).toMatchObject({ phase: 'in-session', by: 'alice', sessions: [three] });
  });

  it('end is for who owned up', async () => {
    await refused('dan', ['end', use, '--reason', 'done', '--no-wait'], /only alice may end/);
    await world.must('alice', 'end', use, '--reason', 'I should have asked', '--no-wait');
    expect((await viewOf(use)).phase).toBe('ended');
  });

  it('write-up begins by saying that nobody authorised it', async () => {
    const log = ['write-up', use, '--document', 'session-log'];
    const { stdout } = await world.must('alice', ...log, '--template');
    expect(stdout).toContain('## Authorised by\n\nnobody: the use was not declared');
    const file = join(world.folder, 'session-log.md');
    await writeFile(file, stdout.replaceAll(/TODO.*/g, 'a try'));
    await world.must('alice', ...log, '--file', file);
  });

  it('history tells it from the login on', async () => {
    const { stdout } = await world.must('alice', 'history', use);
    expect(stdout).toMatch(/the process found a login nobody claimed: aal2 from 192\.0\.2\.9/);
    expect(stdout).toMatch(/ALICE \(alice\) claimed a session/);
    expect(stdout).toMatch(/ALICE \(alice\) ended the session/);
    expect(stdout).toMatch(/undeclared use of acme-eu/);
  });
});
