import { spawn } from 'node:child_process';
import { text as readAll } from 'node:stream/consumers';
import { caseView } from '../../../core/contracts/http.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import { writeUpHeadings } from '../../../core/rules/case/decide.ts';
import { subjectOf } from '../aboutCase.ts';
import { casePath } from '../caseName.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { CliError, exits, usage } from '../exits.ts';
import { readNamed } from '../home.ts';
import { onCase } from '../machine.ts';
import { writeUpTemplate, type Document } from '../writeUpTemplate.ts';

interface Options extends DryRunOption {
  readonly document: string;
  readonly file?: string;
  readonly template?: boolean;
}

/** `breakglass write-up`: the session log or the post-mortem, begun from the facts. */
export const addWriteUp: AddCommand = (program, context) => {
  const { out } = context;
  const command = dryRunOption(
    program
      .command('write-up')
      .description(
        'deliver the session log or the post-mortem; opens $EDITOR on a template filled from the facts',
      )
      .argument('<case>')
      .requiredOption('--document <name>', Object.keys(writeUpHeadings).join(' or '))
      .option('--file <file>', 'take the text from a file, “-” for standard input')
      .option('--template', 'print the template and deliver nothing'),
  ).action(async (named: string, options: Options) => {
    const document = readDocument(options.document);
    await onCase(
      context,
      { named, doing: 'write-up', phases: ['ended', 'settling'], dryRun: options.dryRun },
      async (machine, id) => {
        const view = await machine.api.get(casePath(id), caseView);
        const template = writeUpTemplate(document, view);
        if (options.template === true) {
          out.data({ case: id, document, template }, template);
          return;
        }
        const { about } = await subjectOf(context, machine, id);
        const draft = `drafts/${id.replaceAll('/', '-')}-${document}.md`;
        const text =
          options.file === undefined
            ? await edit(context, draft, template)
            : await readText(context, options.file);
        const accepted = await keepingDraft(
          context,
          options.file === undefined ? draft : null,
          id,
          document,
          () => machine.decide({ type: 'write-up', ...about, document, text }),
        );
        out.data(accepted, id);
        out.next(`breakglass status ${id}`);
      },
    );
  });
  withExamples(
    command,
    'write-up acme-eu --document session-log',
    'write-up acme-eu --document post-mortem --template > post-mortem.md',
    'write-up acme-eu --document post-mortem --file post-mortem.md',
  );
};

const readDocument = (text: string): Document => {
  if (text === 'session-log' || text === 'post-mortem') return text;
  throw usage(`--document ${text}: ${Object.keys(writeUpHeadings).join(' or ')}`);
};

const readText = ({ surroundings }: Context, file: string): Promise<string> =>
  file === '-' ? readAll(surroundings.stdin) : readNamed(file);

/** Opens the person's editor on a draft that stays until it was accepted. @throws CliError */
const edit = async (
  { home, out, surroundings }: Context,
  draft: string,
  template: string,
): Promise<string> => {
  const editor = surroundings.env['VISUAL'] ?? surroundings.env['EDITOR'];
  if (!out.canAsk) throw usage('no terminal to edit on: give --file FILE (a template: --template)');
  if (editor === undefined || editor === '')
    throw usage('no $EDITOR is set: give --file FILE (a template: --template)');
  if ((await home.read(draft)) === null) await home.write(draft, template);
  const code = await new Promise<number | null>((resolve, reject) => {
    // By the shell, as git does: an editor may come with arguments. The file is not part of the text.
    spawn('sh', ['-c', `${editor} "$1"`, 'sh', home.path(draft)], { stdio: 'inherit' })
      .on('error', reject)
      .on('close', resolve);
  });
  if (code !== 0)
    throw usage(`the editor ended with ${code ?? 'a signal'}; your draft is ${home.path(draft)}`);
  return (await home.read(draft)) ?? '';
};

const keepingDraft = async <T>(
  { home }: Context,
  draft: string | null,
  id: CaseId,
  document: Document,
  deliver: () => Promise<T>,
): Promise<T> => {
  try {
    const delivered = await deliver();
    if (draft !== null) await home.remove(draft);
    return delivered;
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== exits.refused) throw error;
    const again = `breakglass write-up ${id} --document ${document}`;
    throw new CliError(
      error.exit,
      error.code,
      error.message,
      draft === null ? `${again} --file FILE` : again,
    );
  }
};
