/** The organisation whose simulated people sign within this process. */
import type { Configs } from '../../activities/recorder.ts';
import { canonicalize, type Json } from '../../core/contracts/canonical.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { namespaces, type Envelope } from '../../core/contracts/statements.ts';
import { newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { combineShares, openShare } from '../../core/custody/open.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { makeOrg, names, type Name } from '../support/org.ts';
import { createQuickSigner, type QuickSigner } from '../support/quickSigner.ts';
import type { Players } from './deeds.ts';

export interface ChaosOrg {
  readonly configs: Configs;
  readonly players: Players;
  readonly everybody: readonly Name[];
  /** @param signer - whose key signs; the person's own when left out */
  seal(members: Record<string, Json>, by: string, signer?: string): Envelope;
  readonly workerSign: QuickSigner;
  /** What a seal holds, opened by its custodians as people would. */
  open(seal: StoredSeal): Promise<string>;
  remove(): Promise<void>;
}

const isName = (name: string): name is Name => names.some((each) => each === name);

export const makeChaosOrg = async (): Promise<ChaosOrg> => {
  const org = await makeOrg();
  const chain = verifyConfigChain(org.chain, org.digest);
  if (!chain.ok) throw new Error(chain.why);
  const signers = new Map<string, QuickSigner>();
  for (const name of [...names, 'worker' as const])
    signers.set(name, await createQuickSigner(org.keys[name].keyFile));
  const signerOf = (name: string): QuickSigner => {
    const found = signers.get(name);
    if (found === undefined) throw new Error(`${name} has no key`);
    return found;
  };
  const opened = new Map<string, Promise<string>>();
  const open = async ({ sealed }: StoredSeal): Promise<string> => {
    const holders = sealed.shares.map(({ custodian }) => custodian).filter(isName);
    const shares = await Promise.all(
      holders
        .slice(0, sealed.threshold)
        .map((custodian) => openShare({ sealed, custodian, identity: org.keys[custodian].ageIdentity })),
    );
    return Buffer.from(await combineShares({ sealed, shares })).toString('utf8');
  };
  const request = {
    ...{ kind: 'emergency', scenario: 'sso-down', reason: 'restore it', symptom: 'it answers 503' },
    conditions: Object.keys(org.data.scenarios['sso-down'].conditions),
    ...{ incidentChannel: '#inc', expectedMinutes: 20 },
    recipient: await recipientOf(await newAgeIdentity()),
  };
  return {
    configs: chain,
    players: {
      ...{ requesters: ['alice', 'nils'], approvers: ['bob', 'carol', 'dan', 'alice'] },
      ...{ owners: ['quinn', 'rosa'], role: 'senior', request },
    },
    everybody: names,
    seal: (members, by, signer = by) => {
      const statement = canonicalize(members);
      return { statement, signature: signerOf(signer)(statement, namespaces.decision) };
    },
    workerSign: signerOf('worker'),
    open: (seal) => {
      const before = opened.get(seal.digest) ?? open(seal);
      opened.set(seal.digest, before);
      return before;
    },
    remove: () => org.remove(),
  };
};
