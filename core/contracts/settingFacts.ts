import { z } from 'zod';
import { settings, type PathKind, type SettingsReader } from './settings.ts';

/** One setting as the schema has it: what documents say of it, and what a fault in it is told by. */
export interface SettingFact {
  /** Its path: `postgres.tls.caFile`. */
  readonly name: string;
  readonly readers: readonly SettingsReader[];
  /** JSON of its default, `required` or `none`. */
  readonly fallback: string;
  readonly description: string;
  /** JSON of a value that could stand there; null when there is none to give. */
  readonly example: string | null;
  readonly leadsTo: PathKind | null;
}

const about = z.object({
  readers: z.array(z.custom<SettingsReader>()).optional(),
  leadsTo: z.custom<PathKind>().optional(),
  example: z.union([z.string(), z.number()]).optional(),
});

type Schema = z.core.JSONSchema.BaseSchema;

const factsOf = (
  schema: Schema,
  from: { readonly name: string; readonly readers: readonly SettingsReader[]; readonly isRequired: boolean },
): SettingFact[] => {
  const { readers = from.readers, leadsTo = null, example } = about.parse(schema);
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, member]) =>
      typeof member === 'boolean'
        ? []
        : factsOf(member, {
            name: from.name === '' ? name : `${from.name}.${name}`,
            readers,
            isRequired: schema.required?.includes(name) === true,
          }),
    );
  const whenLeftOut = from.isRequired ? 'required' : 'none';
  return [
    {
      ...{ name: from.name, readers, leadsTo, description: schema.description ?? '' },
      fallback: schema.default === undefined ? whenLeftOut : JSON.stringify(schema.default),
      example: example === undefined ? null : JSON.stringify(example),
    },
  ];
};

/** Every setting there is, in the order of the schema. */
export const settingFacts = (): readonly SettingFact[] =>
  factsOf(z.toJSONSchema(settings, { io: 'input' }), { name: '', readers: [], isRequired: true });
