/**
 * A preload for node: the clock of this process, which the file named by `?file=` moves by so many seconds, also while
 * it runs. What cannot be set on a real machine stays as it is: monotonic time and timers.
 */
import { readFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const { now: unstepped } = Date;
let ahead = 0;

const look = () => {
  try {
    ahead = Number(readFileSync(file, 'utf8')) * 1000;
  } catch {
    ahead = 0;
  }
};
look();
setInterval(look, 50).unref();

Date.now = () => unstepped() + ahead;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, made) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, made),
  apply: (target) => new target(target.now()).toString(),
});
