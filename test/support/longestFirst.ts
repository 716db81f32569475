import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that mostly wait for servers and deadlines, over a minute each, the longest first. */
const long = [
  'survival/obligations',
  'survival/rotation',
  'survival/sentinel',
  'whole/case',
  'survival/chaos',
  'survival/watchdog',
  'survival/undeclared',
  'survival/skipping',
  'survival/canary',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const place = long.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? long.length : place;
};

/** Begins with the files that take longest, so that at the end no worker waits for another's last one. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
