import { setTimeout as sleep } from 'node:timers/promises';
import { caseId, rotationId } from '../../core/contracts/ids.ts';
import { playCase, type Played } from '../../dev/stack/play.ts';
import { rowsOf } from '../../dev/stack/times.ts';
import { chatMessages, drainTopic } from '../../test/whole/checks/alarm.ts';
import type { Tried } from '../../test/whole/checks/attempt.ts';
import {
  heldByRequester,
  openFromShares,
  tryFromOutside,
  type HeldSecrets,
} from '../../test/whole/checks/outside.ts';
import { tryRefusals } from '../../test/whole/checks/refusals.ts';
import { startWhole, type Whole } from '../../test/whole/stack.ts';
import { measureAlarm } from '../alarm/index.ts';
import { startTee, type Tee } from '../alarm/tee.ts';
import { cleanClone } from '../cleanClone.ts';
import { median, rounded, type Proof, type Section } from '../figure.ts';
import { costOf, countOf, readHistories, type History } from '../historyEvents.ts';

const mostOfADecision = 6;
const mostOfTheRest = 100;
const loginsEach = 20;

const told = { bare: null, floor: null, ok: true } as const;

/** Histories of the case, its rotation, and what the case added to its account's. */
const reportEvents = (parts: Readonly<Record<string, History>>, { report }: Proof): void => {
  const costs = Object.values(parts).map(costOf);
  for (const [name, history] of Object.entries(parts)) {
    report({ ...told, figure: `events of the ${name}`, value: history.length, unit: 'events' });
    for (const [kind, count] of Object.entries(countOf(history)).toSorted((one, other) => other[1] - one[1]))
      report({ ...told, figure: `  ${kind}`, value: count, unit: 'events' });
  }
  const decisions = costs.reduce((sum, each) => sum + each.decisions, 0);
  const most = Math.max(...costs.map((each) => each.mostOfADecision));
  const rest = costs.reduce((sum, each) => sum + each.rest, 0);
  report({ ...told, figure: 'decisions', value: decisions, unit: '', ok: decisions > 0 });
  report({
    ...{ figure: 'events a decision (most)', value: most, unit: 'events', bare: null },
    ...{ floor: `at most ${mostOfADecision}`, ok: most > 0 && most <= mostOfADecision },
  });
  report({
    ...{ figure: 'events of the rest, children included', value: rest, unit: 'events', bare: null },
    ...{ floor: `at most ${mostOfTheRest}`, ok: rest <= mostOfTheRest },
  });
};

/** A whole emergency: what its histories hold, and what the old and new credential do afterwards. */
const proveEmergency = async ({ stack, account, cast }: Whole, proof: Proof): Promise<Played> => {
  const { address } = stack.servers.temporal;
  const accountWorkflow = `account/${account}`;
  // What came before must be at rest, or it would be counted with the case.
  await sleep(3_000);
  const before = (await readHistories(address, [accountWorkflow]))[accountWorkflow] ?? [];
  const old = await openFromShares(stack, account);
  const held: HeldSecrets[] = [];
  proof.say('playing an emergency through the real CLI');
  const played = await playCase(
    {
      ...{ ...stack, account, kind: 'emergency', cast },
      beforeEnd: async (view) => {
        held.push(await heldByRequester(stack, view));
      },
    },
    proof.say,
  );
  await sleep(3_000);
  const ids = { case: caseId.parse(played.case), rotation: rotationId.parse(played.view.rotation) };
  const histories = await readHistories(address, [accountWorkflow, ids.case, ids.rotation]);
  const ofAccount = (histories[accountWorkflow] ?? []).slice(before.length);
  reportEvents(
    { account: ofAccount, case: histories[ids.case] ?? [], rotation: histories[ids.rotation] ?? [] },
    proof,
  );
  const sessionToken = held[0]?.sessionToken ?? '';
  const fresh = await openFromShares(stack, account);
  const { knocks } = await tryFromOutside(stack, account, { ...old, sessionToken }, fresh);
  for (const { what, refused, status, said } of knocks) {
    const mustOpen = what === 'new pair';
    const ok = mustOpen ? !refused && said === 'aal2' : refused;
    const floor = mustOpen ? 'opens to aal2' : 'refused';
    proof.report({ figure: `${what}: ${said}`, value: status, unit: 'status', bare: null, floor, ok });
  }
  return played;
};

