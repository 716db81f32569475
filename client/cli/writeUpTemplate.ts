/** A write-up begun from the facts: what the process knows stands there, what only a person knows says TODO. */
import type { CaseView } from '../../core/contracts/http.ts';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import { oneLine, when } from './printable.ts';

export type Document = keyof typeof writeUpHeadings;
type Heading = (typeof writeUpHeadings)[Document][number];

/** Markdown with the headings that the rules ask for. A `TODO` left standing is refused. */
export const writeUpTemplate = (document: Document, view: CaseView): string => {
  const sections = writeUpHeadings[document].map((heading) => `## ${heading}\n\n${facts[heading](view)}\n`);
  return `# ${titles[document]}: ${view.case}\n\n${sections.join('\n')}`;
};

const titles: Record<Document, string> = { 'session-log': 'Session log', 'post-mortem': 'Post-mortem' };

const at = (instant: string | undefined): string => (instant === undefined ? 'not recorded' : when(instant));

const facts = {
  Trigger: (view) =>
    view.kind === 'undeclared'
      ? `${oneLine(view.reason)}, seen ${at(view.times['unanswered'])}\n\nTODO: who signed in, and why`
      : `${oneLine(view.reason)}\n\nSymptom: ${oneLine(view.symptom ?? '')}\nScenario: ${view.scenario ?? ''} (${view.conditions.join(', ')})\nIncident: ${oneLine(view.incidentChannel ?? '')}`,
  'Authorised by': (view) =>
    view.kind === 'undeclared'
      ? 'nobody: the use was not declared'
      : `${view.approvedBy.join(', ')} at ${at(view.times['authorised'])}; released by ${view.released.map(({ by, part }) => `${by} (${part})`).join(', ')}`,
  'What was done': () => 'TODO: each action, in order',
  'What was changed': () => 'TODO: each change that remains, or “nothing”',
  'Login and logout': (view) =>
    [
      ...view.sightings.map((each) => `- login ${when(each.at)} from ${oneLine(each.ip)}, ${each.aal}`),
      `- ended ${at(view.times['ended'])}`,
      `- sessions ended ${at(view.times['sessions-ended'])}`,
    ].join('\n'),
  'Back to normal': (view) =>
    `Credential rotated ${at(view.times['rotated'])}.\n\nTODO: how normal access works again`,
  Classification: (view) =>
    `${[view.kind, view.scenario ?? []].flat().join(', ')}\n\nTODO: severity and impact`,
  Timeline: (view) =>
    Object.entries(view.times)
      .sort(([, a], [, b]) => (a < b ? -1 : 1))
      .map(([what, instant]) => `- ${when(instant)}: ${what}`)
      .join('\n'),
  'What went well': () => 'TODO',
  'What went badly': () => 'TODO',
  'What changes': () => 'TODO: each with an owner and a date',
} satisfies Record<Heading, (view: CaseView) => string>;
