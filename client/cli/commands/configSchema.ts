import { configJsonSchema } from '../../../core/contracts/configSchema.ts';
import { withExamples, type AddCommand } from '../context.ts';

/** `breakglass config schema`. */
export const addConfigSchema: AddCommand = (config, { out }) => {
  const command = config
    .command('schema')
    .description('print the JSON Schema of the config, by which editors complete and check it')
    .action(() => {
      const schema = configJsonSchema();
      out.data(schema, JSON.stringify(schema, null, 2));
    });
  withExamples(command, 'config schema > config.schema.json');
};