/** That one login rang on each channel, under one stable id. */
const proveRinging = async ({ stack }: Whole, played: Played, { report }: Proof): Promise<void> => {
  const sighting = played.view.sightings.find((each) => each.session === played.session)?.id ?? 'none';
  const alarm = `alarm/${sighting}`;
  const rang = {
    'security-topic (SNS)': (await drainTopic(stack)).filter(({ id }) => id === alarm).length,
    'incident-slack': (await chatMessages(stack)).filter(({ whole }) => whole.includes(alarm)).length,
  };
  for (const [channel, times] of Object.entries(rang))
    report({
      ...{ figure: `one login rings on ${channel}`, value: times, unit: 'times', bare: null },
      ...{ floor: 'once, one stable id', ok: times === 1 },
    });
  const rows = await rowsOf(stack.cli, 'tomas', played.case);
  const ofAlarm = rows.filter((each) => each.key === alarm).length;
  report({ ...told, figure: `  its row in the ledger`, value: ofAlarm, unit: 'rows', ok: ofAlarm === 1 });
};

const isWellRefused = ({ what, exit, line, rows, changed }: Tried): boolean => {
  // What the validator refuses never comes into a history, so nobody is there to write a row.
  const rowsExpected = what === 'a raw update in plaintext' ? 0 : 1;
  return exit !== 0 && line.length > 0 && rows.length === rowsExpected && changed.length === 0;
};

const proveRefusals = async (whole: Whole, { report, say }: Proof): Promise<void> => {
  say('trying what must be refused');
  const { tried, good } = await tryRefusals(whole);
  for (const each of tried) {
    say(`  ${each.what}: ${each.line}`);
    report({
      ...{ figure: `refused: ${each.what}`, value: each.exit, unit: each.how === 'http' ? 'status' : 'exit' },
      ...{ bare: null, floor: 'a line, a row, no change', ok: isWellRefused(each) },
    });
  }
  const counts = good.exit === 0 && good.changed.length > 0;
  report({
    ...{ figure: 'the control: a good approval counts', value: good.exit, unit: 'exit', bare: null },
    ...{ floor: 'exit 0, a change', ok: counts },
  });
};

const proveAlarm = async ({ stack }: Whole, tee: Tee, { report, say }: Proof): Promise<void> => {
  say(`${loginsEach} logins for each arm: the sentinel, and a bare handler of one row and one message`);
  const { ours, bare, ratio } = await measureAlarm(stack, tee, loginsEach);
  report({
    ...{ figure: 'Kratos’s answer → first acceptance (median)', value: rounded(median(ours), 0), unit: 'ms' },
    ...{ bare: rounded(median(bare), 0), floor: null, ok: ours.length === loginsEach },
  });
  const isKnown = Number.isFinite(ratio);
  report({
    figure: '  ratio to the bare handler',
    value: ratio,
    unit: 'x',
    bare: 1,
    floor: null,
    ok: isKnown,
  });
};

const proveCase = async (proof: Proof): Promise<void> => {
  await cleanClone(proof);
  const tee = await startTee();
  const whole = await startWhole({
    progress: proof.say,
    hookVia: (sentinel) => {
      tee.target = sentinel;
      return tee.url;
    },
  });
  try {
    await proveRefusals(whole, proof);
    const played = await proveEmergency(whole, proof);
    await proveRinging(whole, played, proof);
    await proveAlarm(whole, tee, proof);
  } finally {
    await whole.remove();
    tee.stop();
  }
};

/** Issue “a break-glass case on a Kratos account, from request to closed, on real servers”. */
export const sections: readonly Section[] = [{ name: 'whole', prove: proveCase }];
