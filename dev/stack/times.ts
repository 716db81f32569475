import { z } from 'zod';
import { instant } from '../../core/contracts/ids.ts';
import { row, type Row } from '../../core/contracts/ledger.ts';
import { mustRun, type RunCli } from './cli.ts';
import type { Played } from './play.ts';

/** The five times of a case, in milliseconds. */
export interface Times {
  /** Request admitted → aal2. */
  readonly access: number;
  /** Kratos's answer → first channel's acceptance; below zero when the channel was the quicker. */
  readonly alarm: number;
  /** End signed → old session refused. */
  readonly revoke: number;
  /** End → new pair proven. */
  readonly rotate: number;
  /** Request admitted → closed. */
  readonly closed: number;
}

/** A case's rows of the ledger, as an auditor gets them. */
export const rowsOf = async (cli: RunCli, person: string, id: string): Promise<Row[]> =>
  z.object({ rows: z.array(row) }).parse(JSON.parse(await mustRun(cli, person, 'history', id, '--json')))
    .rows;

const signedAt = z.object({ signedAt: instant });

/** When the requester signed the end. */
const endSigned = (rows: readonly Row[]): number => {
  const text = rows.find((each) => each.action === 'break_glass_ended')?.metadata.envelope?.statement;
  if (text === undefined) throw new Error('the case has no signed end');
  return Date.parse(signedAt.parse(JSON.parse(text)).signedAt);
};

/** When each channel took an alarm; one that took it late has a row of its own. */
export const acceptances = z.object({ accepted: z.record(z.string(), instant), sighting: z.string() });

/** The first acceptance of the case's own login on any channel. */
export const firstAccepted = (rows: readonly Row[]): number => {
  const accepted = rows
    .filter((each) => each.action === 'break_glass_alarm')
    .flatMap((each) => Object.values(acceptances.parse(each.metadata).accepted));
  const [first] = accepted.toSorted();
  if (first === undefined) throw new Error('the ledger has no alarm of the case');
  return Date.parse(first);
};

/** Reads the five times from the case and the ledger's rows, not from a stopwatch beside them. */
export const timesOf = (played: Played, rows: readonly Row[]): Times => {
  const { times } = played.view;
  const at = (name: string): number => {
    const instant = times[name];
    if (instant === undefined) throw new Error(`the case never came to ${name}`);
    return Date.parse(instant);
  };
  return {
    access: at('aal2') - at('requested'),
    alarm: firstAccepted(rows) - Date.parse(played.loginAnsweredAt),
    revoke: at('sessions-ended') - endSigned(rows),
    rotate: at('rotated') - at('ended'),
    closed: at('closed') - at('requested'),
  };
};
