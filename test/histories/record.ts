/** Run by hand, with a name: plays a whole case on the time-skipping server, stores its histories here. See README.md. */
import { writeFile } from 'node:fs/promises';
import { historyText } from '../support/histories.ts';
import { createHarness } from '../workflows/harness.ts';
import { ask, approve, claim, endAndRotate, provision, release, settle } from '../workflows/steps.ts';

const [, , shape] = process.argv;
if (shape === undefined || !/^[a-z-]+$/.test(shape)) throw new Error('give the shape of workflow a name');
const h = await createHarness();
try {
  await provision(h);
  const id = await ask(h);
  await approve(h, id);
  await release(h, id);
  const session = await claim(h, id);
  await endAndRotate(h, id);
  await settle(h, id, session);
  const { rotation } = h.caseState(id);
  const ids = { account: `account/${h.account}`, case: id, rotation: rotation ?? '' };
  for (const [name, workflowId] of Object.entries(ids))
    await writeFile(
      new URL(`${shape}-${name}.json`, import.meta.url),
      await historyText(h.client, workflowId, h.ring),
    );
} finally {
  await h.stop();
}
