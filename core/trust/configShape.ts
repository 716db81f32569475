/** What is wrong with a config's shape: every fault once, each read on as if what was meant stood there. */
import { config as configSchema } from '../contracts/config.ts';
import { configJsonSchema, type ConfigJsonSchema } from '../contracts/configSchema.ts';
import { sayIssue, type Said, type Standing } from './configIssue.ts';
import type { ConfigText, Path, TextFault } from './configText.ts';

/** How often something meant may uncover something else; slips are not nested deeper than the config is. */
const ROUNDS = 8;

const member = (value: unknown, step: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, step)
    ? Object.getOwnPropertyDescriptor(value, step)?.value
    : undefined;

type Below = ConfigJsonSchema | boolean | undefined;

/** `true` says nothing; and a list of schemas, one for each place, is not in our contract. */
const asSchema = (schema: Below | Below[]): ConfigJsonSchema =>
  typeof schema === 'object' && !Array.isArray(schema) ? schema : {};

/** Of several kinds the one that the value says it is. */
const chosen = (schema: ConfigJsonSchema, value: unknown): ConfigJsonSchema =>
  schema.oneOf === undefined
    ? schema
    : asSchema(
        schema.oneOf.find((each) => asSchema(each.properties?.['kind']).const === member(value, 'kind')),
      );

const standingAt = (whole: ConfigJsonSchema, plain: unknown, path: Path): Standing => {
  let schema = chosen(whole, plain);
  let value = plain;
  for (const step of path) {
    value = member(value, step);
    const next =
      typeof step === 'number'
        ? schema.items
        : (schema.properties?.[String(step)] ?? schema.additionalProperties);
    schema = chosen(asSchema(next), value);
  }
  return { value, schema };
};

/**
 * Checks a text against the contract. What was probably meant is put in its place in `text`, which afterwards reads
 * as its author meant it, so that what stands under a slip is judged too and nothing is said twice.
 *
 * @returns every fault; empty when the text is a config of the right shape
 */
export function shapeFaults(text: ConfigText): TextFault[] {
  const whole = configJsonSchema();
  const found: TextFault[] = [];
  const tell = (said: readonly Said[]): void => {
    found.push(...said.map(({ path, message, instead }) => ({ ...text.place(path), message, instead })));
  };
  for (let round = 0; ; round += 1) {
    const plain = text.plain();
    const parsed = configSchema.safeParse(plain);
    if (parsed.success) return found;
    const said = parsed.error.issues.flatMap((issue) =>
      sayIssue(issue, standingAt(whole, plain, issue.path)),
    );
    const meant = round < ROUNDS ? said.filter(({ mend }) => mend !== undefined) : [];
    tell(meant.length === 0 ? said : meant);
    if (meant.length === 0) return found;
    for (const { mend } of meant) mend?.(text);
  }
}
