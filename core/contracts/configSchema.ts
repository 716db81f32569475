import { z } from 'zod';
import { config } from './config.ts';

export type ConfigJsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * The contract of the config as JSON Schema, for editors: `docs/config.schema.json` is this. Draft 7, which every
 * YAML editor reads.
 *
 * @returns what a YAML file may hold; the meaning of it is judged by `breakglass config check` alone
 */
export const configJsonSchema = (): ConfigJsonSchema => ({
  title: 'Breakglass config',
  ...z.toJSONSchema(config, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      // Formats and limits of zod's own, which say nothing in an editor.
      if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
      if (jsonSchema.format === 'email') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }),
});
