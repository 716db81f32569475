/**
 * `npm run programs`: gets the programs of all servers that `npm start` and `npm test` use, and ends. They do so
 * themselves; this is for doing it ahead, or for seeing what is missing. One that a single test needs is left to it.
 */
import { kratosBinary } from './fetch/kratos.ts';
import { temporalBinary } from './fetch/temporal.ts';
import { timeSkippingServer } from './fetch/timeSkipping.ts';
import { postgresPrograms, postgresUser } from './servers/postgresFiles.ts';
import { tell } from './setUp/tell.ts';

const say = (line: string): void => console.log(line);

const main = async (): Promise<number> => {
  console.log(await postgresPrograms(await postgresUser(say), say));
  for (const get of [temporalBinary, kratosBinary, timeSkippingServer]) console.log(await get(say));
  return 0;
};

process.exitCode = await main().catch(tell);
