/** What this machine refused: signed by its owner, one line each, never taken back. */
import type { AccountId, CaseId } from '../../core/contracts/ids.ts';
import { envelope as envelopeSchema, type Envelope } from '../../core/contracts/statements.ts';
import type { MachineRefusal } from './exits.ts';
import { parseJson, type Home } from './home.ts';
import type { Draft } from './sign.ts';

const FILE = 'log.jsonl';

/** What is said about a refusal; the longest `why` a statement may hold is cut to. */
export const refusalDraft = (
  refusal: MachineRefusal,
  about: { readonly account: AccountId; readonly case: CaseId | null; readonly doing: string },
): Draft => ({
  type: 'machine-refusal',
  account: about.account,
  case: about.case,
  doing: about.doing,
  code: refusal.code,
  why: refusal.message.slice(0, 1000),
});

export const appendToLog = (home: Home, envelope: Envelope): Promise<void> =>
  home.append(FILE, `${JSON.stringify(envelope)}\n`);

/** The log's lines, oldest first; null for one that is no envelope. */
export const readLog = async (home: Home): Promise<(Envelope | null)[]> => {
  const text = await home.read(FILE);
  return (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = envelopeSchema.safeParse(parseJson(line));
      return parsed.success ? parsed.data : null;
    });
};
