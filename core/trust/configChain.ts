/** The chain of signed configs: who may change who may open what. */
import { CanonicalError, parseCanonical } from '../contracts/canonical.ts';
import type { Config } from '../contracts/config.ts';
import type { SignedConfig } from '../contracts/http.ts';
import type { Digest } from '../contracts/ids.ts';
import { configAcceptance, namespaces, type Envelope } from '../contracts/statements.ts';
import { configDigest, readConfigText, type KnownConfig } from './configFile.ts';
export type { KnownConfig };
import { keysOf, personOf } from './signers.ts';
import { verifySshSignature } from './sshsig.ts';

/** How many admins put a config in force, as in TUF's root role with a threshold of two. */
export const CONFIG_SIGNERS = 2;

export type VerifiedChain =
  | {
      readonly ok: true;
      /** Every config that may be relied on, by digest. */
      readonly configs: ReadonlyMap<Digest, KnownConfig>;
      readonly current: KnownConfig;
    }
  | { readonly ok: false; readonly why: string };

interface Link extends KnownConfig {
  readonly signed: SignedConfig;
}

/**
 * Verifies a chain of configs from a digest that is trusted already.
 *
 * Each config must be accepted by two people with role admin of the one before it, the first by two of its
 * own (the ceremony). Configs older than the pinned one are relied on only as far as two admins of a trusted
 * config signed for what came before it: a config's text does not name its predecessor, its acceptances do.
 *
 * @param chain - oldest first; a chain that does not begin at the ceremony must begin with the pinned config
 * @param pinned - digest of a config this machine trusts
 */
export function verifyConfigChain(chain: readonly SignedConfig[], pinned: Digest): VerifiedChain {
  const links: Link[] = [];
  for (const [index, signed] of chain.entries()) {
    const link = readLink(signed, index, links.at(-1), pinned);
    if (typeof link === 'string') return { ok: false, why: link };
    links.push(link);
  }
  const current = links.at(-1);
  const pinnedAt = links.findIndex((each) => each.digest === pinned);
  if (current === undefined || pinnedAt === -1)
    return { ok: false, why: `the chain does not contain the pinned config ${pinned.slice(0, 12)}` };
  const trusted = links.slice(oldestVouchedFor(links, pinnedAt));
  return {
    ok: true,
    configs: new Map(trusted.map(({ digest, config }) => [digest, { digest, config }])),
    current: { digest: current.digest, config: current.config },
  };
}

/**
 * The distinct people with role admin of `judge` who accepted a config as the one that follows `previous`.
 * One person with two keys is one person; one key held by two people counts once.
 */
export function acceptedBy(
  signed: Pick<SignedConfig, 'signatures' | 'previous'>,
  digest: Digest,
  judge: Config,
): { readonly people: readonly string[]; readonly faults: readonly string[] } {
  const people = new Map<string, string>();
  const faults: string[] = [];
  for (const envelope of signed.signatures) {
    const read = readAcceptance(envelope, digest, signed.previous, judge);
    if ('fault' in read) faults.push(read.fault);
    else if ([...people.values()].includes(read.fingerprint) && !people.has(read.by))
      faults.push(`${read.by} signed with a key that somebody else signed with`);
    else people.set(read.by, read.fingerprint);
  }
  return { people: [...people.keys()], faults };
}

function readLink(
  signed: SignedConfig,
  index: number,
  before: Link | undefined,
  pinned: Digest,
): Link | string {
  const name = `config ${index + 1} of the chain`;
  const read = readConfigText(signed.yaml);
  if (!read.ok) {
    const [first] = read.problems;
    return `${name} cannot be read: ${first?.message ?? 'no reason known'} at line ${first?.line ?? 1}`;
  }
  const link = { digest: configDigest(signed.yaml), config: read.config, signed };
  if (before === undefined && signed.previous !== null) {
    return link.digest === pinned ? link : `${name} is neither the first ever nor the pinned one`;
  }
  if (signed.previous !== (before?.digest ?? null)) return `${name} does not follow the one before it`;
  const { people, faults } = acceptedBy(signed, link.digest, before?.config ?? link.config);
  if (people.length >= CONFIG_SIGNERS) return link;
  const whose = before === undefined ? 'its own people' : 'the people of the one before it';
  const detail = faults.length === 0 ? '' : ` (${faults.join('; ')})`;
  return `${name} is accepted by ${people.length} of the ${CONFIG_SIGNERS} admins needed among ${whose}${detail}`;
}

function oldestVouchedFor(links: readonly Link[], pinnedAt: number): number {
  let oldest = pinnedAt;
  while (oldest > 0) {
    const link = links[oldest];
    if (
      link === undefined ||
      acceptedBy(link.signed, link.digest, link.config).people.length < CONFIG_SIGNERS
    )
      break;
    oldest -= 1;
  }
  return oldest;
}

function readAcceptance(
  envelope: Envelope,
  digest: Digest,
  previous: Digest | null,
  judge: Config,
): { readonly by: string; readonly fingerprint: string } | { readonly fault: string } {
  let parsed: ReturnType<typeof configAcceptance.safeParse>;
  try {
    parsed = configAcceptance.safeParse(parseCanonical(envelope.statement));
  } catch (error) {
    if (error instanceof CanonicalError) return { fault: 'an acceptance is not canonical JSON' };
    throw error;
  }
  if (!parsed.success) return { fault: 'an acceptance is no config statement' };
  const { by, ...accepts } = parsed.data;
  if (accepts.digest !== digest || accepts.previous !== previous)
    return { fault: `${by} accepted another config` };
  const person = personOf(judge, by);
  if (!(person?.roles.includes('admin') ?? false) || person === undefined)
    return { fault: `${by} is no admin` };
  const verdict = verifySshSignature({
    message: envelope.statement,
    signature: envelope.signature,
    namespace: namespaces.decision,
    keys: keysOf(person),
  });
  return verdict.ok ? { by, fingerprint: verdict.key.fingerprint } : { fault: `${by}: ${verdict.message}` };
}
