/** Every example under every command's help, run as printed against the api in process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exits } from '../../../client/cli/exits.ts';
import { parse, words } from '../../docs/program.ts';
import { allExamples, elsewhere, examples, isJson, runExample, tellExamples } from './exampleStory.ts';
import { makeWorld, type World } from './world.ts';

let world: World;
const ran = new Set<string>();

beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

describe('the examples in the help', () => {
  it.each([...examples])('%s has some, and the program knows each', (name, lines) => {
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(parse(words(line))).toBe(name);
  });

  it('run in the order of a case, with --json', { timeout: 240_000 }, async () => {
    for await (const { example, wanted, ran: done } of tellExamples(world)) {
      expect({ example, exit: done.exit, stderr: done.stderr }).toMatchObject({ example, exit: wanted });
      expect({ example, ...done }).toSatisfy(isJson);
      ran.add(example);
    }
  });

  it('are all run: here, or where it is said', { timeout: 240_000 }, async () => {
    // Examples of commands that only look need no place in the story.
    for (const example of allExamples.filter((each) => !ran.has(each) && !(each in elsewhere))) {
      const done = await runExample(world, 'alice', example);
      expect([exits.unexpected, exits.usage], `${example}: ${done.stderr}`).not.toContain(done.exit);
      expect({ example, ...done }).toSatisfy(isJson);
    }
    expect(Object.keys(elsewhere).filter((each) => !allExamples.includes(each))).toEqual([]);
  });
});
