/** Opening a signed envelope on a person's machine: what does not hold is a {@link MachineRefusal}. */
import type { Digest } from '../../core/contracts/ids.ts';
import type { Envelope, Statement, StatementOf } from '../../core/contracts/statements.ts';
import type { KnownConfig } from '../../core/trust/configFile.ts';
import { openEnvelope, readStatement } from '../../core/trust/envelope.ts';
import type { Trust } from './configPin.ts';
import { MachineRefusal } from './exits.ts';
import { oneLine } from './printable.ts';

/** A refusal that may quote what was shown. */
export const refuse = (code: string, why: string): MachineRefusal => new MachineRefusal(code, oneLine(why));

/** A statement of one type whose signature this machine has verified. */
export interface Verified<T extends Statement['type']> {
  readonly statement: StatementOf<T>;
  /** The exact text that was signed. */
  readonly text: string;
  readonly digest: Digest;
  /** The config the signer had pinned. */
  readonly pinned: KnownConfig;
  readonly fingerprint: string;
}

/** Opens an envelope that must hold one type of statement. @throws MachineRefusal naming what it was */
export const verifyEnvelope = <T extends Statement['type']>(
  envelope: Envelope,
  type: T,
  trust: Trust,
  now: string,
): Verified<T> => {
  const opened = openEnvelope({ envelope, configs: trust.configs, current: trust.current.digest, now });
  if (!opened.ok) throw refuse(opened.refusal.code, `the ${type} shown does not hold: ${opened.refusal.why}`);
  if (!isOf(opened.statement, type))
    throw refuse('malformed-statement', `where a ${type} should be, a ${opened.statement.type} is shown`);
  const { digest, pinned, fingerprint, statement } = opened;
  return { statement, text: envelope.statement, digest, pinned, fingerprint };
};

const isOf = <T extends Statement['type']>(it: Statement, type: T): it is StatementOf<T> => it.type === type;

/**
 * The time to judge an envelope at that was accepted earlier: its own signing, never later than now, so that
 * a lapsed one is told from a forged one, and a post-dated one is refused.
 */
export const asSigned = (envelope: Envelope, now: string): string => {
  const read = readStatement(envelope.statement);
  return read.ok && read.statement.signedAt < now ? read.statement.signedAt : now;
};
