/** From what a person decides to the statement that their own `ssh-keygen` signs. */
import { SshKeygenError, signWithSshKeygen } from '../../adapters/ssh/sign.ts';
import { canonicalize } from '../../core/contracts/canonical.ts';
import type { Digest, PersonId } from '../../core/contracts/ids.ts';
import {
  namespaces,
  statement as statementSchema,
  type Envelope,
  type Namespace,
  type Statement,
} from '../../core/contracts/statements.ts';
import { statementDigest } from '../../core/trust/envelope.ts';
import { CliError, exits, usage } from './exits.ts';
import { randomHex, type Surroundings } from './surroundings.ts';

type Added = 'v' | 'by' | 'config' | 'nonce' | 'signedAt' | 'expiresAt';
type DraftOf<S> = S extends Statement ? Omit<S, Added> : never;
/** What is decided, before who, when and under which config. */
export type Draft = DraftOf<Statement>;

export interface Signed {
  readonly envelope: Envelope;
  readonly statement: Statement;
  /** Of the statement's text. */
  readonly digest: Digest;
}

/** Long enough for a security key's touch and a retry; the server keeps what it accepted. */
export const TRANSIT_SECONDS = 600;

/** The longest life a statement may have (`LONGEST_LIFE_SECONDS` of core/trust), less a minute for clocks. */
const LONGEST_SECONDS = 24 * 3600 - 60;

/** The latest instant a statement signed now may be good until. */
export const longestLife = ({ now }: Pick<Surroundings, 'now'>): string =>
  new Date(now().getTime() + LONGEST_SECONDS * 1000).toISOString();

/**
 * Completes a draft with signer, config, nonce and times.
 *
 * @param about.until - by default {@link TRANSIT_SECONDS} from now; never more than a day
 * @throws CliError `usage` for what no statement may hold, such as an empty reason
 */
export const completeStatement = (
  draft: Draft,
  about: {
    readonly by: PersonId;
    readonly config: Digest;
    readonly until?: string;
    readonly surroundings: Pick<Surroundings, 'now' | 'random'>;
  },
): Statement => {
  const { by, config, until, surroundings } = about;
  const now = surroundings.now();
  const latest = longestLife({ now: () => now });
  const wanted = until ?? new Date(now.getTime() + TRANSIT_SECONDS * 1000).toISOString();
  const expiresAt = wanted < latest ? wanted : latest;
  const parsed = statementSchema.safeParse(
    inNfc({
      ...draft,
      v: 1,
      by,
      config,
      nonce: randomHex(surroundings, 16),
      signedAt: now.toISOString(),
      expiresAt,
    }),
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw usage(`${draft.type}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
};

/** Signs a completed statement with the person's key. @throws CliError */
export const signStatement = async (statement: Statement, keyFile: string): Promise<Signed> => {
  const text = canonicalize(statement);
  const envelope = await signText(text, namespaces.decision, keyFile);
  return { envelope, statement, digest: statementDigest(text) };
};

/**
 * Signs a text in a namespace.
 *
 * @param unattended - where nobody is there to be asked; it ends the attempt
 * @throws CliError in ssh-keygen's words
 */
export const signText = async (
  text: string,
  namespace: Namespace,
  keyFile: string,
  unattended?: AbortSignal,
): Promise<Envelope> => {
  try {
    const request = { message: text, namespace, keyFile };
    const signature = await signWithSshKeygen(
      unattended === undefined ? request : { ...request, unattended },
    );
    return { statement: text, signature };
  } catch (error) {
    if (!(error instanceof SshKeygenError)) throw error;
    throw new CliError(
      error.reason === 'failed' ? exits.unexpected : exits.usage,
      error.reason,
      error.message,
    );
  }
};

/** A keyboard may compose letters otherwise than canonical JSON wants them. */
const inNfc = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, member: unknown) =>
    typeof member === 'string' ? member.normalize('NFC') : member,
  );
