import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

/** What became of a run. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Skipped with a reason given: `context.skip('why')`. */
  readonly skipped: number;
}

/** The last line of a run, the one that people and `dev/test.ts` read. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Reads a {@link summaryLine}; nothing when the line is another one. */
export function readSummaryLine(line: string): Counts | undefined {
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line.trim());
  if (match === null) return undefined;
  const [, passed, failed, skipped] = match;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
}

/**
 * Counts a run for its last line. A test that did not run and does not say why is a failure, and so is a file or
 * a suite that broke outside its tests: either would otherwise pass for silence.
 */
export default class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    // Tests left out by `-t NAME` were asked to be left out.
    const isFiltered = this.#vitest?.config.testNamePattern !== undefined;
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    const silent: TestCase[] = [];
    for (const module of modules) {
      counts.failed += brokenOutsideTests(module);
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed' || result.state === 'failed') counts[result.state] += 1;
        else if (result.state === 'skipped' && (result.note ?? '') !== '') counts.skipped += 1;
        else if (!isFiltered) silent.push(test);
      }
    }
    for (const test of silent) console.log(`did not run, and does not say why: ${nameOf(test)}`);
    counts.failed += silent.length;
    if (counts.passed + counts.failed === 0) {
      console.log('no test ran');
      counts.failed = 1;
    }
    if (counts.failed > 0) process.exitCode = 1;
    console.log(summaryLine(counts));
  }
}

const nameOf = (test: TestCase): string => `${test.module.relativeModuleId} > ${test.fullName}`;

/** How many of a file and its suites failed by themselves: an import, a hook. */
function brokenOutsideTests(module: TestModule): number {
  const all: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return all.filter((each) => each.errors().length > 0).length;
}
