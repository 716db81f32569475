import type { AddCommand } from '../context.ts';
import { addConfigCheck } from './configCheck.ts';
import { addConfigDiff } from './configDiff.ts';
import { addConfigPin } from './configPin.ts';
import { addConfigSchema } from './configSchema.ts';
import { addConfigSign } from './configSign.ts';

/** `breakglass config …`: check, compare, sign and pin the one YAML file that says who may open what. */
export const addConfig: AddCommand = (program, context) => {
  const config = program.command('config').description('check, compare, sign and pin the config');
  for (const add of [addConfigCheck, addConfigDiff, addConfigSign, addConfigPin, addConfigSchema])
    add(config, context);
};
