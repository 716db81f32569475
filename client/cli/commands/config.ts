import type { AddCommand } from '../context.ts';
import { addConfigCheck } from './configCheck.ts';
import { addConfigPin } from './configPin.ts';
import { addConfigSign } from './configSign.ts';

/** `breakglass config …`: check, sign and pin the one YAML file that says who may open what. */
export const addConfig: AddCommand = (program, context) => {
  const config = program.command('config').description('check, sign and pin the config');
  for (const add of [addConfigCheck, addConfigSign, addConfigPin]) add(config, context);
};
