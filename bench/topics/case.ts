import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStack, type Stack } from '../../dev/stack/index.ts';
import { cast, playCase, provision, type Played } from '../../dev/stack/play.ts';
import { measureAlarm } from '../alarm/index.ts';
import { startTee, type Tee } from '../alarm/tee.ts';
import { cleanClone } from '../cleanClone.ts';
import { median, rounded, type Proof } from '../figure.ts';
import { costOf, countOf, readHistories } from '../historyEvents.ts';

const account = 'acme-eu';
const mostOfADecision = 6;
const mostOfTheRest = 100;
const loginsEach = 20;

/** The whole case's history events, child histories included, split into decisions and the rest. */
const proveEvents = async (stack: Stack, { report, say }: Proof): Promise<Played> => {
  const { address } = stack.servers.temporal;
  const accountWorkflow = `account/${account}`;
  // What provisioning set going must have come to rest, or it would be counted with the case.
  await sleep(3_000);
  const before = (await readHistories(address, [accountWorkflow]))[accountWorkflow] ?? [];
  say('playing an emergency through the real CLI');
  const played = await playCase({ ...stack, account, kind: 'emergency', cast }, say);
  await sleep(3_000);
  const rotation = played.view.rotation ?? '';
  const histories = await readHistories(address, [accountWorkflow, played.case, rotation]);
  const parts = {
    account: (histories[accountWorkflow] ?? []).slice(before.length),
    case: histories[played.case] ?? [],
    rotation: histories[rotation] ?? [],
  };
  let rest = 0;
  let decisions = 0;
  let most = 0;
  for (const [name, history] of Object.entries(parts)) {
    const cost = costOf(history);
    rest += cost.rest;
    decisions += cost.decisions;
    most = Math.max(most, cost.mostOfADecision);
    report({
      figure: `events of the ${name}`,
      value: history.length,
      unit: 'events',
      bare: null,
      floor: null,
      ok: true,
    });
    for (const [kind, count] of Object.entries(countOf(history)).toSorted((a, b) => b[1] - a[1]))
      report({ figure: `  ${kind}`, value: count, unit: 'events', bare: null, floor: null, ok: true });
  }
  report({ figure: 'decisions', value: decisions, unit: '', bare: null, floor: null, ok: decisions > 0 });
  report({
    ...{ figure: 'events a decision (most)', value: most, unit: 'events', bare: null },
    ...{ floor: `at most ${mostOfADecision}`, ok: most <= mostOfADecision },
  });
  report({
    ...{ figure: 'events of the rest', value: rest, unit: 'events', bare: null },
    ...{ floor: `at most ${mostOfTheRest}`, ok: rest <= mostOfTheRest },
  });
  return played;
};

const proveAlarm = async (stack: Stack, tee: Tee, { report, say }: Proof): Promise<void> => {
  say(`${loginsEach} logins for each arm: the sentinel, and a bare handler of one row and one message`);
  const { ours, bare, ratio } = await measureAlarm(stack, tee, loginsEach);
  report({
    ...{ figure: 'Kratos’s answer → first acceptance (median)', value: rounded(median(ours), 0), unit: 'ms' },
    ...{ bare: rounded(median(bare), 0), floor: null, ok: ours.length === loginsEach },
  });
  report({
    figure: '  ratio to the bare handler',
    value: ratio,
    unit: 'x',
    bare: 1,
    floor: null,
    ok: Number.isFinite(ratio),
  });
};

/** Issue “a whole case on real servers”. */
export const proveCase = async (proof: Proof): Promise<void> => {
  await cleanClone(proof);
  const stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-prove-'));
  const tee = await startTee();
  const stack = await startStack({ stateFolder, durable: false, progress: proof.say, hookUrl: tee.url });
  tee.target = `http://127.0.0.1:${stack.ports.sentinel}/hooks/kratos`;
  try {
    await provision(stack.cli, account, cast, proof.say);
    await proveEvents(stack, proof);
    await proveAlarm(stack, tee, proof);
  } finally {
    await stack.stop();
    tee.stop();
    await rm(stateFolder, { recursive: true, force: true });
  }
};
