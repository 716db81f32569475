import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSshKey } from '../../adapters/ssh/sign.ts';
import { newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { root } from './markdown.ts';

/** The public lines of a person whose keys the documents' own commands made, or of one made here. */
const publicLines = async (
  person: string,
  folder: string,
): Promise<{ sshKey: string; recipient: string }> => {
  const home = join(folder, 'homes', person);
  try {
    const [sshKey, identity] = await Promise.all(
      ['id_ed25519.pub', 'age-identity.txt'].map((name) => readFile(join(home, name), 'utf8')),
    );
    return { sshKey: sshKey?.trim() ?? '', recipient: /# public key: (\S+)/.exec(identity ?? '')?.[1] ?? '' };
  } catch {
    const { publicKey } = await createSshKey({
      file: join(await mkdtemp(join(folder, 'key-')), person),
      comment: person,
    });
    return { sshKey: publicKey, recipient: await recipientOf(await newAgeIdentity()) };
  }
};

/**
 * An example config with real keys where its placeholders stand.
 *
 * @param folder - with people's home folders in `homes/`; who has none there is given new keys
 */
export const filled = async (example: string, folder: string): Promise<string> => {
  let text = await readFile(join(root, example), 'utf8');
  const people = [...new Set([...text.matchAll(/<age recipient of (\w+)>/g)].map(([, name = '']) => name))];
  const known = await Promise.all(
    people.map(async (person) => [person, await publicLines(person, folder)] as const),
  );
  for (const [person, { sshKey, recipient }] of known)
    text = text
      .replaceAll(`<ssh key of ${person}>`, JSON.stringify(sshKey))
      .replaceAll(`<age recipient of ${person}>`, recipient);
  const { publicKey } = await createSshKey({
    file: join(await mkdtemp(join(folder, 'key-')), 'worker'),
    comment: 'worker',
  });
  return text
    .replaceAll('<ssh key of the worker>', JSON.stringify(publicKey))
    .replaceAll('<origin>', 'https://breakglass.acme.example')
    .replaceAll('<security topic>', 'arn:aws:sns:eu-west-1:111122223333:security')
    .replaceAll('<witness file>', '/mnt/witness/checkpoints.jsonl');
};
