/** Who keeps the ledger's checkpoints, where the database's owner cannot reach. One attempt a call. */
import type { SignedCheckpoint } from '../../core/contracts/checkpoint.ts';
import type { Config, Witness } from '../../core/contracts/config.ts';
import type { AwsPlace } from './aws.ts';
import { WitnessError } from './error.ts';
import { createFileWitness } from './file.ts';
import { createS3Witness } from './s3.ts';
import { createSnsWitness } from './sns.ts';

export { WitnessError } from './error.ts';

/** Every witness of a config, by name. */
export interface Witnesses {
  readonly names: readonly string[];
  /**
   * Hands over one checkpoint.
   *
   * @param of - what the checkpoint says, for naming where it is kept
   * @throws WitnessError when the witness did not take it
   */
  send(
    name: string,
    signed: SignedCheckpoint,
    of: { readonly at: string; readonly size: number },
  ): Promise<void>;
  close(): void;
}

/** The config has each witness's region. */
type Endpoint = Pick<AwsPlace, 'endpoint'>;

interface Keeper {
  send(line: string, of: { readonly at: string; readonly size: number }): Promise<void>;
  close(): void;
}

const keeperOf = (witness: Witness, aws: Endpoint): Keeper => {
  switch (witness.kind) {
    case 'file':
      return createFileWitness(witness);
    case 'sns':
      return createSnsWitness({ ...witness, endpoint: aws.endpoint });
    case 's3':
      return createS3Witness({ ...witness, endpoint: aws.endpoint });
  }
};

/** Makes the witnesses of a config; nothing is contacted before the first checkpoint. */
export const createWitnesses = (config: Config, aws: Endpoint): Witnesses => {
  const keepers = new Map(
    Object.entries(config.witnesses).map(([name, witness]) => [name, keeperOf(witness, aws)]),
  );
  return {
    names: [...keepers.keys()],
    async send(name, { checkpoint, signature }, of) {
      const keeper = keepers.get(name);
      if (keeper === undefined) throw new WitnessError(`the config names no witness ${name}`);
      await keeper.send(JSON.stringify({ checkpoint, signature }), of);
    },
    close: () => {
      for (const keeper of keepers.values()) keeper.close();
    },
  };
};
