/** A process that plays the seeds it is given, for `lanes.ts`. */
import { z } from 'zod';
import { playSeeds } from './campaign.ts';
import { makeChaosOrg } from './org.ts';

const share = z.object({ from: z.int(), seeds: z.int() });

const org = await makeChaosOrg();
// There is no more to play, or nobody to play it for; the keys are not left behind.
process.once('disconnect', () => {
  void org.remove().finally(() => process.exit());
});

const play = async (message: unknown): Promise<void> => {
  process.send?.(await playSeeds(org, share.parse(message)));
};

process.on('message', (message) => {
  play(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
