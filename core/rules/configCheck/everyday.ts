import { error, readable, warning, type ConfigFinding, type Names, type Path } from './finding.ts';
import { isWithin, wordsOf } from './words.ts';

/**
 * Names that such things go by everywhere. The runbook: “NOT stored in your normal secrets vault, that's compromised
 * in some scenarios where you need break-glass”; and it is needed when single sign-on is down.
 */
const usual = [
  ...['sso', 'single sign on', 'single sign-on', 'identity provider', 'idp'],
  ...['secrets vault', 'secret vault', 'secrets manager', 'secret manager', 'secrets store', 'secret store'],
  ...['normal vault', 'everyday vault', 'ci secrets', 'environment variable'],
];

const instead =
  'write a place that everyday work does not rely on: an envelope in a safe, an emergency vault with a key of its own';

/**
 * A part that lies where everyday work keeps its secrets, or behind what everybody signs in with. What the config
 * names itself is an error; what only sounds like it is for the signers to weigh.
 */
export const everydayFault = (unlockFactor: string, everyday: Names, path: Path): ConfigFinding | null => {
  const words = wordsOf(unlockFactor);
  const named = readable(everyday).find((each) => isWithin(wordsOf(each), words));
  if (named !== undefined)
    return error(
      path,
      `it relies on ${named}, as everyday work does: when that is down or compromised, so is this`,
      instead,
    );
  const sounds = usual.find((each) => isWithin(wordsOf(each), words));
  if (sounds === undefined) return null;
  return warning(path, `it speaks of ${sounds}, which may be down or compromised in an emergency`, instead);
};
