import type { Section } from '../figure.ts';
import { proveCli } from './usable/cli.ts';
import { proveConfig } from './usable/config.ts';
import { proveDeploy } from './usable/deploy.ts';
import { proveDoctor } from './usable/doctor.ts';
import { proveDocs } from './usable/docs.ts';
import { proveInstall } from './usable/install.ts';
import { proveReadme } from './usable/readme.ts';
import { proveTemporal } from './usable/temporal.ts';

/**
 * Issue “usable at three in the morning, and on the first evening”. Each section is a file of its own in `usable/`.
 */
export const sections: readonly Section[] = [
  { name: 'config', prove: proveConfig },
  { name: 'temporal', prove: proveTemporal },
  { name: 'install', prove: proveInstall },
  { name: 'readme', prove: proveReadme },
  { name: 'cli', prove: proveCli },
  { name: 'deploy', prove: proveDeploy },
  { name: 'doctor', prove: proveDoctor },
  { name: 'docs', prove: proveDocs },
];
