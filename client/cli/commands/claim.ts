import { z } from 'zod';
import { accountView } from '../../../core/contracts/http.ts';
import type { Sighting } from '../../../core/contracts/events.ts';
import { subjectOf } from '../aboutCase.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { notFound, usage } from '../exits.ts';
import { onCase } from '../machine.ts';
import { table, when } from '../printable.ts';

interface Options extends DryRunOption {
  readonly session?: string;
}

/** `breakglass claim`: "this session is mine", for a login made in a browser, or one that nobody declared. */
export const addClaim: AddCommand = (program, context) => {
  const command = dryRunOption(
    program
      .command('claim')
      .description('say that a session is yours; without --session, list those nobody claimed')
      .argument('<case>')
      .option('--session <id>', 'the session’s id'),
  ).action(async (named: string, options: Options) => {
    const phases = ['released', 'in-session', 'unanswered'] as const;
    await onCase(context, { named, doing: 'claim', phases, dryRun: options.dryRun }, async (machine, id) => {
      const { about, request } = await subjectOf(context, machine, id);
      const { unclaimed } = await machine.api.get(`/v1/accounts/${about.account}`, accountView);
      const session = readSession(options.session) ?? (await choose(context, unclaimed));
      const accepted = await machine.decide({ type: 'claim', ...about, session });
      context.out.data({ ...accepted, session }, session);
      if (request === null)
        context.out.warn('nobody authorised this use: everybody who watches over the account hears of it');
      context.out.next(`when you are done: breakglass end ${id} --reason TEXT`);
    });
  });
  withExamples(
    command,
    'claim acme-eu',
    'claim acme-eu --session 0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11',
    'claim acme-eu/2026-11-21-02',
  );
};

const readSession = (text: string | undefined): string | null => {
  if (text === undefined) return null;
  const parsed = z.uuid().safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`--session ${text}: a session’s id is a UUID`);
};

/** The one session nobody claimed, if the person says it is theirs. */
const choose = async ({ out }: Context, unclaimed: readonly Sighting[]): Promise<string> => {
  const seen = [
    ...new Map(unclaimed.flatMap((each) => (each.session === null ? [] : [[each.session, each]]))).values(),
  ];
  if (seen.length > 0)
    out.say(
      table(seen.map(({ session, at, ip, userAgent, aal }) => [session ?? '', when(at), ip, aal, userAgent])),
    );
  const [only, ...others] = seen;
  if (only?.session == null) throw notFound('no unclaimed session has been seen; it may take some seconds');
  if (others.length > 0) throw usage(`${seen.length} sessions are unclaimed: name yours with --session`);
  if (/^y(es)?$/i.test(await out.ask(`is ${only.session} yours? [y/N]`, `--session ${only.session}`)))
    return only.session;
  throw usage('nothing was claimed: name yours with --session');
};
