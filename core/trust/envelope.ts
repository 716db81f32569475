/** A signed statement, from envelope to a person's proven word. */
import { createHash } from 'node:crypto';
import { CanonicalError, parseCanonical, type Json } from '../contracts/canonical.ts';
import type { Refusal, RefusalCode } from '../contracts/failures.ts';
import { digest as digestSchema, type Digest } from '../contracts/ids.ts';
import {
  namespaces,
  statement as statementSchema,
  type Envelope,
  type Namespace,
  type Statement,
} from '../contracts/statements.ts';
import type { KnownConfig } from './configFile.ts';
import { keysInBoth, personOf } from './signers.ts';
import { verifySshSignature } from './sshsig.ts';

/** How far a signer's clock may run ahead of ours. */
export const CLOCK_SKEW_SECONDS = 60;
/** How long a statement may be good for. */
export const LONGEST_LIFE_SECONDS = 24 * 3600;

export type Opened =
  | {
      readonly ok: true;
      readonly statement: Statement;
      /** Of the statement's text. */
      readonly digest: Digest;
      /** The config the signer's machine had pinned. */
      readonly pinned: KnownConfig;
      /** Of the key that signed, as `ssh-keygen -l` prints it. */
      readonly fingerprint: string;
    }
  | {
      readonly ok: false;
      readonly refusal: Refusal;
      /** Who it claims to be from: proven by nothing. Null when it cannot be read. */
      readonly by: string | null;
    };

/** The digest of a statement or of any other signed text: SHA-256 of its UTF-8, lower-case hex. */
export function statementDigest(text: string): Digest {
  return digestSchema.parse(createHash('sha256').update(text, 'utf8').digest('hex'));
}

/**
 * Verifies that a person of both configs (the one the statement names and the current one) signed this
 * statement, with a key that stands in both, and that it is fresh. Whether it may be done, and whether its
 * nonce is new, is for the rules and the ledger.
 *
 * @param request.configs - from `verifyConfigChain`
 * @param request.current - digest of the config in force
 * @param request.now - UTC
 * @returns a refusal for hostile input; never throws on it
 */
export function openEnvelope(request: {
  readonly envelope: Envelope;
  readonly configs: ReadonlyMap<Digest, KnownConfig>;
  readonly current: Digest;
  readonly now: string;
  readonly namespace?: Namespace;
}): Opened {
  const { envelope, configs, current, now, namespace = namespaces.decision } = request;
  const read = readStatement(envelope.statement);
  if (!read.ok) return refused('malformed-statement', read.why, null);
  const { statement } = read;
  const { by } = statement;

  const inForce = configs.get(current);
  const pinned = configs.get(statement.config);
  if (inForce === undefined || pinned === undefined)
    return refused('unknown-config', `config ${short(statement.config)} was never in force here`, by);

  const then = personOf(pinned.config, by);
  const today = personOf(inForce.config, by);
  if (then === undefined || today === undefined)
    return refused(
      'unknown-person',
      `the config ${then === undefined ? `it was signed under (${short(pinned.digest)})` : 'in force'} has no person ${by}`,
      by,
    );

  const keys = keysInBoth(then, today);
  const verdict = verifySshSignature({
    message: envelope.statement,
    signature: envelope.signature,
    namespace,
    keys,
  });
  if (!verdict.ok)
    return refused(
      verdict.reason,
      verdict.reason === 'unknown-key'
        ? `not signed with a key of ${by}: ${verdict.message}`
        : verdict.message,
      by,
    );

  const stale = staleness(statement, now);
  if (stale !== null) return refused(stale.code, stale.why, by);
  return {
    ok: true,
    statement,
    digest: statementDigest(envelope.statement),
    pinned,
    fingerprint: verdict.key.fingerprint,
  };
}

/**
 * Reads a statement's text without proving anything about it: for routing, and for showing what one is asked
 * to sign. The message never quotes the text.
 */
export function readStatement(
  text: string,
): { readonly ok: true; readonly statement: Statement } | { readonly ok: false; readonly why: string } {
  let value: Json;
  try {
    value = parseCanonical(text);
  } catch (error) {
    if (error instanceof CanonicalError) return { ok: false, why: `not canonical JSON: ${error.message}` };
    throw error;
  }
  const parsed = statementSchema.safeParse(value);
  if (parsed.success) return { ok: true, statement: parsed.data };
  const [issue] = parsed.error.issues;
  return {
    ok: false,
    why: `not a statement: ${issue?.message ?? 'unknown shape'} at ${['$', ...(issue?.path ?? [])].join('.')}`,
  };
}

function staleness(statement: Statement, now: string): Refusal | null {
  const [signed, expires, at] = [statement.signedAt, statement.expiresAt, now].map(
    (each) => Date.parse(each) / 1000,
  );
  if (signed === undefined || expires === undefined || at === undefined) return null;
  if (signed > at + CLOCK_SKEW_SECONDS)
    return {
      code: 'future-dated',
      why: `signed at ${statement.signedAt}, which is in the future: check the signer's clock`,
    };
  if (expires <= at) return { code: 'expired', why: `good until ${statement.expiresAt} only: sign again` };
  if (expires - signed > LONGEST_LIFE_SECONDS)
    return { code: 'lives-too-long', why: 'a statement is good for 24 hours at most' };
  return null;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}

function refused(code: RefusalCode, why: string, by: string | null): Opened {
  return { ok: false, refusal: { code, why }, by };
}
